//! Scrapes of an exporter with many sources: how long they take, and that none touches storage.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};

use crate::{Bench, report::Row, samples::EMPTY};

const SOURCES: usize = 100;

/// Snapshots of each source: a week of hourly ones, as its retention says.
const SNAPSHOTS: u64 = 7 * 24;

/// Sources whose snapshots end years ago: every slot since then is a run they missed.
const DEAD: usize = 10;

/// Since when, in seconds.
const DEAD_FOR: u64 = 3 * 365 * 24 * 3600;

const SCRAPES: usize = 1000;

/// The goal of the issue.
const P99_MAX: Duration = Duration::from_millis(2);

/// Longest wait for the first survey.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut exporter = start(bench)?;
    let measured = scrapes(&mut exporter);
    exporter.kill()?;
    exporter.wait()?;
    Ok(vec![measured?])
}

fn start(bench: &Bench) -> Result<Child> {
    let mut text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: {work}/sources }}]\n\
         evidence: {{ repository: {{ directory: {work}/records }} }}\n\
         exporter: {{ refresh: 1h }}\nsources:\n",
        work = bench.work.display()
    );
    fs::create_dir_all(bench.work.join("records"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    for source in 0..SOURCES {
        let last = if source < DEAD { now - DEAD_FOR } else { now };
        let directory = bench.work.join(format!("sources/cache-{source}"));
        fs::create_dir_all(&directory)?;
        for hour in 0..SNAPSHOTS {
            fs::write(directory.join(format!("{}.rdb", last - hour * 3600)), EMPTY)?;
        }
        let _ = writeln!(
            text,
            "  - {{ name: cache-{source}, engine: redis, repository: local, \
             path: cache-{source}/%s.rdb, schedule: \"0 * * * *\", settle: 0s, \
             objectives: {{ recovery_point: 90m, retention: 7d }} }}"
        );
    }
    let config = bench.work.join("sources.yaml");
    fs::write(&config, text)?;
    let mut command = Command::new(bench.program("backup-exporter"));
    command
        .arg("--config.file")
        .arg(&config)
        .args(["--web.listen-address", "127.0.0.1:0"]);
    command
        .args(["--log.format", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Ok(command.spawn()?)
}

fn scrapes(exporter: &mut Child) -> Result<Row> {
    let log = exporter.stderr.take().context("its log is piped")?;
    let mut log = BufReader::new(log).lines();
    let address = loop {
        let line = log.next().context("the exporter ended")??;
        if let Some(at) = line.find("127.0.0.1:") {
            let end = line[at..]
                .find(['"', ' ', ',', '/', ']'])
                .unwrap_or(line.len() - at);
            break line[at..at + end].to_owned();
        }
    };
    thread::spawn(move || log.count());
    let mut connection = BufReader::new(TcpStream::connect(&address)?);
    let deadline = Instant::now() + PATIENCE;
    while get(&mut connection, "/-/ready")?.0 != 200 {
        ensure!(Instant::now() < deadline, "the first survey does not end");
        thread::sleep(Duration::from_millis(50));
    }
    let before = requests(&get(&mut connection, "/metrics")?.1);
    let mut took = Vec::with_capacity(SCRAPES);
    let mut bytes = 0;
    for _ in 0..SCRAPES {
        let began = Instant::now();
        bytes = get(&mut connection, "/metrics")?.1.len();
        took.push(began.elapsed());
    }
    let after = requests(&get(&mut connection, "/metrics")?.1);
    ensure!(
        !before.is_empty() && before == after,
        "a scrape touched storage"
    );
    took.sort();
    let (median, p99) = (took[SCRAPES / 2], took[SCRAPES * 99 / 100]);
    Ok(Row {
        what: format!("/metrics, {SOURCES} sources, {} kB", bytes / 1000),
        ours: format!("median {:.2} ms", median.as_secs_f64() * 1e3),
        theirs: "no storage request".into(),
        figure: format!("p99 {:.2} ms of {SCRAPES}", p99.as_secs_f64() * 1e3),
        goal: Some((format!("p99 ≤ {} ms", P99_MAX.as_millis()), p99 <= P99_MAX)),
    })
}

/// The lines that count calls to storage.
fn requests(page: &str) -> Vec<String> {
    let counts = page
        .lines()
        .filter(|line| line.starts_with("backup_repository_requests_total"));
    counts.map(ToOwned::to_owned).collect()
}

/// One request on a connection that is kept: status and body.
fn get(connection: &mut BufReader<TcpStream>, path: &str) -> Result<(u16, String)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        ensure!(
            connection.read_line(&mut line)? > 0,
            "the connection was closed"
        );
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest.split(' ').next().unwrap_or_default().parse()?;
        } else if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.parse()?;
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body)?))
}

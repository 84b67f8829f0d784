//! Scrapes of an exporter with many sources: how long they take, and that none touches storage.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};

use crate::{Bench, report::Row, samples::EMPTY};

/// Snapshots of each source: a week of hourly ones, as its retention says.
const SNAPSHOTS: u64 = 7 * 24;

/// Of so many sources, one has snapshots that end years ago: every slot since then is a run it
/// missed.
const DEAD_OF: usize = 10;

/// Since when, in seconds.
const DEAD_FOR: u64 = 3 * 365 * 24 * 3600;

const SCRAPES: usize = 1000;

/// Numbers of sources, each with the goal of its p99.
const GOALS: [(usize, Duration); 2] = [
    (100, Duration::from_millis(2)),
    (1000, Duration::from_millis(20)),
];

/// Longest wait for the first survey.
const PATIENCE: Duration = Duration::from_mins(2);

/// Header line of a client that accepts compressed answers, as Prometheus is.
const GZIP: &str = "Accept-Encoding: gzip\r\n";

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (sources, goal) in GOALS {
        let config = prepare(bench, sources)?;
        let ours = Exporter::start(&bench.program("backup-exporter"), &config)?;
        let before = bench.before.as_ref();
        let before = before.map(|program| Exporter::start(program, &config));
        let before = before.transpose()?;
        rows.push(plain(sources, goal, &ours, before.as_ref())?);
        rows.push(packed(sources, &ours)?);
    }
    Ok(rows)
}

/// Writes so many sources, and a configuration that names them.
fn prepare(bench: &Bench, sources: usize) -> Result<PathBuf> {
    let work = bench.work.join(format!("metrics-{sources}"));
    let mut text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: {work}/sources }}]\n\
         evidence: {{ repository: {{ directory: {work}/records }} }}\n\
         exporter: {{ refresh: 1h }}\nsources:\n",
        work = work.display()
    );
    fs::create_dir_all(work.join("records"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    for source in 0..sources {
        let is_dead = source < sources / DEAD_OF;
        let last = if is_dead { now - DEAD_FOR } else { now };
        let directory = work.join(format!("sources/cache-{source}"));
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
    let config = work.join("sources.yaml");
    fs::write(&config, text)?;
    Ok(config)
}

/// Scrapes without compression, those of the build before in turn with ours.
fn plain(
    sources: usize,
    goal: Duration,
    ours: &Exporter,
    before: Option<&Exporter>,
) -> Result<Row> {
    let mut connection = ours.connect()?;
    let mut other = before.map(Exporter::connect).transpose()?;
    let counted = requests(&get(&mut connection, "/metrics", "")?.body)?;
    let (mut took, mut others) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..SCRAPES {
        let began = Instant::now();
        bytes = get(&mut connection, "/metrics", "")?.body.len();
        took.push(began.elapsed());
        if let Some(other) = &mut other {
            let began = Instant::now();
            get(other, "/metrics", "")?;
            others.push(began.elapsed());
        }
    }
    let after = requests(&get(&mut connection, "/metrics", "")?.body)?;
    ensure!(
        !counted.is_empty() && counted == after,
        "a scrape touched storage"
    );
    let (median, p99) = summary(took);
    let theirs = (!others.is_empty()).then(|| summary(others));
    Ok(Row {
        what: format!("/metrics, {sources} sources, {} kB", bytes / 1000),
        ours: format!("median {}", milliseconds(median)),
        theirs: theirs.map_or("no storage request".into(), |(median, p99)| {
            let (median, p99) = (milliseconds(median), milliseconds(p99));
            format!("the build before: median {median}, p99 {p99}")
        }),
        figure: format!("p99 {} of {SCRAPES}", milliseconds(p99)),
        goal: Some((format!("p99 ≤ {} ms", goal.as_millis()), p99 <= goal)),
    })
}

/// Scrapes by a client that accepts compressed answers.
fn packed(sources: usize, ours: &Exporter) -> Result<Row> {
    let mut connection = ours.connect()?;
    let mut took = Vec::new();
    let mut bytes = 0;
    for _ in 0..SCRAPES {
        let began = Instant::now();
        let answer = get(&mut connection, "/metrics", GZIP)?;
        took.push(began.elapsed());
        ensure!(answer.is_packed, "the answer is not compressed");
        bytes = answer.body.len();
    }
    let (median, p99) = summary(took);
    Ok(Row {
        what: format!("/metrics by gzip, {sources} sources, {} kB", bytes / 1000),
        ours: format!("median {}", milliseconds(median)),
        theirs: "–".into(),
        figure: format!("p99 {} of {SCRAPES}", milliseconds(p99)),
        goal: None,
    })
}

/// Median and 99th percentile.
fn summary(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

fn milliseconds(took: Duration) -> String {
    format!("{:.2} ms", took.as_secs_f64() * 1e3)
}

/// The lines that count calls to storage.
fn requests(page: &[u8]) -> Result<Vec<String>> {
    let lines = std::str::from_utf8(page)?.lines();
    let counts = lines.filter(|line| line.starts_with("backup_repository_requests_total"));
    Ok(counts.map(ToOwned::to_owned).collect())
}

/// A running exporter whose first survey has ended; it ends with this value.
struct Exporter {
    process: Child,
    address: String,
}

impl Exporter {
    fn start(program: &Path, config: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command
            .arg("--config.file")
            .arg(config)
            .args(["--web.listen-address", "127.0.0.1:0"])
            .args(["--log.format", "json"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut exporter = Self {
            process: command.spawn()?,
            address: String::new(),
        };
        exporter.address = exporter.listening()?;
        let mut connection = exporter.connect()?;
        let deadline = Instant::now() + PATIENCE;
        while get(&mut connection, "/-/ready", "")?.status != 200 {
            ensure!(Instant::now() < deadline, "the first survey does not end");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(exporter)
    }

    /// Reads in its log where it listens, and goes on reading it.
    fn listening(&mut self) -> Result<String> {
        let log = self.process.stderr.take().context("its log is piped")?;
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
        Ok(address)
    }

    fn connect(&self) -> Result<BufReader<TcpStream>> {
        Ok(BufReader::new(TcpStream::connect(&self.address)?))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // It has ended by itself if it cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A whole answer.
struct Answer {
    status: u16,
    is_packed: bool,
    body: Vec<u8>,
}

/// One request with further header lines, on a connection that is kept.
fn get(connection: &mut BufReader<TcpStream>, path: &str, headers: &str) -> Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    connection.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length, mut is_packed) = (0, 0, false);
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
        } else if line == "content-encoding: gzip" {
            is_packed = true;
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(Answer {
        status,
        is_packed,
        body,
    })
}

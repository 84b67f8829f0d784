//! A whole verification of a Neo4j dump, from listing to record, beside the same steps by hand in a
//! container of the same image: load, check, start, first answer.

use std::{
    env, fs,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    Bench,
    child::{Took, paired, run},
    docker,
    report::{Row, mib},
};

/// Of tests/images/versions.
const IMAGE: &str = "neo4j:5.26-community";

/// Goal of the issue.
const WALL_MAX: f64 = 1.15;

const NODES: u32 = 1_000_000;

/// A snapshot younger than ten seconds is looked at twice before it is verified.
const AGE: Duration = Duration::from_mins(2);

/// Run in a container whose `/snapshot` has the dump: prints nothing, ends when the first question
/// is answered. `$1` is the number of nodes.
const BY_HAND: &str = r#"set -e
echo dbms.security.auth_enabled=false >>"$NEO4J_HOME/conf/neo4j.conf"
neo4j-admin database load neo4j --from-stdin --overwrite-destination=true </snapshot/graph.dump
neo4j-admin database check --report-path=/tmp --max-off-heap-memory=512m neo4j </dev/null
neo4j console </dev/null &
question='{"statement":"MATCH (n) RETURN count(n)"}'
ask() {
  exec 3<>/dev/tcp/127.0.0.1/7474 || return
  printf '%s\r\n' 'POST /db/neo4j/query/v2 HTTP/1.1' 'Host: localhost' 'Connection: close' \
    'Accept: application/json' 'Content-Type: application/json' \
    "Content-Length: ${#question}" '' >&3
  printf '%s' "$question" >&3
  grep -q "\"values\":\[\[$1\]\]" <&3
}
until ask "$1" 2>/dev/null; do
  [ $SECONDS -lt 600 ] || exit 1
  sleep 0.1
done
"#;

/// A ring of satellites, each of which sees the next two.
const GRAPH: &str = r#"set -e
mawk -v n="$1" 'BEGIN { print "id:ID,name,mass:int,:LABEL"
  for (i = 0; i < n; i++) print i ",satellite " i "," i % 977 ",Satellite" }' >/data/nodes.csv
mawk -v n="$1" 'BEGIN { print ":START_ID,:END_ID,at:long,:TYPE"
  for (i = 0; i < n; i++) for (k = 1; k < 3; k++) print i "," (i + k) % n "," i ",SEES" }' >/data/edges.csv
neo4j-admin database import full --nodes=/data/nodes.csv --relationships=/data/edges.csv \
  --overwrite-destination neo4j >&2
neo4j-admin database dump neo4j --to-stdout
"#;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    ensure!(
        docker::has(IMAGE),
        "no {IMAGE}; hint: run `make images` first"
    );
    let repository = bench.work.join("graphs");
    fs::create_dir_all(&repository)?;
    let dump = repository.join("graph.dump");
    let mut rows = Vec::new();
    fs::copy(movies()?, &dump)?;
    rows.push(compare(bench, &dump, "movies", 171)?);
    make(&dump)?;
    rows.push(compare(bench, &dump, "a million nodes", NODES)?);
    Ok(rows)
}

/// Made by others; not a part of the project.
fn movies() -> Result<PathBuf> {
    let corpus =
        env::var_os("FOREIGN_CORPUS").map_or_else(|| "../shared/data".into(), PathBuf::from);
    let movies = corpus.join("neo4j/movies-50.dump");
    ensure!(
        movies.exists(),
        "{} is not there; hint: let FOREIGN_CORPUS name a directory with neo4j/movies-50.dump",
        movies.display()
    );
    Ok(movies)
}

fn make(dump: &Path) -> Result<()> {
    let status = Command::new("docker")
        .args([
            "run",
            "--rm",
            "--network",
            "none",
            "--hostname",
            "localhost",
        ])
        .args([
            "--user",
            "7474:7474",
            "--entrypoint",
            "bash",
            IMAGE,
            "-c",
            GRAPH,
            "graph",
        ])
        .arg(NODES.to_string())
        .stdout(File::create(dump)?)
        .stderr(Stdio::null())
        .status()
        .context("docker")?;
    ensure!(status.success(), "the graph could not be made: {status}");
    Ok(())
}

fn compare(bench: &Bench, dump: &Path, what: &str, nodes: u32) -> Result<Row> {
    let written = SystemTime::now() - AGE;
    File::options()
        .write(true)
        .open(dump)?
        .set_modified(written)?;
    let directory = dump.parent().context("a file lies in a directory")?;
    let ours = || verify(bench, directory);
    let (ours, theirs) = paired(bench.runs, ours, || by_hand(directory, nodes))?;
    let (our, their) = (ours.wall.as_secs_f64(), theirs.wall.as_secs_f64());
    let ratio = our / their;
    Ok(Row {
        what: format!(
            "verify a graph ({what}, {}), listing to record; verifier's memory {}",
            mib(dump.metadata()?.len()),
            mib(ours.memory)
        ),
        ours: format!("{our:.1} s"),
        theirs: format!("load, check, start, first answer by hand: {their:.1} s"),
        figure: format!("{ratio:.2} × its time"),
        goal: Some((format!("≤ {WALL_MAX} ×"), ratio <= WALL_MAX)),
    })
}

/// With the whole check, as `neo4j-admin` makes it where it is told nothing.
fn verify(bench: &Bench, repository: &Path) -> Result<Took> {
    let evidence = bench.work.join("evidence");
    fs::create_dir_all(&evidence)?;
    let config = bench.work.join("graphs.yaml");
    let text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: {} }}]\n\
         sources: [{{ name: graph, engine: neo4j, repository: local, path: graph.dump, settle: 0s, \
         neo4j: {{ check: {{ level: full }} }} }}]\n\
         evidence: {{ repository: {{ directory: {} }} }}\n\
         verifier: {{ images: {{ neo4j: [\"{IMAGE}\"] }}, pull: never }}\n",
        repository.display(),
        evidence.display()
    );
    fs::write(&config, text)?;
    let mut command = Command::new(bench.program("backup-verifier"));
    run(command.arg("--config.file").arg(&config).arg("verify"), 0)
}

fn by_hand(repository: &Path, nodes: u32) -> Result<Took> {
    let name = format!("backup-witness-bench-{}", std::process::id());
    let mount = format!("{}:/snapshot:ro", repository.display());
    let began = Instant::now();
    let mut shell = Command::new("docker")
        .args(["run", "--interactive", "--name", &name, "--network", "none"])
        .args([
            "--hostname",
            "localhost",
            "--user",
            "7474:7474",
            "--memory",
            "2g",
        ])
        .args(["--volume", &mount, "--entrypoint", "bash", IMAGE])
        .args(["-s", &nodes.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("docker")?;
    let mut input = shell.stdin.take().context("its input is piped")?;
    input.write_all(BY_HAND.as_bytes())?;
    drop(input);
    let ended = shell.wait();
    let wall = began.elapsed();
    Command::new("docker")
        .args(["rm", "--force", "--volumes", &name])
        .stdout(Stdio::null())
        .status()?;
    if !ended?.success() {
        bail!("the same by hand failed; hint: try it with its output shown");
    }
    Ok(Took::by_the_clock(wall))
}

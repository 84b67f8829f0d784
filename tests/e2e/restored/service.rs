//! Redis as a service of this machine, with a user, a directory and a configuration of its own.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::chown,
    process::{Command, id},
};

use tests::{
    redis_server::{Server, ask},
    require,
};

use super::{
    Recovery,
    redis::{Contents, OTHER, steps, verified_snapshot},
};
use crate::bench::eventually;

/// User and group `nobody`, as whom the service runs.
const NOBODY: u32 = 65534;

/// What the page calls the service: its process ends as that of any service does, by `SIGTERM`.
const NAMES: &str = r#"
stop() {
    pid=$(cat data/pid)
    kill -TERM "$pid"
    while readlink -e "/proc/$pid/exe" >/dev/null; do sleep 0.1; done
}
start() { runuser -u nobody -- redis-server redis.conf; }
cli() { redis-cli -s data/socket "$@"; }
at_data() { (cd data && runuser -u nobody -- sh -euc "$1"); }
"#;

/// The service, which runs until the value is gone.
struct Service {
    recovery: Recovery,
    snapshot: Contents,
}

impl Service {
    /// With other data than that of the snapshot, and these lines of its configuration.
    fn filled(lines: &str) -> Self {
        let service = Self::with(verified_snapshot(false), lines);
        service.fill();
        service
    }

    /// Without data, and with these lines of its configuration.
    fn with(recovery: (Recovery, Contents), lines: &str) -> Self {
        let (mut recovery, snapshot) = recovery;
        NAMES.clone_into(&mut recovery.names);
        let data = recovery.bench.path("data");
        fs::create_dir(&data).unwrap();
        chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
        let text = format!(
            "dir {}\ndaemonize yes\npidfile pid\nlogfile log\nport 0\nunixsocket socket\n\
             save 3600 1\nenable-debug-command local\nrepl-diskless-sync-delay 0\n{lines}\n",
            data.display()
        );
        fs::write(recovery.bench.path("redis.conf"), text).unwrap();
        let service = Self { recovery, snapshot };
        service.recovery.execute(&["start"]);
        service
    }

    fn fill(&self) {
        for command in OTHER {
            self.ask(command);
        }
    }

    fn ask(&self, words: &[&str]) -> String {
        ask(&self.recovery.bench.path("data/socket"), words)
    }

    fn contents(&self) -> Contents {
        Contents::asked(|words| self.ask(words))
    }

    /// It has the data of the snapshot, and still after one more restart.
    fn is_restored(&self) {
        assert_eq!(self.contents(), self.snapshot);
        self.recovery.execute(&["restart"]);
        assert_eq!(self.contents(), self.snapshot, "after one more restart");
    }
}

impl Drop for Service {
    #[expect(clippy::disallowed_methods, reason = "the service is a process")]
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.recovery.bench.path("data/pid"));
        if let Ok(pid) = pid {
            let _ = Command::new("kill").args(["-KILL", pid.trim()]).status();
        }
    }
}

/// A port of loopback that nobody listens on, outside those that the kernel gives away.
fn free_port() -> u16 {
    let begin = 20_000 + u16::try_from(id() % 10_000).unwrap();
    let mut ports = begin..begin + 100;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find(is_free).expect("a free port")
}

#[test]
fn a_service_that_saves_at_its_end_is_restored_from_a_compressed_snapshot() {
    require!(root);
    require!(redis);
    let service = Service::with(verified_snapshot(true), "appendonly no");
    service.fill();
    service.recovery.execute(&["fetch"]).ends(0, ".gz: OK\n");
    let ran = service.recovery.execute(&steps(false));
    ran.ends(0, "role:master");
    ran.ends(0, "loading:0");
    ran.ends(0, "verified  7 keys");
    service.is_restored();
}

#[test]
fn a_service_with_append_only_files_is_restored_by_hand_and_its_replica_follows() {
    require!(root);
    require!(redis);
    require!(@ "jq", require::program("jq"));
    let port = free_port().to_string();
    let lines = format!("appendonly yes\nport {port}\n");
    let service = Service::filled(&lines);
    let replica = ["--replicaof", "127.0.0.1", &port, "--enable-debug-command"];
    let replica = Server::start(&[&replica[..], &["yes"]].concat());
    let follows = || Contents::asked(|words| replica.ask(words)) == service.contents();
    eventually("the replica follows", follows);
    service.recovery.copy_by_hand();
    service
        .recovery
        .execute(&steps(true))
        .ends(0, "aof_enabled:1");
    service.is_restored();
    let replicas = || service.recovery.execute(&["replicas"]).out;
    eventually("it has its replica", || replicas().contains("state=online"));
    eventually("the replica follows", follows);
}

#[test]
fn without_the_step_of_append_only_files_a_server_that_has_them_starts_empty() {
    require!(root);
    require!(redis);
    let service = Service::filled("appendonly yes");
    let steps = ["fetch", "stop", "aside", "put", "start"];
    service.recovery.execute(&steps);
    assert_eq!(service.ask(&["DBSIZE"]), "0");
}

#[test]
fn a_server_whose_append_only_files_are_left_in_place_ignores_the_snapshot() {
    require!(root);
    require!(redis);
    let service = Service::filled("appendonly yes");
    let before = service.contents();
    service.recovery.execute(&["fetch", "stop", "put", "start"]);
    assert_eq!(service.contents(), before);
}

#[test]
fn a_snapshot_put_before_the_stop_is_overwritten_at_the_stop() {
    require!(root);
    require!(redis);
    let service = Service::filled("appendonly no");
    let before = service.contents();
    service.recovery.execute(&["fetch", "put", "stop", "start"]);
    assert_eq!(service.contents(), before);
}

#[test]
fn a_snapshot_put_into_a_replica_is_replaced_by_the_data_of_its_master() {
    require!(root);
    require!(redis);
    let port = free_port().to_string();
    let master = Server::start(&["--port", &port, "--repl-diskless-sync-delay", "0"]);
    master.ask(&["SET", "greeting", "of the master"]);
    let lines = format!("appendonly no\nreplicaof 127.0.0.1 {port}");
    let service = Service::with(verified_snapshot(false), &lines);
    let ran = service.recovery.execute(&["confirm"]);
    ran.ends(0, "role:slave");
    service
        .recovery
        .execute(&["fetch", "stop", "aside", "put", "start"]);
    let follows = || service.ask(&["DBSIZE"]) == "1";
    eventually("it follows its master", follows);
}

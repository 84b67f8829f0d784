//! The process runtime: the suite, what it can wall in, and that nothing outlives the verifier.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tests::{
    require,
    runtime_suite::{Handle, Subject, eventually, printed, run, run_id, shell, unique_sleep},
};
use tokio::net::TcpListener;
use verifier::runtime::{Runtime, RuntimeConfig, ServerState, SweepPolicy, open};

/// Set in the verifier that is to be killed: where it keeps its state.
const VICTIM: &str = "CONFORMANCE_VICTIM";

fn make(config: &RuntimeConfig) -> Arc<dyn Runtime> {
    open("process", config).expect("a runtime")
}

/// A fresh installation; returns from the test where there is no Redis server.
macro_rules! subject {
    () => {{
        require!(redis);
        Subject::new(make, "", "redis-server").await
    }};
}

tests::runtime_suite!(subject!(), make);

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_of_the_network_is_what_can_be_reached() {
    let subject = subject!();
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port of this machine");
    let port = listener.local_addr().expect("bound").port();
    let case = |sandbox: Handle| async move {
        let facts = sandbox.facts();
        let line = format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'");
        let reached = run(&sandbox, &line).await.code == 0;
        let said = (facts.network.as_label(), facts.egress.as_label());
        let expected = if reached {
            ("host", "open")
        } else {
            ("none", "denied")
        };
        assert_eq!(said, expected);
        assert_eq!(
            (facts.runtime.as_str(), facts.memory_bytes),
            ("process", None)
        );
        assert!(
            facts.image.contains("redis-server (Redis server v="),
            "{}",
            facts.image
        );
    };
    subject.with(case).await;
    if is_root() {
        let reached = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(reached.is_err(), "root makes a network of its own");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_is_not_root_and_inherits_nothing() {
    let subject = subject!();
    let case = |sandbox: Handle| async move {
        let user = printed(&sandbox, "id -u; id -g").await;
        assert_eq!(user.replace('\n', ":"), sandbox.facts().user);
        assert!(!user.starts_with("0\n"), "{user}");
        let words = printed(&sandbox, "grep -E '^(CapEff|NoNewPrivs)' /proc/self/status").await;
        let words: Vec<_> = words.split_whitespace().collect();
        assert_eq!(words, ["CapEff:", "0000000000000000", "NoNewPrivs:", "1"]);
        let inherited = printed(&sandbox, "env | grep -c CARGO_ || true").await;
        assert_eq!(inherited, "0", "our environment may hold credentials");
    };
    subject.with(case).await;
}

/// Not a test of its own: the verifier that [`nothing_outlives_a_verifier_that_is_killed`] kills.
#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    let Some(state) = std::env::var_os(VICTIM) else {
        return;
    };
    let state = Path::new(&state);
    let subject = Subject::at(state, make, "", "redis-server").await;
    let sandbox = subject
        .runtime
        .provision(&run_id(), &subject.spec())
        .await
        .expect("made");
    // A server of its own name, and one that overwrites its environment as Redis does.
    let sleeper = std::fs::read_to_string(state.join("line")).expect("which line to sleep");
    let server = sandbox
        .start(&shell(&format!("{sleeper} & {sleeper}; true")))
        .await;
    let port = sandbox.port(6379).to_string();
    let words = [
        "redis-server",
        "--port",
        &port,
        "--save",
        "",
        "--pidfile",
        "redis.pid",
    ];
    let redis = verifier::runtime::Command::new(words, Duration::from_mins(2));
    let redis = sandbox.start(&redis).await.expect("starts");
    eventually("an answer", async || sandbox.connect(6379).await.ok()).await;
    for server in [server.expect("starts"), redis] {
        assert_eq!(
            sandbox.state(server).await.expect("a state"),
            ServerState::Running
        );
    }
    std::fs::write(state.join("ready"), "").expect("written");
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_verifier_that_is_killed() {
    require!(redis);
    let state = tempfile::tempdir().expect("a directory");
    let sleeper = unique_sleep();
    std::fs::write(state.path().join("line"), &sleeper).expect("written");
    let mut victim = spawn_victim(state.path());
    let ready = state.path().join("ready");
    eventually("the victim's sandbox", || {
        let ended = victim.try_wait().expect("a state");
        assert!(ended.is_none(), "the victim ended early: {ended:?}");
        std::future::ready(ready.exists().then_some(()))
    })
    .await;
    let root = state.path().join("sandboxes");
    assert_eq!(
        processes_below(&root),
        4,
        "two servers, the shell's two sleeps among them"
    );
    victim.kill().expect("kill -9");
    victim.wait().expect("reaped");

    let subject = Subject::at(state.path(), make, "", "redis-server").await;
    let policy = SweepPolicy {
        now: Timestamp::now(),
        grace: Duration::from_hours(1),
    };
    let swept = subject.runtime.sweep(&policy).await.expect("swept");
    assert_eq!((swept.runs.len(), swept.spared), (1, 0));
    assert_eq!(processes_below(&root), 0);
    assert!(!root.exists(), "the root goes with its last run");
}

fn spawn_victim(state: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this very executable"))
        .args(["--exact", "runtimes::process::victim", "--nocapture"])
        .env(VICTIM, state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("started")
}

/// How many processes work in a directory below `root`.
fn processes_below(root: &Path) -> usize {
    let all = std::fs::read_dir("/proc")
        .expect("a process table")
        .flatten();
    let directories = all.filter_map(|entry| std::fs::read_link(entry.path().join("cwd")).ok());
    directories
        .filter(|directory| directory.starts_with(root))
        .count()
}

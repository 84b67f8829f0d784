//! Neo4j's own tools, hindered in real sandboxes: whatever becomes of them is never the snapshot's
//! fault, and nothing hangs or stays behind.

use std::sync::Arc;

use bollard::{Docker, query_parameters::InspectContainerOptions};
use catalog::{
    ledger::{Outcome, Reason, Verification},
    storage::memory::Memory,
};
use tests::{
    hindered::{Hindered, Hindrance},
    neo4j_workshop::{IMAGE, TURNS, subject, workshop},
    require,
    runtime_suite::run_id,
    verifying::{KEY, Subject},
    volumes,
};
use verifier::runtime::RunId;

/// Kills the tool that unpacks once there is something unpacked; the launcher before it lives.
const KILL_THE_LOAD: &str = r#"[ -n "$(find databases/neo4j -type f -size +0c 2>/dev/null)" ] || exit
for it in /proc/[0-9]*; do
  case $(readlink "$it/exe") in */java) ;; *) continue ;; esac
  case $(tr '\0' ' ' <"$it/cmdline") in
  *org.neo4j.cli.AdminTool*) exec kill -s KILL "${it#/proc/}" ;;
  esac
done
exit 1"#;

macro_rules! graph {
    () => {{
        require!(docker);
        require!(image IMAGE);
        workshop().await.graph.clone()
    }};
}

async fn hindered(by: Hindrance, bytes: Vec<u8>) -> Verification {
    let mut subject = subject();
    let inner = subject.runtime;
    subject.runtime = Arc::new(Hindered { inner, by });
    verify(&subject, run_id(), bytes).await
}

async fn verify(subject: &Subject, run: RunId, bytes: Vec<u8>) -> Verification {
    let memory = Memory::default();
    memory.put(KEY, bytes);
    let verification = subject.verify_as(run.clone(), memory).await;
    is_gone(&run).await;
    let accused = verification.findings.iter();
    let accused: Vec<_> = accused.filter(|it| it.outcome == Outcome::Failed).collect();
    assert!(accused.is_empty(), "{accused:?}");
    verification
}

async fn is_gone(run: &RunId) {
    let engine = Docker::connect_with_defaults().expect("an engine");
    let name = format!("backup-witness-{}", run.0);
    let left = engine
        .inspect_container(&name, None::<InspectContainerOptions>)
        .await;
    assert!(left.is_err(), "nothing is left behind: {left:?}");
    let left = engine.inspect_volume(&format!("{name}-data")).await;
    assert!(left.is_err(), "nothing is left behind: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_is_killed_half_way_is_ours() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let verification = hindered(Hindrance::HalfWay(KILL_THE_LOAD), graph!()).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Killed),
        "{verification:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_and_a_check_without_memory_are_ours() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let graph = graph!();
    for by in [
        Hindrance::Memory(160 << 20),
        Hindrance::MemoryFrom("check", 96 << 20),
    ] {
        let verification = hindered(by, graph.clone()).await;
        assert_eq!(
            verification.reason,
            Some(Reason::OutOfMemory),
            "{by:?} {verification:#?}"
        );
    }
}

/// `/tmp` of a sandbox is mounted so, too, and every other verification goes well in spite of that
/// (the suite of the Docker runtime asks for it).
#[tokio::test(flavor = "multi_thread")]
async fn tools_that_may_run_nothing_they_unpack_are_ours() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let graph = graph!();
    let run = run_id();
    volumes::of_memory(&run, "size=400m,mode=1777,noexec").await;
    let verification = verify(&subject(), run, graph).await;
    assert_eq!(
        verification.reason,
        Some(Reason::NoImage),
        "{verification:#?}"
    );
}

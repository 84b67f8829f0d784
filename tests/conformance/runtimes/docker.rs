//! The Docker runtime: the suite, its limits, its walls, and its errors.

use std::{collections::HashMap, net::UdpSocket, sync::Arc, time::Duration};

use bollard::{
    Docker,
    query_parameters::{
        InspectContainerOptions, ListContainersOptionsBuilder, ListVolumesOptionsBuilder,
        RemoveContainerOptionsBuilder,
    },
};
use catalog::ledger::Reason;
use tests::{
    require,
    runtime_suite::{Handle, PATIENCE, Subject, config, printed, run, run_id, shell},
};
use tokio::net::TcpListener;
use verifier::runtime::{Pull, Runtime, RuntimeConfig, SandboxError, Variables, open};

const IMAGE: &str = "redis:8.0";

fn make(config: &RuntimeConfig) -> Arc<dyn Runtime> {
    open("docker", config).expect("a runtime")
}

/// A fresh installation; returns from the test where there is no engine or no image.
macro_rules! subject {
    () => {{
        require!(docker);
        require!(image IMAGE);
        Subject::new(make, IMAGE, "redis-server").await
    }};
}

tests::runtime_suite!(subject!(), make);

fn engine() -> Docker {
    Docker::connect_with_defaults().expect("an engine")
}

fn refused<T>(result: Result<T, SandboxError>) -> SandboxError {
    let error = result.map(drop).expect_err("an error");
    assert!(error.message.contains("hint: "), "{error}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_has_no_way_out() {
    let subject = subject!();
    let listener = TcpListener::bind("0.0.0.0:0")
        .await
        .expect("a port of this machine");
    let port = listener.local_addr().expect("bound").port();
    // Connecting a datagram socket sends nothing; it names the address that leads outside.
    let outside = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let own = outside
        .connect("192.0.2.1:9")
        .and_then(|()| outside.local_addr());
    let own = own.map_or("127.0.0.1".to_owned(), |address| address.ip().to_string());
    let case = |sandbox: Handle| async move {
        let facts = sandbox.facts();
        assert_eq!(
            (facts.network.as_label(), facts.egress.as_label()),
            ("none", "denied")
        );
        assert_eq!(printed(&sandbox, "tail -n +2 /proc/net/route").await, "");
        assert_eq!(printed(&sandbox, "ls /sys/class/net").await, "lo");
        // The engine's gateway on its default bridge, this machine, the Internet.
        for address in ["172.17.0.1", own.as_str(), "127.0.0.1", "1.1.1.1"] {
            let line = format!("bash -c 'exec 3<>/dev/tcp/{address}/{port}'");
            assert_ne!(run(&sandbox, &line).await.code, 0, "{address} was reached");
        }
    };
    subject.with(case).await;
    let reached = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(reached.is_err(), "something came through");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_walled_in_as_the_design_says() {
    let subject = subject!();
    let run = run_id();
    let sandbox = subject.runtime.provision(&run, &subject.spec()).await;
    let name = format!("backup-witness-{}", run.0);
    let seen = engine()
        .inspect_container(&name, None::<InspectContainerOptions>)
        .await;
    let inside = async |line: &str| match &sandbox {
        Ok(sandbox) => printed(sandbox, line).await,
        Err(error) => error.to_string(),
    };
    let user = inside("id -u; id -g").await;
    let status = inside("grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status").await;
    let root = inside("touch /file 2>/dev/null && echo written || echo refused").await;
    let script =
        "cp /bin/true /tmp/t && chmod +x /tmp/t; /tmp/t 2>/dev/null && echo ran || echo no";
    let tmp = inside(script).await;
    subject.runtime.destroy(&run).await.expect("destroyed");

    assert_eq!(
        (user.as_str(), root.as_str(), tmp.as_str()),
        ("999\n999", "refused", "no")
    );
    let none = "0000000000000000";
    let status: Vec<_> = status.split_whitespace().collect();
    assert_eq!(
        status,
        ["CapEff:", none, "CapBnd:", none, "NoNewPrivs:", "1"]
    );
    let seen = seen.expect("inspected");
    let host = seen.host_config.expect("its host part");
    assert_eq!(
        (host.memory, host.memory_swap),
        (Some(256 << 20), Some(256 << 20))
    );
    assert!(host.pids_limit.is_some_and(|limit| limit > 0));
    assert!(host.cpu_quota.is_some_and(|quota| quota > 0));
    assert_eq!(
        (host.readonly_rootfs, host.privileged),
        (Some(true), Some(false))
    );
    assert!(
        host.binds.unwrap_or_default().is_empty(),
        "no directory of the host"
    );
    let ports = seen
        .network_settings
        .and_then(|network| network.ports)
        .unwrap_or_default();
    assert!(
        ports
            .values()
            .all(|bound| bound.as_ref().is_none_or(Vec::is_empty)),
        "{ports:?}"
    );
    let labels = seen
        .config
        .and_then(|config| config.labels)
        .expect("labels");
    for label in ["run", "instance", "deadline"] {
        assert!(
            labels.contains_key(&format!("io.backup-witness.{label}")),
            "{label}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_memory_limit_kills_is_out_of_memory_and_nothing_else_is() {
    let subject = subject!();
    let mut spec = subject.spec();
    spec.memory_bytes = 64 << 20;
    let case = |sandbox: Handle| async move {
        let greedy = "x=$(head -c 300000000 /dev/zero | tr '\\0' x); echo $x";
        let exit = run(&sandbox, greedy).await;
        assert_eq!(exit.code, 137);
        assert!(exit.out_of_memory, "{exit:?}");
        let exit = run(&sandbox, &format!("({greedy}); exit 1")).await;
        assert_eq!(
            (exit.code, exit.out_of_memory),
            (1, false),
            "another process was killed"
        );
        let exit = run(&sandbox, "exit 1").await;
        assert_eq!(
            (exit.code, exit.out_of_memory),
            (1, false),
            "an old kill is not blamed again"
        );
    };
    subject.with_spec(&spec, case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_removed_under_us_is_killed_and_says_where_to_look() {
    let subject = subject!();
    let run = run_id();
    let sandbox = subject
        .runtime
        .provision(&run, &subject.spec())
        .await
        .expect("provisioned");
    let forever = shell("echo up; sleep 86400");
    let remove = async {
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        let name = format!("backup-witness-{}", run.0);
        engine()
            .remove_container(&name, Some(options))
            .await
            .expect("removed");
    };
    let (exit, ()) = tokio::join!(sandbox.exec(&forever, None), remove);
    subject
        .runtime
        .destroy(&run)
        .await
        .expect("removes the volume");
    // The engine may still have told how the command ended before the container was gone.
    match exit {
        Ok(exit) => assert_eq!((exit.code, exit.out_of_memory), (137, false)),
        gone => assert_eq!(refused(gone).reason, Reason::Killed),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_sandbox_that_could_not_be_made() {
    let subject = subject!();
    let run = run_id();
    let mut spec = subject.spec();
    spec.disk_bytes = u64::MAX;
    refused(subject.runtime.provision(&run, &spec).await);
    assert_eq!(
        left(&run.0).await,
        (1, 1),
        "the container and its volume are half made"
    );
    subject.runtime.destroy(&run).await.expect("destroyed");
    assert_eq!(left(&run.0).await, (0, 0));
}

/// Containers and volumes that carry the label of a run.
async fn left(run: &str) -> (usize, usize) {
    let label = format!("io.backup-witness.run={run}");
    let filters = HashMap::from([("label", vec![label.as_str()])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let containers = engine()
        .list_containers(Some(options))
        .await
        .expect("listed");
    let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let volumes = engine().list_volumes(Some(options)).await.expect("listed");
    (containers.len(), volumes.volumes.unwrap_or_default().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_absent_is_pulled_only_where_that_is_wanted() {
    let subject = subject!();
    let mut spec = subject.spec();
    // Port 1 of this machine: a registry that refuses at once.
    spec.image.image = "127.0.0.1:1/no/such:1".to_owned();
    let run = run_id();
    let error = refused(subject.runtime.provision(&run, &spec).await);
    assert_eq!(error.reason, Reason::ImageUnavailable);
    assert!(
        error.message.contains("docker pull 127.0.0.1:1/no/such:1"),
        "{error}"
    );
    for pull in [Pull::Missing, Pull::Always] {
        let config = RuntimeConfig {
            pull,
            ..subject.config.clone()
        };
        let error = refused(make(&config).provision(&run, &spec).await);
        assert_eq!(error.reason, Reason::ImageUnavailable, "{pull:?}");
        assert!(
            error
                .message
                .contains("127.0.0.1:1/no/such:1 could not be pulled"),
            "{error}"
        );
    }
    let facts = subject
        .runtime
        .images(&[spec.image.image.clone()], &[])
        .await
        .expect("asked");
    assert!(!facts[0].present);
    assert!(subject.image.present && subject.image.id.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_of_root_is_refused() {
    let subject = subject!();
    let mut spec = subject.spec();
    spec.data_dir = "/no/such/directory".to_owned();
    let run = run_id();
    let provisioned = subject.runtime.provision(&run, &spec).await;
    subject.runtime.destroy(&run).await.expect("destroyed");
    assert_eq!(refused(provisioned).reason, Reason::NoImage);
}

#[tokio::test]
async fn an_engine_that_is_not_there_says_what_to_do() {
    let state = tempfile::tempdir().expect("a directory");
    let socket = state.path().join("none.sock");
    let host = format!("unix://{}", socket.display());
    let config = RuntimeConfig {
        variables: Variables::new(move |name| (name == "DOCKER_HOST").then(|| host.clone())),
        ..config(state.path())
    };
    let absent = refused(make(&config).probe().await);
    assert_eq!(absent.reason, Reason::RuntimeUnavailable);
    assert!(absent.message.contains("none.sock"), "{absent}");
    assert!(absent.message.contains("set DOCKER_HOST"), "{absent}");
    // A socket that nobody serves any longer.
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("bound"));
    let abandoned = refused(make(&config).probe().await);
    assert_eq!(abandoned.reason, Reason::RuntimeUnavailable);
    assert!(abandoned.message.contains("stale"), "{abandoned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_answers_names_itself() {
    require!(docker);
    let state = tempfile::tempdir().expect("a directory");
    let greeting = tokio::time::timeout(PATIENCE, make(&config(state.path())).probe()).await;
    assert!(
        greeting
            .expect("no hang")
            .expect("an answer")
            .starts_with("docker ")
    );
}

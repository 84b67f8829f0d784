//! What every runtime must do, asked of each in the same words: the conformance suite of sandboxes.
//!
//! A case provisions, works, and destroys also when it fails. It must not know which runtime it
//! judges; what only one can do is asked in that one's own tests.

mod io;
mod lives;
mod servers;

use std::{
    panic::resume_unwind,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use jiff::{Timestamp, ToSpan};
use tempfile::TempDir;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use verifier::runtime::{
    Command, Exit, Feed, FeedItem, ImageFacts, Instance, Pull, RunId, Runtime, RuntimeConfig,
    Sandbox, SandboxSpec, Variables,
};

pub use self::{io::*, lives::*, servers::*};

/// Opens the runtime to be judged.
pub type Make = fn(&RuntimeConfig) -> Arc<dyn Runtime>;

/// A provisioned sandbox.
pub type Handle = Arc<dyn Sandbox>;

/// For anything that is awaited; generous, because only a failure waits that long.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Size of one chunk of a feed.
const CHUNK_BYTES: usize = 256 * 1024;

/// One installation of a verifier with the runtime to be judged.
#[derive(Debug)]
pub struct Subject {
    /// To be judged.
    pub runtime: Arc<dyn Runtime>,
    /// Has a shell and a Redis server.
    pub image: ImageFacts,
    /// Of the image.
    pub data_dir: String,
    /// What it was opened with.
    pub config: RuntimeConfig,
    /// Name of a Redis server inside.
    pub server: &'static str,
    state: Option<Arc<TempDir>>,
}

impl Subject {
    /// A fresh installation; `make` opens its runtime, `image` is asked for on it.
    pub async fn new(make: Make, image: &str, server: &'static str) -> Self {
        let state = Arc::new(tempfile::tempdir().expect("a directory"));
        let config = config(state.path());
        Self::open(Some(state), config, make, (image, server)).await
    }

    /// An installation whose state outlives it.
    pub async fn at(state: &Path, make: Make, image: &str, server: &'static str) -> Self {
        Self::open(None, config(state), make, (image, server)).await
    }

    async fn open(
        state: Option<Arc<TempDir>>,
        config: RuntimeConfig,
        make: Make,
        (image, server): (&str, &'static str),
    ) -> Self {
        let runtime = make(&config);
        let images = runtime
            .images(&[image.to_owned()], &[server])
            .await
            .expect("images");
        let image = images
            .into_iter()
            .next()
            .expect("the image or program is there");
        let data_dir = "/data".to_owned();
        Self {
            runtime,
            image,
            data_dir,
            config,
            server,
            state,
        }
    }

    /// Another verifier process of the same installation, as after a restart.
    pub async fn restarted(&self, make: Make) -> Self {
        let config = config(self.config.instance.directory());
        Self::open(
            self.state.clone(),
            config,
            make,
            (&self.image.image, self.server),
        )
        .await
    }

    /// The verifier of another installation on the same machine.
    pub async fn neighbor(&self, make: Make) -> Self {
        let mut neighbor = Self::new(make, &self.image.image, self.server).await;
        neighbor.config.run_root.clone_from(&self.config.run_root);
        neighbor.runtime = make(&neighbor.config);
        neighbor
    }

    /// Modest limits, a deadline in ten minutes.
    pub fn spec(&self) -> SandboxSpec {
        SandboxSpec {
            image: self.image.clone(),
            data_dir: self.data_dir.clone(),
            memory_bytes: 256 << 20,
            disk_bytes: 1 << 20,
            env: vec![("SUITE".to_owned(), "conformance".to_owned())],
            ports: vec![6379],
            deadline: Timestamp::now() + 10.minutes(),
        }
    }

    /// Runs `body` in a sandbox that is destroyed also when it panics.
    pub async fn with<F>(&self, body: impl FnOnce(Handle) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.with_spec(&self.spec(), body).await;
    }

    /// The same with a sandbox of one's own shape.
    pub async fn with_spec<F>(&self, spec: &SandboxSpec, body: impl FnOnce(Handle) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let run = run_id();
        let done = match self.runtime.provision(&run, spec).await {
            Ok(sandbox) => tokio::spawn(body(sandbox))
                .await
                .map_err(|e| e.into_panic()),
            Err(error) => Err(Box::new(error.to_string()) as _),
        };
        let destroyed = self.runtime.destroy(&run).await;
        if let Err(panic) = done {
            resume_unwind(panic);
        }
        destroyed.expect("destroyed");
    }
}

/// What a runtime is opened with in a test: it never pulls.
pub fn config(state: &Path) -> RuntimeConfig {
    let fresh = format!("suite-{}", run_id().0);
    let path = std::env::var_os("PATH").unwrap_or_default();
    RuntimeConfig {
        instance: Arc::new(Instance::open(state, &fresh).expect("a state directory")),
        pull: Pull::Never,
        pull_limit: Duration::from_secs(30),
        variables: Variables::new(|name| std::env::var(name).ok()),
        program_dirs: std::env::split_paths(&path).collect(),
        run_root: state.join("sandboxes"),
    }
}

/// Unique on this machine.
pub fn run_id() -> RunId {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = Timestamp::now().as_nanosecond();
    RunId(format!(
        "suite-{}-{now}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Relaxed)
    ))
}

/// A command line of the shell with ample time.
pub fn shell(line: &str) -> Command {
    Command::new(["sh", "-c", line], PATIENCE)
}

/// Runs a line and returns how it ended.
pub async fn run(sandbox: &Handle, line: &str) -> Exit {
    sandbox
        .exec(&shell(line), None)
        .await
        .expect("the command runs")
}

/// What a line that must succeed prints.
pub async fn printed(sandbox: &Handle, line: &str) -> String {
    let exit = run(sandbox, line).await;
    assert_eq!(exit.code, 0, "{line}: {}", exit.stderr.text());
    exit.stdout.text().trim().to_owned()
}

/// A sleep of more than a day that no other test sleeps.
pub fn unique_sleep() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(100_000);
    format!("sleep {}{}", NEXT.fetch_add(1, Relaxed), std::process::id())
}

/// Whether a process runs inside whose command line is `line`.
pub async fn alive(sandbox: &Handle, line: &str) -> bool {
    let mut command = shell(
        "for file in /proc/[0-9]*/cmdline; do case \"$(tr '\\0' ' ' <$file)\" in \
         \"$WANTED \") echo yes;; esac; done 2>/dev/null",
    );
    command.env = vec![("WANTED".to_owned(), line.to_owned())];
    let exit = sandbox
        .exec(&command, None)
        .await
        .expect("the command runs");
    exit.stdout.text().contains("yes")
}

/// A feed of `bytes` zero bytes that ends properly, or is cut before its end.
pub fn feed(bytes: usize, cut: bool) -> Feed {
    let (send, items) = mpsc::channel(4);
    tokio::spawn(async move {
        let chunk = Bytes::from(vec![0; CHUNK_BYTES]);
        let mut left = bytes;
        while left > 0 {
            let piece = chunk.slice(..left.min(CHUNK_BYTES));
            left -= piece.len();
            if send.send(FeedItem::Chunk(piece)).await.is_err() {
                return;
            }
        }
        if !cut {
            let _ = send
                .send(FeedItem::End {
                    bytes: bytes as u64,
                })
                .await;
        }
    });
    Feed { items }
}

/// Asks again until `ask` has an answer.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} never happened");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Every case of the suite as a test of its own; `$subject` is an expression that makes a fresh
/// [`Subject`], or returns from the test where the machine cannot.
#[macro_export]
macro_rules! runtime_suite {
    ($subject:expr, $make:expr) => {
        $crate::runtime_suite!(@ $subject, $make;
            a_command_has_its_directory_environment_streams_and_code,
            a_command_that_gives_up_early_hangs_nothing,
            what_goes_in_comes_out_whole,
            an_empty_feed_is_an_end_of_file,
            a_feed_that_we_cut_never_looks_complete,
            a_flood_of_output_is_counted_and_not_kept,
            a_timeout_kills_the_command_and_its_children,
            a_dropped_command_is_killed,
            a_server_outlives_its_start_and_its_exit_code_is_seen,
            a_server_reads_a_feed_that_arrives_while_it_starts,
            a_program_that_does_not_exist_is_seen_as_ended,
            a_server_that_ignores_the_request_to_end_is_killed,
            a_connection_reaches_a_server_inside_and_ends_with_it,
            nothing_that_listens_is_an_error,
            destroying_is_idempotent_and_knows_no_unknown_run,
            too_little_space_is_said_before_the_first_byte,
        );
        #[tokio::test(flavor = "multi_thread")]
        async fn leftovers_of_the_dead_are_swept_and_those_of_the_living_spared() {
            let subject = $subject;
            $crate::runtime_suite::leftovers_of_the_dead_are_swept_and_those_of_the_living_spared(
                subject, $make,
            )
            .await;
        }
    };
    (@ $subject:expr, $make:expr; $($case:ident,)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            let subject = $subject;
            $crate::runtime_suite::$case(&subject).await;
        }
    )+};
}

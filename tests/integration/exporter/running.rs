//! Running the program inside a test, and asking it over HTTP.

use std::{ffi::OsString, net::SocketAddr, sync::Arc, time::Duration};

use exporter::program::{Console, run};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use toolkit::{clock::Clock, exit::Exit, signals::Signals};

use super::Site;

/// How long any answer may take before a test gives up; far more than is ever needed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a run that ended left behind.
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) out: String,
    pub(super) err: String,
}

/// Runs to the end, at 05:30 of the day of the fixtures.
pub(super) async fn ended(args: &[&str]) -> Ended {
    execute(
        args.iter().map(OsString::from).collect(),
        Signals::default(),
        None,
    )
    .await
}

async fn execute(
    args: Vec<OsString>,
    signals: Signals,
    listening: Option<oneshot::Sender<Vec<SocketAddr>>>,
) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        clock: Clock::starting_at(catalog::ledger::fixtures::at("05:30:00")),
        jitter: Arc::new(|| 0.0),
        signals,
        listening,
    };
    let program = [OsString::from("backup-exporter")];
    let exit = run(program.into_iter().chain(args), &mut console).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        exit,
        out: text(out),
        err: text(err),
    }
}

/// A program that serves.
pub(super) struct Running {
    address: SocketAddr,
    pub(super) signals: Signals,
    ended: JoinHandle<Ended>,
}

/// Starts it on a free port of the loopback.
pub(super) async fn start(site: &Site, flags: &[&str]) -> Running {
    let config = format!("--config.file={}", site.config());
    let fixed = [config.as_str(), "--web.listen-address=127.0.0.1:0"];
    let args = fixed.iter().chain(flags).map(OsString::from).collect();
    let signals = Signals::default();
    let (told, listening) = oneshot::channel();
    let ended = tokio::spawn(execute(args, signals.clone(), Some(told)));
    let address = listening.await.expect("the program ended early")[0];
    Running {
        address,
        signals,
        ended,
    }
}

impl Running {
    /// The whole answer: status line, headers and body.
    pub(super) async fn ask(&self, method: &str, path: &str) -> String {
        self.ask_with(method, path, "").await
    }

    /// The same with further header lines.
    pub(super) async fn ask_with(&self, method: &str, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("no answer")
            .unwrap();
        answer
    }

    /// The body of a page that must be there.
    pub(super) async fn page(&self, path: &str) -> String {
        let answer = self.ask("GET", path).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// Asks until the answer is as wanted.
    pub(super) async fn wait_for(&self, path: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_with(path, "", wanted).await
    }

    /// The same with further header lines.
    pub(super) async fn wait_with(
        &self,
        path: &str,
        headers: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let asking = async {
            loop {
                let answer = self.ask_with("GET", path, headers).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .expect("it never became as wanted")
    }

    /// Waits until the first survey ended.
    pub(super) async fn ready(&self) {
        self.wait_for("/-/ready", |answer| answer.starts_with("HTTP/1.1 200"))
            .await;
    }

    pub(super) async fn stop(self) -> Ended {
        self.signals.stop.cancel();
        tokio::time::timeout(PATIENCE, self.ended)
            .await
            .expect("it did not stop")
            .unwrap()
    }
}

//! A program that serves, as a process of its own, asked over HTTP.

use std::{
    fmt, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::bench::{Bench, eventually};

/// How long any answer may take before a test gives up; far more than is ever needed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A free port of the loopback.
const HERE: &str = "--web.listen-address=127.0.0.1:0";

/// A program that serves; killed when it is dropped.
pub(crate) struct Served {
    program: Child,
    log: PathBuf,
    /// In the order of the flags.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Of a server that speaks TLS.
    certificate: Option<PathBuf>,
}

impl Served {
    /// On a free port of the loopback, and on what else the words say.
    pub(crate) fn start(bench: &Bench, words: &[&str]) -> Self {
        Self::start_with(bench, words, &[])
    }

    /// The same with variables of its environment.
    pub(crate) fn start_with(bench: &Bench, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let path = format!("{}:/usr/sbin:/usr/bin:/bin", bench.path("").display());
        let mut program = bench.program(&[&[HERE], words].concat());
        program.env("PATH", path).envs(variables.iter().copied());
        let addresses = 1 + words.iter().filter(|it| it.contains("address")).count();
        Self::of(bench, &mut program, addresses)
    }

    /// The exporter at this address, or on a free port of the loopback.
    pub(crate) fn exporter(bench: &Bench, address: Option<SocketAddr>) -> Self {
        let given = address.map(|it| format!("--web.listen-address={it}"));
        let word = given.as_deref().unwrap_or(HERE);
        Self::of(bench, &mut bench.exporter(&[word]), 1)
    }

    /// A program that listens at so many addresses.
    fn of(bench: &Bench, program: &mut Command, addresses: usize) -> Self {
        let log = bench.path("log");
        let program = program
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let certificate = Some(bench.path("server.pem")).filter(|file| file.exists());
        let mut served = Self {
            program,
            log,
            addresses: Vec::new(),
            certificate,
        };
        eventually("it listens", || {
            let ended = served.program.try_wait().unwrap();
            assert_eq!(ended, None, "{}", served.said());
            served.addresses = served.listening();
            served.addresses.len() == addresses
        });
        served
    }

    fn listening(&self) -> Vec<SocketAddr> {
        let said = self.said();
        let lines = said
            .lines()
            .filter_map(|line| line.split_once("listening on "));
        let addresses = lines.filter_map(|(_, address)| address.split_once("://"));
        addresses
            .filter_map(|(_, it)| it.trim().parse().ok())
            .collect()
    }

    /// Its log.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The whole answer: status line, headers and body.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str) -> String {
        self.ask_at(self.addresses[0], method, path, headers)
    }

    /// The same at another address.
    pub(crate) fn ask_at(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &str,
    ) -> String {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{headers}\r\n");
        match &self.certificate {
            None => conversation(stream, &request),
            Some(file) => {
                let client = ClientConnection::new(trusting(file), ServerName::from(address.ip()));
                conversation(StreamOwned::new(client.unwrap(), stream), &request)
            }
        }
    }

    /// The body of a page that must be there.
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self.ask("GET", path, "");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// Asks until the page says it.
    pub(crate) fn wait_for(&self, path: &str, wanted: &str) -> String {
        let mut page = String::new();
        eventually(&format!("{wanted} at {path}"), || {
            page = self.page(path);
            page.contains(wanted)
        });
        page
    }

    /// Waits until what is due was looked at.
    pub(crate) fn ready(&self) {
        eventually("it is ready", || {
            self.ask("GET", "/-/ready", "").starts_with("HTTP/1.1 200")
        });
    }

    /// Sends it a signal.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test is signalled as a script does"
    )]
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.program.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        let mut ended = None;
        eventually("it stops", || {
            ended = self.program.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

impl Drop for Served {
    #[expect(clippy::print_stderr, reason = "a test that failed shows the log")]
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        if std::thread::panicking() {
            eprintln!("{self:?}");
        }
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fs::read_to_string(&self.log).unwrap_or_default())
    }
}

fn conversation(mut stream: impl Read + Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Trusts this certificate and no other.
fn trusting(file: &PathBuf) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(file).unwrap())
        .unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

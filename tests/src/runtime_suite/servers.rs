//! Servers: started, seen, reached, ended.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use verifier::runtime::{ByteStreamIo, Command, FeedEnd, ServerId, ServerState};

use super::{Handle, PATIENCE, Subject, eventually, feed, printed, shell};

/// Larger than one piece on any way, and not text.
const BINARY_BYTES: usize = 1 << 20;

/// For a server that will not end when it is asked.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// The exit code of a server that ended.
async fn code_of(sandbox: &Handle, server: ServerId) -> Option<i32> {
    match sandbox.state(server).await.expect("a state") {
        ServerState::Running => None,
        ServerState::Exited { code, .. } => Some(code),
    }
}

/// Its state, its log and its code are there after the call that started it.
pub async fn a_server_outlives_its_start_and_its_exit_code_is_seen(subject: &Subject) {
    let case = |sandbox: Handle| async move {
        let line = "echo up $SUITE; pwd; until [ -f stop ]; do sleep 0.05; done; echo down; exit 7";
        let server = sandbox.start(&shell(line)).await.expect("starts");
        let directory = printed(&sandbox, "pwd").await;
        let log = eventually("its first lines", async || {
            let log = sandbox.log(server).await.expect("a log");
            (log.len() >= 2).then_some(log)
        });
        assert_eq!(log.await, ["up conformance".to_owned(), directory]);
        assert_eq!(
            sandbox.state(server).await.expect("a state"),
            ServerState::Running
        );
        printed(&sandbox, "touch stop").await;
        let code = eventually("its end", async || code_of(&sandbox, server).await).await;
        assert_eq!(code, 7);
        let log = sandbox.log(server).await.expect("a log");
        assert_eq!(
            log.last().map(String::as_str),
            Some("down"),
            "its last words are there"
        );
        assert_eq!(
            sandbox
                .stop(server, PATIENCE)
                .await
                .expect("stopped before")
                .code,
            7
        );
        let next = sandbox.start(&shell("echo again")).await.expect("starts");
        let code = eventually("its end", async || code_of(&sandbox, next).await).await;
        assert_eq!(code, 0);
        let log = sandbox.log(next).await.expect("a log");
        assert_eq!(log, ["again"], "nothing of the one before");
    };
    subject.with(case).await;
}

/// All words of both commands arrive, the feed is whole, and the server outlives it.
pub async fn a_server_reads_a_feed_that_arrives_while_it_starts(subject: &Subject) {
    let case = |sandbox: Handle| async move {
        let make = "mkfifo pipe 2>/dev/null; [ -p pipe ] || exit 127";
        let begin = |script: &str, words: &[&str]| {
            let script = format!("{make}; {script}");
            let argv = ["sh", "-c", &script, "sh"].into_iter();
            Command::new(argv.chain(words.iter().copied()), PATIENCE)
        };
        let server = begin(
            r#"echo "$# $1"; wc -c <pipe; exit 7"#,
            &["a b", "", "c'\"$d"],
        );
        let put = begin(r#"cat >pipe; printf %s "$#$1"; exit 5"#, &["one"]);
        let mut bytes = feed(BINARY_BYTES, false);
        let (server, exit) = sandbox
            .start_fed(&server, &put, &mut bytes)
            .await
            .expect("both start");
        let whole = FeedEnd::Complete {
            bytes: BINARY_BYTES as u64,
        };
        assert_eq!((exit.code, exit.feed), (5, whole));
        assert_eq!(exit.stdout.text(), "1one");
        let code = eventually("its end", async || code_of(&sandbox, server).await).await;
        assert_eq!(code, 7);
        let log = sandbox.log(server).await.expect("a log");
        assert_eq!(log, ["3 a b".to_owned(), BINARY_BYTES.to_string()]);
    };
    subject.with(case).await;
}

/// A server that cannot run is an ended server, wherever that shows first.
pub async fn a_program_that_does_not_exist_is_seen_as_ended(subject: &Subject) {
    let case = |sandbox: Handle| async move {
        let command = Command::new(["no-such-program"], PATIENCE);
        assert_eq!(
            sandbox
                .exec(&command, None)
                .await
                .expect("an exit code")
                .code,
            127
        );
        let server = sandbox.start(&command).await.expect("starts");
        let code = eventually("its end", async || code_of(&sandbox, server).await).await;
        assert_eq!(code, 127);
    };
    subject.with(case).await;
}

/// First asked, then made to.
pub async fn a_server_that_ignores_the_request_to_end_is_killed(subject: &Subject) {
    let case = |sandbox: Handle| async move {
        let polite = "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done";
        let polite = sandbox.start(&shell(polite)).await.expect("starts");
        let deaf = "trap '' TERM; echo up; while :; do sleep 0.05; done";
        let deaf = sandbox.start(&shell(deaf)).await.expect("starts");
        for server in [polite, deaf] {
            eventually("that it is up", async || {
                let log = sandbox.log(server).await.expect("a log");
                log.iter()
                    .filter(|line| *line == "up")
                    .count()
                    .ge(&1)
                    .then_some(())
            })
            .await;
        }
        assert_eq!(sandbox.stop(polite, PATIENCE).await.expect("stops").code, 5);
        assert_eq!(
            sandbox.state(deaf).await.expect("a state"),
            ServerState::Running
        );
        assert_eq!(
            sandbox
                .stop(deaf, IMPATIENCE)
                .await
                .expect("is stopped")
                .code,
            137
        );
    };
    subject.with(case).await;
}

/// One stream, eight bits wide, both ways; its end is the server's end.
pub async fn a_connection_reaches_a_server_inside_and_ends_with_it(subject: &Subject) {
    let program = subject.server;
    let case = |sandbox: Handle| async move {
        let port = sandbox.port(6379).to_string();
        let words = [
            program,
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ];
        let server = sandbox
            .start(&Command::new(words, PATIENCE))
            .await
            .expect("starts");
        let mut stream = eventually("an answer", async || sandbox.connect(6379).await.ok()).await;
        assert_eq!(ask(&mut stream, b"PING\r\n", 7).await, b"+PONG\r\n");
        let bytes: Vec<u8> = (0..=255).cycle().take(BINARY_BYTES).collect();
        let mut echo = format!("*2\r\n$4\r\nECHO\r\n${BINARY_BYTES}\r\n").into_bytes();
        echo.extend_from_slice(&bytes);
        echo.extend_from_slice(b"\r\n");
        let head = format!("${BINARY_BYTES}\r\n").len();
        let answer = ask(&mut stream, &echo, head + BINARY_BYTES + 2).await;
        assert!(
            answer[head..].starts_with(&bytes),
            "the echo came back changed"
        );
        let mut second = sandbox.connect(6379).await.expect("a second stream");
        assert_eq!(ask(&mut second, b"PING\r\n", 7).await, b"+PONG\r\n");
        sandbox.stop(server, PATIENCE).await.expect("stops");
        let mut rest = Vec::new();
        let _ended = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    };
    subject.with(case).await;
}

async fn ask(stream: &mut Box<dyn ByteStreamIo>, question: &[u8], answer: usize) -> Vec<u8> {
    let mut bytes = vec![0; answer];
    let (mut reader, mut writer) = tokio::io::split(stream);
    let write = async {
        writer.write_all(question).await?;
        writer.flush().await
    };
    let both = async { tokio::try_join!(write, reader.read_exact(&mut bytes)) };
    tokio::time::timeout(PATIENCE, both)
        .await
        .expect("no hang")
        .expect("an answer");
    bytes
}

/// Not a stream that ends at once, which would look like a server that died.
pub async fn nothing_that_listens_is_an_error(subject: &Subject) {
    let case = |sandbox: Handle| async move {
        let error = sandbox
            .connect(6379)
            .await
            .map(drop)
            .expect_err("nobody listens");
        assert!(error.message.contains("nothing answers"), "{error}");
    };
    subject.with(case).await;
}

//! The exporter over the same repository and evidence: what it prints, serves and logs.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

use super::{JSON_LOG, Said, TEXT_LOG};
use crate::bench::{Bench, Ran, eventually};

pub(super) fn all(bench: &Bench, said: &mut Said) {
    for (format, log) in [("table", TEXT_LOG), ("metrics", JSON_LOG)] {
        let words = ["--once", "--once.format", format];
        let ran = Ran::of(&mut bench.exporter(&[&words[..], log].concat()));
        assert!(ran.out.contains("cache"), "{ran:?}");
        said.add(&words, &ran);
    }
    served(bench, said);
}

/// The pages of a program that listens, and its log until then.
fn served(bench: &Bench, said: &mut Said) {
    const BEFORE: &str = "listening on http://";
    let words = ["--web.listen-address", "127.0.0.1:0"];
    let mut running = bench
        .exporter(&[&words[..], TEXT_LOG].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(running.stderr.take().unwrap());
    let mut text = String::new();
    let address = loop {
        let began = text.len();
        assert!(
            log.read_line(&mut text).unwrap() > 0,
            "it ended early: {text}"
        );
        if let Some((_, address)) = text[began..].split_once(BEFORE) {
            break address.trim().to_owned();
        }
    };
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    eventually("a first survey", || {
        ask("/-/ready").starts_with("HTTP/1.1 200")
    });
    for path in ["/metrics", "/"] {
        let answer = ask(path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        said.0.push((path.to_owned(), answer));
    }
    running.kill().unwrap();
    running.wait().unwrap();
    log.read_to_string(&mut text).unwrap();
    said.0.push(("the log of the exporter".to_owned(), text));
}

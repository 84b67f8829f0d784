//! Nothing of a snapshot's data leaves the programs, whatever is wrong with it: a marker stands in
//! every key, value and name, and in nothing that is written or printed.

mod exporting;

use std::{fs, path::Path};

use tests::{rdb_bytes, redis_server::Server, require};

use crate::bench::{Bench, Ran};

/// Letters and digits: a name of a library has no others.
const MARKER: &str = "m4rk3r";

const FORMATS: [&str; 3] = ["text", "json", "markdown"];

const TEXT_LOG: &[&str] = &["--log.level", "debug"];
const JSON_LOG: &[&str] = &["--log.level", "debug", "--log.format", "json"];

/// A name that forges a metric, colors a terminal and runs in a page.
fn hostile(kind: &str) -> String {
    format!("{MARKER}-{kind}\n# HELP {MARKER} \u{1b}[31m{MARKER}<script>{MARKER}</script>\r\"}}")
}

/// Every type of value, and a function, as a real server saves them.
fn saved() -> Vec<u8> {
    let server = Server::start(&[]);
    let value = hostile("value");
    let large = value.repeat(200);
    let library = format!(
        "#!lua name={MARKER}\nredis.register_function('{MARKER}_f', function() return '{MARKER}' end)"
    );
    for words in [
        &["SET", "string", &value][..],
        &["SET", "large", &large],
        &["SET", "expiring", &value, "EX", "86400"],
        &["RPUSH", "list", &value, &large],
        &["SADD", "set", &value, "1"],
        &["HSET", "hash", &value, &value],
        &["ZADD", "scores", "1", &value],
        &["XADD", "stream", "1-1", &value, &value],
    ] {
        let key = hostile(words[1]);
        server.ask(&[&words[..1], &[&key], &words[2..]].concat());
    }
    server.ask(&["XGROUP", "CREATE", &hostile("stream"), &value, "0"]);
    server.ask(&["SET", "heartbeat", &value]);
    server.ask(&["FUNCTION", "LOAD", &library]);
    server.ask(&["SAVE"]);
    fs::read(server.dump()).unwrap()
}

/// What people find in their repositories, each with the marker where it can be.
fn variants() -> Vec<Vec<u8>> {
    let whole = saved();
    let marker = |from: usize| {
        let found = whole[from..]
            .windows(6)
            .position(|it| it == MARKER.as_bytes());
        from + found.expect("it stands there as it is")
    };
    let middle = marker(whole.len() / 2);
    let changed = |at: usize, bit: u8| {
        let mut bytes = whole.clone();
        bytes[at] ^= bit;
        bytes
    };
    // Without a checksum it is the server that meets the damage, and it prints keys.
    let unsealed = |at: usize, bit: u8| {
        let mut bytes = changed(at, bit);
        let trailer = bytes.len() - 8;
        bytes[trailer..].fill(0);
        bytes
    };
    let twice = format!("{MARKER}\n\u{1b}[31m<b>");
    vec![
        whole.clone(),
        rdb_bytes::with_repeated_member(&twice),
        unsealed(middle - 1, 4),
        unsealed(marker(0), 1),
        whole[..middle + 3].to_vec(),
        changed(middle, 1),
        [&whole, MARKER.as_bytes()].concat(),
        [b"REDIS9999", MARKER.as_bytes()].concat(),
        [b"REDIS0010\xc8\x06", MARKER.as_bytes()].concat(),
        hostile("file").into_bytes(),
    ]
}

/// Everything that was said, each with what said it.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn add(&mut self, what: &[&str], ran: &Ran) {
        assert!((0..=3).contains(&ran.code), "{what:?}: {ran:?}");
        self.0
            .push((what.join(" "), format!("{}\n{}", ran.out, ran.err)));
    }

    /// Runs a command and keeps what it says.
    fn run(&mut self, bench: &Bench, words: &[&str]) {
        self.add(words, &bench.run(words));
    }

    /// Keeps every file below a directory.
    fn files(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.files(&path);
            } else {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                self.0.push((path.display().to_string(), text));
            }
        }
    }

    /// None of it holds the marker.
    fn holds_nothing(&self) {
        for (what, text) in &self.0 {
            let found = text.to_lowercase().contains(MARKER);
            assert!(!found, "{what} tells of the data:\n{text}");
        }
    }
}

/// Verifies and inspects every variant, each with another log and format.
fn verified(bench: &mut Bench, variants: &[Vec<u8>], said: &mut Said) {
    let expect = "    verify: { expect: { checksum: optional, canary: { key: heartbeat, \
                  max_age: 1h } } }\n";
    bench.configure(expect);
    let mut hour = 0;
    for (number, bytes) in variants.iter().enumerate() {
        bench.log = if number % 2 == 0 { TEXT_LOG } else { JSON_LOG };
        hour += 1;
        let path = bench.put(hour, bytes);
        let name = path.to_str().unwrap();
        said.run(bench, &["inspect", name]);
        said.run(bench, &["inspect", name, "--format", "json"]);
        said.run(bench, &["verify", "--format", FORMATS[number % 3]]);
    }
}

#[test]
fn nothing_of_the_data_is_in_anything_that_is_said() {
    require!(redis);
    let mut bench = Bench::new("process");
    let mut said = Said::default();
    verified(&mut bench, &variants(), &mut said);
    for words in [
        &["check"][..],
        &["doctor"],
        &["plan", "--explain"],
        &["snapshots"],
        &["latest", "--source", "cache"],
        &["latest", "--source", "cache", "--verified"],
        &["evidence", "check"],
        &["evidence", "list"],
        &["evidence", "export"],
        &["sweep"],
    ] {
        said.run(&bench, words);
    }
    exporting::all(&bench, &mut said);
    said.files(&bench.path("evidence"));
    said.files(&bench.path("state"));
    let records: String = said.0.iter().map(|(_, text)| text.as_str()).collect();
    assert!(
        records.contains(" bytes]"),
        "a server said more than may be shown"
    );
    for own in ["Server initialized", "just started"] {
        assert!(
            records.contains(own),
            "a server's own words are hidden: {own}"
        );
    }
    said.holds_nothing();
}

#[test]
fn nothing_of_the_data_leaves_a_container() {
    require!(redis);
    require!(docker);
    require!(image "redis:8.0");
    let mut bench = Bench::new("docker");
    let mut said = Said::default();
    verified(&mut bench, &variants()[..3], &mut said);
    said.files(&bench.path("evidence"));
    said.holds_nothing();
}

//! The programs stay small, however large the snapshot is.

use std::{fs, path::Path};

use tests::{crowd, peak::peak, redis_server::Server, require};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

/// What a verifier may ever hold, its queues and windows together. Seen, in a build without
/// optimization and at either size: 27 MiB by `verify`, 15 MiB by `inspect`.
const PEAK_MAX: u64 = 64 * MIB;

/// Between two runs of the same command; which buffers lie about at the same time is chance.
const NOISE: u64 = 16 * MIB;

/// So many mebibytes that a real server saved as they are.
fn saved(server: &Server, mib: u64, to: &Path) {
    let fill = "for i = 1, ARGV[1] / 32 do \
                redis.call('SET', i, string.rep('0123456789abcdef', 2 * 1024 * 1024)) end";
    server.ask(&["EVAL", fill, "0", &mib.to_string()]);
    server.ask(&["SAVE"]);
    let dump = server.dump();
    assert!(fs::metadata(&dump).unwrap().len() > mib * MIB);
    // Beside each other, mostly; a link costs no second copy.
    fs::remove_file(to).unwrap();
    if fs::hard_link(&dump, to).is_err() {
        fs::copy(&dump, to).unwrap();
    }
}

#[test]
fn eight_times_the_snapshot_needs_no_more_memory() {
    require!(redis);
    let bench = Bench::new("process");
    let server = Server::start(&["--rdbcompression", "no"]);
    let file = bench.snapshot(1);
    let name = file.to_str().unwrap();
    let measured = [64, 512].map(|mib| {
        saved(&server, mib, &file);
        let verify = peak(&mut bench.program(&["verify"]));
        (verify, peak(&mut bench.program(&["inspect", name])))
    });
    let [(verify, inspect), (verify_more, inspect_more)] = measured;
    for (less, more) in [(verify, verify_more), (inspect, inspect_more)] {
        assert!(more <= PEAK_MAX, "{measured:?}");
        assert!(more <= less + NOISE, "{measured:?}");
    }
}

/// The million is surveyed by `make test-s3`: the store that makes it up takes most of a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_foreign_objects_costs_a_request_a_thousand_and_no_memory() {
    let survey = async |objects| {
        let program = env!("CARGO_BIN_EXE_exporter-under-test");
        crowd::survey(program, objects).await
    };
    let (few, many) = (survey(2_500).await, survey(100_500).await);
    assert_eq!((few.lists, few.others), (3, 0));
    assert_eq!((many.lists, many.others), (101, 0));
    assert!(many.peak <= crowd::PEAK_MAX, "{many:?}");
    assert!(many.peak <= few.peak + NOISE, "{few:?} {many:?}");
}

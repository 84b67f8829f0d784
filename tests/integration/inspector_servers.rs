//! Files that real servers write, of every type they have, counted as the servers count them.

use std::{
    fs,
    io::{BufRead, Read},
    path::Path,
    process::Command,
};

use catalog::format::{Checksum, Format, Inspection, InspectionState, redis::Redis};
use testcontainers::{
    GenericImage, ImageExt,
    core::{ExecCommand, WaitFor},
    runners::AsyncRunner,
};
use tests::{redis_server::Server, require};

/// Writes small and large values of every type; returns how many keys there are then.
const SEED: &str = r"
local function all(n, wide)
  for i = 1, n do
    local text = string.rep('v', (i * wide) % 300)
    redis.call('SET', 'string:' .. n .. i, i % 3 == 0 and i * 1000 or text)
    redis.call('RPUSH', 'list:' .. n, i, text, 'element' .. i)
    redis.call('SADD', 'set:' .. n, 'member' .. i, i)
    redis.call('SADD', 'integers:' .. n, i, -i * 70000, i * 5000000000)
    redis.call('ZADD', 'zset:' .. n, i / 7, 'member' .. i, '-inf', 'least', '+inf', 'most')
    redis.call('HSET', 'hash:' .. n, 'field' .. i, text)
    redis.call('XADD', 'stream:' .. n, i .. '-1', 'field', text)
    redis.call('XADD', 'stream:' .. n, i .. '-2', 'other', text, 'field', i)
  end
  redis.call('XDEL', 'stream:' .. n, '1-2')
  redis.call('XGROUP', 'CREATE', 'stream:' .. n, 'group', '0')
  redis.call('XREADGROUP', 'GROUP', 'group', 'reader', 'COUNT', 2, 'STREAMS', 'stream:' .. n, '>')
end
all(3, 1)
all(700, 13)
redis.call('SET', 'large', string.rep('abcdefgh', 200000))
redis.call('RPUSH', 'plain', string.rep('x', 20000), 'y')
redis.call('PFADD', 'log', 'a', 'b')
redis.call('SET', 'expiring', 'x', 'EX', 100000)
redis.call('SELECT', 7)
redis.call('HSET', 'expiring', 'f', 'v')
redis.call('EXPIRE', 'expiring', 100000)
redis.call('SELECT', 0)
return redis.call('DBSIZE') + 1
";

const FUNCTION: &str =
    "#!lua name=library\nredis.register_function('f', function(keys, args) return 1 end)";

fn inspect(file: &[u8]) -> Inspection {
    Redis.inspect(&mut &*file, &mut |_| ())
}

#[track_caller]
fn expect(file: &[u8], keys: u64, version: u32) {
    let inspection = inspect(file);
    assert_eq!(inspection.state, InspectionState::Intact, "{inspection:?}");
    assert_eq!(inspection.checksum, Checksum::Verified);
    assert_eq!(inspection.version, Some(version));
    assert_eq!(inspection.items["keys"], keys);
    assert_eq!(inspection.items["expiring_keys"], 2);
    assert_eq!(inspection.items["functions"], 1);
    assert!(inspection.findings.is_empty(), "{inspection:?}");
    assert!(inspection.warnings.is_empty(), "{inspection:?}");
    for end in [file.len() - 1, file.len() / 2, 100] {
        assert_eq!(
            inspect(&file[..end]).state,
            InspectionState::Damaged,
            "cut at {end}"
        );
    }
}

/// What `redis-check-rdb` counts.
fn keys_by_check_rdb(file: &Path) -> u64 {
    let output = Command::new("redis-check-rdb")
        .arg(file)
        .output()
        .expect("it runs");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.ends_with("keys read"))
        .expect("it counts keys");
    line.split_whitespace()
        .rev()
        .nth(2)
        .and_then(|count| count.parse().ok())
        .expect("a number")
}

#[test]
fn a_server_of_this_machine_compressing_or_not() {
    require!(redis);
    let server = Server::start(&[]);
    let keys = server.ask(&["EVAL", SEED, "0"]).parse().expect("a count");
    server.ask(&["FUNCTION", "LOAD", FUNCTION]);
    for compression in ["yes", "no"] {
        server.ask(&["CONFIG", "SET", "rdbcompression", compression]);
        server.ask(&["SAVE"]);
        let file = fs::read(server.dump()).expect("what was saved");
        expect(&file, keys, 10);
        assert_eq!(keys_by_check_rdb(&server.dump()), keys);
    }
}

/// Seeds a container's server, lets a hash's field expire some day, and fetches what it saves.
async fn dump_of(name: &str, tag: &str, program: &str) -> (u64, Vec<u8>) {
    let container = GenericImage::new(name, tag)
        .with_wait_for(WaitFor::message_on_stdout("Ready to accept connections"))
        .with_network("none")
        .start()
        .await
        .expect("the container starts");
    let script = r#"
        set -e
        cli="$0-cli"
        $cli EVAL "$1" 0
        $cli FUNCTION LOAD "$2" >&2
        $cli HPEXPIRE hash:3 100000000 FIELDS 1 field1 >&2
        $cli HPEXPIRE hash:700 100000000 FIELDS 1 field1 >&2
        $cli SAVE >&2
        cat /data/dump.rdb
    "#;
    let command = ExecCommand::new(["sh", "-c", script, program, SEED, FUNCTION]);
    let mut result = container.exec(command).await.expect("the command starts");
    let output = result.stdout_to_vec().await.expect("its output");
    let mut output = &output[..];
    let mut keys = String::new();
    output.read_line(&mut keys).expect("a count");
    let mut file = Vec::new();
    output.read_to_end(&mut file).expect("the file");
    (keys.trim().parse().expect("a count"), file)
}

#[tokio::test]
async fn redis_8_with_expiring_fields() {
    require!(image "redis:8.0");
    let (keys, file) = dump_of("redis", "8.0", "redis").await;
    expect(&file, keys, 12);
}

#[tokio::test]
async fn valkey_9_with_expiring_fields() {
    require!(image "valkey/valkey:9.1");
    let (keys, file) = dump_of("valkey/valkey", "9.1", "valkey").await;
    expect(&file, keys, 80);
}

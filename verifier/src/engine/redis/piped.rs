//! A server that reads its snapshot from a named pipe while the bytes arrive.
//!
//! A pipe has two ends, and whoever opens one waits for the other. So each side has somebody who
//! opens the other end for it where its partner is gone:
//!
//! | waits for ever without it | is released by |
//! |---|---|
//! | the feed, if the server ended before it read | empty readers, once the server has ended |
//! | a server that opens it again to look for damage | empty writers, once the feed has ended |
//!
//! Redis 7.0 opens it again. One empty writer is not enough: a server that still reads uses it up.

use std::time::Duration;

use catalog::model::SnapshotFacts;

use super::{STAGE_MAX, WHOLE};
use crate::runtime::Command;

/// Databases of a server that is started before anybody knows how many the snapshot has: 1,024 cost
/// 0.4 MiB.
pub(super) const DATABASES: u64 = 1024;

/// Longest time from the end of the feed to an answer or the end of the server: at most 64 KiB are
/// not read by then.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(30);

/// First version of the file format with a checksum behind it.
const FIRST_WITH_CHECKSUM: u32 = 5;

/// Makes the pipe `$0`, unless the other script already has. Without `mkfifo` it ends as if a
/// program were missing.
const MAKE: &str = r#"mkfifo "$0" 2>/dev/null; [ -p "$0" ] || exit 127
"#;

/// Notes its process, and becomes the server `"$@"`: no shell stands between the sandbox and the
/// server, for who ends that one must end this one.
const SERVE: &str = r#"echo $$ >"$0.part" && mv "$0.part" "$0.pid"
exec "$@""#;

/// Writes standard input into the pipe. Empty readers, and later empty writers, go on in the
/// background, at most as long as this shell and the server live.
const FEED: &str = r#"serves() { [ ! -e "$0.pid" ] || kill -0 "$(cat "$0.pid")"; }
(
  while [ ! -e "$0.fed" ] && kill -0 $$; do serves || : <>"$0"; sleep 0.2; done
  while serves; do : >"$0"; sleep 0.2; done
) </dev/null >/dev/null 2>&1 &
cat >"$0"; code=$?
: >"$0.fed"
exit "$code""#;

/// True if a server that loaded such a snapshot from a pipe has shown that it has the right bytes:
/// by the checksum at the end of the file, which both of us check. `tail` are the last bytes of the
/// object, where they are known; a file that was saved without a checksum has zeros there. Those of
/// a compressed one are other bytes.
pub(super) fn is_vouched(head: &SnapshotFacts, tail: Option<&[u8]>) -> bool {
    let has_checksum = head.version.is_some_and(|it| it >= FIRST_WITH_CHECKSUM);
    has_checksum && tail.is_none_or(|tail| tail.iter().any(|byte| *byte != 0))
}

/// The command of a server that reads from the pipe; `server` starts it.
pub(super) fn serve(server: Command) -> Command {
    let script = format!("{MAKE}{SERVE}");
    let begin = ["sh", "-c", &script, WHOLE].map(str::to_owned);
    Command {
        argv: begin.into_iter().chain(server.argv).collect(),
        ..server
    }
}

/// The command that takes the bytes.
pub(super) fn feed() -> Command {
    let script = format!("{MAKE}{FEED}");
    Command::new(["sh", "-c", &script, WHOLE], STAGE_MAX)
}

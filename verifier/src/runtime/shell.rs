//! The few lines of POSIX shell that run inside a container. They are the same on every runtime
//! that has only `exec`.
//!
//! The scripts need `sh`, `cat`, `setsid`, `id`, `df`, and `bash` or `nc`. They hold no engine's
//! words.

/// Directory for notes of these scripts: the memory-backed `/tmp`, never the data directory.
const NOTES: &str = "/tmp";

/// Runs `"$@"` in place of the shell after noting its process id in `$0`, so that another exec can
/// kill it. An exec'd process leads its own session, hence its own process group.
const TRACKED: &str = r#"echo $$ >"$0"; exec "$@""#;

/// Sends signal `$1` to the process group whose leader is noted in `$0`. It waits up to 5 s for the
/// note: a command that was just asked for may not have written it yet.
const KILL: &str = r#"tries=0
until [ -s "$0" ] || [ "$tries" -ge 50 ]; do tries=$((tries + 1)); sleep 0.1; done
read -r leader <"$0" && kill -s "$1" -- "-$leader""#;

/// Starts `"$@"` in a session of its own, writing to the container's log; a wrapper that survives
/// TERM notes its exit code below `$notes`. Names are moved into place, so a reader never sees half
/// a number.
const LAUNCH: &str = r#"setsid sh -c 'notes=$1; shift; trap : TERM
"$@"; code=$?; echo; echo "$notes ended"
echo $code >"$notes.part" && mv "$notes.part" "$notes.exit"' sh "$notes" "$@" \
  </dev/null >/proc/1/fd/1 2>&1 &
echo $! >"$notes.pid""#;

/// Reads the word for [`LAUNCH`].
const START: &str = "notes=$1; shift\n";

/// Launches a server by the first `$2` words that follow, and goes on as the command of the others.
/// A subshell turns the words round, for a shell can only drop the first ones.
const START_FED: [&str; 2] = [
    r#"notes=$1 count=$2; shift 2
(
turned=0
while [ "$turned" -lt "$count" ]; do set -- "$@" "$1"; shift; turned=$((turned + 1)); done
shift $(($# - count))
"#,
    r#"
)
shift "$count"
exec "$@""#,
];

/// Prints the state of a server: `exited CODE`, `running` or `gone` (killed together with its
/// wrapper).
const STATE: &str = r#"read -r leader <"$0.pid" || exit 1
if [ -f "$0.exit" ]; then echo "exited $(cat "$0.exit")"
elif kill -0 "$leader" 2>/dev/null; then echo running
elif [ -f "$0.exit" ]; then echo "exited $(cat "$0.exit")"
else echo gone; fi"#;

/// Connects standard input and output with a port on loopback, after one `+` that says that it is
/// connected. It waits two seconds for somebody who listens, because every further try from outside
/// takes more of the processor than this one. When either side ends, both do: the end of one copy
/// kills the whole group.
const RELAY: &str = r#"if command -v bash >/dev/null 2>&1; then
  exec bash -c 'tries=0
    until { exec 3<>"/dev/tcp/127.0.0.1/$0"; } 2>/dev/null || [ "$tries" -ge 20 ]; do
      tries=$((tries + 1)); sleep 0.1
    done
    [ -e /dev/fd/3 ] || exec 3<>"/dev/tcp/127.0.0.1/$0" && { printf +
    { cat <&3; kill -s KILL 0; } & cat >&3; kill -s KILL 0; }' "$1"
fi
printf + && exec nc 127.0.0.1 "$1""#;

fn script(text: &str, words: impl IntoIterator<Item = String>) -> Vec<String> {
    let shell = ["sh", "-c", text].map(str::to_owned);
    shell.into_iter().chain(words).collect()
}

/// Wraps `argv` so that [`kill_command`] with the same `number` can kill it.
pub(super) fn tracked(number: u32, argv: &[String]) -> Vec<String> {
    let words = [format!("{NOTES}/.exec-{number}")];
    script(TRACKED, words.into_iter().chain(argv.iter().cloned()))
}

/// Kills what [`tracked`] started, children included.
pub(super) fn kill_command(number: u32) -> Vec<String> {
    script(KILL, [format!("{NOTES}/.exec-{number}"), "KILL".to_owned()])
}

/// The command that starts `argv` as a detached server.
pub(super) fn start_server(number: u32, argv: &[String]) -> Vec<String> {
    let words = ["sh".to_owned(), format!("{NOTES}/.server-{number}")];
    let text = format!("{START}{LAUNCH}");
    script(&text, words.into_iter().chain(argv.iter().cloned()))
}

/// The command that starts `server` as [`start_server`] does, and then is `put`.
pub(super) fn start_fed(number: u32, server: &[String], put: &[String]) -> Vec<String> {
    let [begin, end] = START_FED;
    let notes = format!("{NOTES}/.server-{number}");
    let words = ["sh".to_owned(), notes, server.len().to_string()];
    let words = words.into_iter().chain(server.iter().cloned());
    let text = format!("{begin}{LAUNCH}{end}");
    script(&text, words.chain(put.iter().cloned()))
}

/// The line that the wrapper of a server writes into the log after everything the server wrote.
pub(super) fn last_line(number: u32) -> String {
    format!("{NOTES}/.server-{number} ended")
}

/// True if a line is the [`last_line`] of some server.
pub(super) fn is_last_line(line: &str) -> bool {
    let number = line.strip_prefix(NOTES);
    let number = number.and_then(|rest| rest.strip_prefix("/.server-"));
    let number = number.and_then(|rest| rest.strip_suffix(" ended"));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// The command that asks for the state of a server; [`parse_state`] reads its output. It goes on
/// with the script `then`, whose sections begin with `--- `.
pub(super) fn server_state(number: u32, then: &str) -> Vec<String> {
    let text = format!("{STATE}\n{then}");
    script(&text, [format!("{NOTES}/.server-{number}")])
}

/// The command that sends `signal` to a server and its children.
pub(super) fn signal_server(number: u32, signal: &str) -> Vec<String> {
    script(
        KILL,
        [format!("{NOTES}/.server-{number}.pid"), signal.to_owned()],
    )
}

/// The command that connects its standard input and output with `port` inside.
pub(super) fn relay(port: u16) -> Vec<String> {
    script(RELAY, ["sh".to_owned(), port.to_string()])
}

/// State of a server as [`server_state`] printed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PrintedState {
    Running,
    /// The server ended with this exit code.
    Ended(i32),
}

/// Reads what [`server_state`] printed; `None` if it printed anything else.
pub(super) fn parse_state(printed: &str) -> Option<PrintedState> {
    /// Exit code of a shell for a process killed by signal 9.
    const KILLED: i32 = 137;
    let state = printed.split("--- ").next().unwrap_or_default();
    match state.trim() {
        "running" => Some(PrintedState::Running),
        "gone" => Some(PrintedState::Ended(KILLED)),
        other => other
            .strip_prefix("exited ")?
            .parse()
            .ok()
            .map(PrintedState::Ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_server_is_no_line_of_a_server() {
        assert!(is_last_line(&last_line(7)));
        for other in ["", "ended", "/tmp/.server- ended", "/tmp/.server-7 ended."] {
            assert!(!is_last_line(other), "{other}");
        }
    }

    #[test]
    fn a_server_runs_ended_or_was_killed_with_its_wrapper() {
        let check = |printed: &str, expected| assert_eq!(parse_state(printed), expected);
        check("running\n", Some(PrintedState::Running));
        check("exited 0\n", Some(PrintedState::Ended(0)));
        check("exited 139\n", Some(PrintedState::Ended(139)));
        check("gone\n", Some(PrintedState::Ended(137)));
        check("", None);
        check("exited \n", None);
        let more = "exited 137\n--- free\n--- memory\noom_kill 1\n";
        check(more, Some(PrintedState::Ended(137)));
    }
}

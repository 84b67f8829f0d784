//! One look around from inside a sandbox: the user, whether the data directory can be written, free
//! space, whether there is a way out, and how many processes the memory limit killed.
//!
//! It believes what the kernel shows inside, not what was asked of the runtime.

use catalog::ledger::{Egress, Reason};
use toolkit::words::size;

use super::{SandboxError, SandboxSpec};

/// Prints one section per question; a question without an answer leaves its section empty.
pub(super) const SCRIPT: &str = r#"echo "--- user"; echo "$(id -u):$(id -g)"
echo "--- write"; (: >.write-test && rm -f .write-test && echo yes) 2>&1
echo "--- free"; df -Pk .
echo "--- route"; cat /proc/net/route
echo "--- route6"; cat /proc/net/ipv6_route
echo "--- devices"; cat /proc/net/dev
echo "--- memory"; cat /sys/fs/cgroup/memory.events || cat /sys/fs/cgroup/memory/memory.oom_control
:"#;

/// Prints only the sections that change while a sandbox lives: free space and kills by the memory
/// limit. Writes nothing.
pub(super) const MEASURE: &str = r#"echo "--- free"; df -Pk .
echo "--- memory"; cat /sys/fs/cgroup/memory.events || cat /sys/fs/cgroup/memory/memory.oom_control
:"#;

/// Interfaces that the kernel puts into every new network namespace once their module is loaded
/// (`net.core.fb_tunnels_only_for_init_net`, Documentation/admin-guide/sysctl/net.rst). They have
/// no address and no route.
const FALLBACK_DEVICES: [&str; 10] = [
    "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0",
    "teql0",
];

/// Result of a look; `None` where its section was empty or unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// User and group that commands run as, `uid:gid`.
    pub(super) user: Option<String>,
    /// Result of the write test; an error holds the words of the shell inside.
    pub(super) writable: Result<(), String>,
    pub(super) free_bytes: Option<u64>,
    pub(super) egress: Egress,
    /// Number of processes killed by the memory limit so far.
    pub(super) memory_kills: Option<u64>,
}

impl Look {
    /// Errs if the data directory cannot be written, or has less free space than `spec` asks for.
    pub(super) fn fit(&self, runtime: &str, spec: &SandboxSpec) -> Result<(), SandboxError> {
        let message = match (&self.writable, self.free_bytes) {
            (Err(why), _) => format!(
                "data directory {} of {} cannot be written: {why}\nhint: Free space where the \
                 runtime keeps its data, or use an image whose user owns that directory.",
                spec.data_dir, spec.image.image
            ),
            (Ok(()), Some(free)) if free < spec.disk_bytes => format!(
                "{} are free for the restored data, {} are needed\nhint: Free space \
                 where the runtime keeps its data (docker system df, df).",
                size(free),
                size(spec.disk_bytes)
            ),
            _ => return Ok(()),
        };
        Err(SandboxError::new(
            Reason::Disk,
            format!("{runtime}: {message}"),
        ))
    }
}

/// Reads the output of [`SCRIPT`] or [`MEASURE`].
pub(super) fn parse(printed: &str) -> Look {
    let section = |name: &str| section(printed, name);
    let write = section("write").trim();
    Look {
        user: Some(section("user").trim())
            .filter(|user| user.len() > 1)
            .map(str::to_owned),
        writable: if write == "yes" {
            Ok(())
        } else {
            Err(write.to_owned())
        },
        free_bytes: free_bytes(section("free")),
        egress: egress(section("route"), section("route6"), section("devices")),
        memory_kills: memory_kills(section("memory")),
    }
}

fn section<'a>(printed: &'a str, name: &str) -> &'a str {
    let mut sections = printed.split("--- ");
    sections
        .find_map(|part| part.strip_prefix(name)?.strip_prefix('\n'))
        .unwrap_or_default()
}

/// Free bytes: fourth column of the second line of `df -Pk` (POSIX: 1024-byte units, one line per
/// file system).
fn free_bytes(df: &str) -> Option<u64> {
    let available: u64 = df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    available.checked_mul(1024)
}

/// Number behind `oom_kill`, of cgroup v2 `memory.events` or v1 `memory.oom_control` (since Linux
/// 4.13).
fn memory_kills(counters: &str) -> Option<u64> {
    let count = |line: &str| line.strip_prefix("oom_kill ")?.trim().parse().ok();
    counters.lines().find_map(count)
}

/// Judges whether there is a way out: a route over another device than `lo`, or another device.
///
/// `/proc/net/route` has a header, and its first column is the device. `/proc/net/ipv6_route` has
/// no header, its last column is the device, and it does not exist without IPv6.
fn egress(route: &str, route6: &str, devices: &str) -> Egress {
    if !route.starts_with("Iface") || !devices.contains("lo:") {
        return Egress::NotTried;
    }
    let is_way = |name: Option<&str>| name.is_some_and(|name| name != "lo");
    let by_four = route
        .lines()
        .skip(1)
        .any(|line| is_way(line.split_whitespace().next()));
    let by_six = route6
        .lines()
        .any(|line| is_way(line.split_whitespace().last()));
    let has_device = devices
        .lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(name, _)| {
            let name = name.trim();
            name != "lo" && !FALLBACK_DEVICES.contains(&name)
        });
    if by_four || by_six || has_device {
        Egress::Open
    } else {
        Egress::Denied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Iface\tDestination\tGateway\n";
    const LO6: &str = "0000 00 0000 00 0000 ffffffff 00000001 00000000 00200200       lo\n";
    const LO: &str = "Inter-|   Receive\n face |bytes\n    lo:       0       0\n";

    #[test]
    fn only_loopback_is_no_way_out() {
        let check = |route: &str, route6: &str, devices: &str, expected| {
            assert_eq!(
                egress(route, route6, devices),
                expected,
                "{route}{route6}{devices}"
            );
        };
        check(HEADER, LO6, LO, Egress::Denied);
        check(HEADER, "", LO, Egress::Denied);
        check(
            HEADER,
            LO6,
            &format!("{LO} tunl0: 0\n  sit0: 0\n"),
            Egress::Denied,
        );
        check(HEADER, LO6, &format!("{LO}  eth0: 0\n"), Egress::Open);
        check(
            &format!("{HEADER}eth0\t00000000\t010011AC\n"),
            LO6,
            LO,
            Egress::Open,
        );
        check(HEADER, &LO6.replace("lo", "eth0"), LO, Egress::Open);
        check(&format!("{HEADER}tunl0\t00000000\n"), LO6, LO, Egress::Open);
        check("", "", LO, Egress::NotTried);
        check(HEADER, LO6, "", Egress::NotTried);
    }

    #[test]
    fn a_whole_look_is_read_from_its_sections() {
        let printed = format!(
            "--- user\n999:1000\n--- write\nyes\n--- free\nFilesystem 1024-blocks Used Available \
             Capacity Mounted on\n/dev/vda 100 40 60 40% /data\n--- route\n{HEADER}--- route6\n\
             {LO6}--- devices\n{LO}--- memory\noom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
        );
        let look = parse(&printed);
        assert_eq!(look.user.as_deref(), Some("999:1000"));
        assert_eq!(look.writable, Ok(()));
        assert_eq!(
            (look.free_bytes, look.memory_kills),
            (Some(60 * 1024), Some(3))
        );
        assert_eq!(look.egress, Egress::Denied);
    }

    #[test]
    fn a_directory_that_cannot_be_written_says_why() {
        let look = parse("--- write\nsh: 1: cannot create .write-test: Permission denied\n");
        assert!(
            look.writable
                .is_err_and(|why| why.ends_with("Permission denied"))
        );
        assert_eq!(
            (look.user, look.free_bytes, look.memory_kills),
            (None, None, None)
        );
        assert_eq!(look.egress, Egress::NotTried);
    }
}

//! Modules that images bring: loaded as production does, and named where one is missing.

use catalog::{
    evidence::Reason,
    format::redis::{BUILT_IN, Census},
};

use super::{log, writer::Writer};
use crate::engine::Stopped;

/// Directories of images whose `*.so` files are modules.
///
/// | directory | images |
/// |---|---|
/// | `/usr/local/lib/redis/modules` | `redis` from 8.0 |
/// | `/opt/redis-stack/lib` | `redis/redis-stack`, `redis/redis-stack-server` |
/// | `/usr/lib/redis/modules` | `redislabs/redismod` and those it was made of |
/// | `/opt/bitnami/redis/modules` | images made from `bitnami/redis` |
/// | `/usr/lib/valkey`, `/usr/lib/valkey/modules` | `valkey/valkey-bundle` |
/// | `/usr/local/lib/valkey/modules` | images made from `valkey/valkey` |
/// | `/var/lib/falkordb/bin`, `/FalkorDB/bin/src` | `falkordb/falkordb` |
const DIRECTORIES: [&str; 9] = [
    "/usr/local/lib/redis/modules",
    "/opt/redis-stack/lib",
    "/usr/lib/redis/modules",
    "/opt/bitnami/redis/modules",
    "/usr/lib/valkey",
    "/usr/lib/valkey/modules",
    "/usr/local/lib/valkey/modules",
    "/var/lib/falkordb/bin",
    "/FalkorDB/bin/src",
];

/// `$0` is the program, `$1` another that will do; `$2` files that are named follow, then flags.
const BEGIN: &str = r#"other=$1 named=$2; shift 2
is_new() {
  file=$1; shift
  case $file in *_plugin.so) return 1 ;; esac
  case " $* " in *" $file "*) return 1 ;; esac
  [ -f "$file" ]
}
while [ "$named" -gt 0 ]; do
  file=$1 named=$((named - 1)); shift
  ! is_new "$file" "$@" || set -- "$@" --loadmodule "$file"
done
"#;

/// `RedisGears` is the one module of a known image that does not load without a word more.
const EACH: &str = r#"  is_new "$file" "$@" || continue
  set -- "$@" --loadmodule "$file"
  case $file in
    */redisgears.so) set -- "$@" v8-plugin-path "${file%/*}/libredisgears_v8_plugin.so" ;;
  esac
done
"#;

const END: &str = r#"command -v "$0" >/dev/null || exec "$other" "$@"
exec "$0" "$@""#;

/// The command that starts the first of two programs that is there with these flags and modules:
/// those of the image and the `named` that are there; `None`: none at all.
pub(super) fn start(programs: [&str; 2], named: Option<&[String]>, flags: &[&str]) -> Vec<String> {
    let globs = DIRECTORIES.map(|directory| format!("{directory}/*.so"));
    let script = match named {
        Some(_) => format!("{BEGIN}for file in {}; do\n{EACH}{END}", globs.join(" ")),
        None => format!("{BEGIN}{END}"),
    };
    let named = named.unwrap_or_default();
    let count = named.len().to_string();
    let begin = ["sh", "-c", &script, programs[0], programs[1], &count];
    let named = named.iter().map(String::as_str);
    let argv = begin.into_iter().chain(named).chain(flags.iter().copied());
    argv.map(str::to_owned).collect()
}

/// Which module is missing: the one that the server names, else all that the file needs. A type
/// that is built into newer servers is no module: this one is too old.
pub(super) fn missing(
    log: &[String],
    census: &Census,
    writer: Option<Writer>,
    stopped: &Stopped,
) -> Stopped {
    let told = log::missing_module(log);
    let built_in = told.and_then(|name| BUILT_IN.iter().find(|it| it.0 == name));
    if let Some((name, since)) = built_in {
        let advice = writer.map_or_else(String::new, |it| format!("\nhint: {}", it.advice()));
        let message =
            format!("{name} is built into Redis from {since} on, and not into this server{advice}");
        return Stopped::new(Reason::NoImage, message);
    }
    let needed = census.modules.iter().map(String::as_str);
    let lacking = told.map_or_else(|| needed.collect(), |name| vec![name]);
    let message = format!("{}: {}", lacking.join(", "), stopped.message);
    Stopped::new(stopped.reason, message)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    /// What a program that prints its arguments is started with.
    #[expect(
        clippy::disallowed_methods,
        reason = "runs the script as a sandbox does"
    )]
    fn started(named: Option<&[String]>, program: &str) -> String {
        let argv = start(
            [program, "no-such-program"],
            named,
            &["--save", "", "--port", "1"],
        );
        let output = std::process::Command::new(&argv[0])
            .args(&argv[1..])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_server_gets_its_flags_and_each_module_that_is_there_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let program = path("server");
        fs::write(&program, "#!/bin/sh\nprintf '<%s>' \"$@\"\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["a.so", "b c.so", "d_plugin.so"] {
            fs::write(path(name), "").unwrap();
        }
        let named = ["a.so", "absent.so", "b c.so", "d_plugin.so", "a.so"].map(path);
        let flags = "<--save><><--port><1>";
        let (one, other) = (path("a.so"), path("b c.so"));
        assert_eq!(
            started(Some(&named), &program),
            format!("{flags}<--loadmodule><{other}><--loadmodule><{one}>")
        );
        assert_eq!(started(Some(&[]), &program), flags);
        assert_eq!(started(None, &program), flags);
        assert_eq!(started(None, "no-such-server"), "");
    }

    #[test]
    fn only_a_missing_module_is_named_and_a_built_in_one_is_of_a_newer_server() {
        let needs = |names: &[&str]| Census {
            modules: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Census::default()
        };
        let check = |names: &[&str], log: &str, reason, begins: &str| {
            let stopped = Stopped::new(Reason::ModuleMissing, "it lacks one");
            let stopped = missing(&[log.to_owned()], &needs(names), None, &stopped);
            assert_eq!(stopped.reason, reason);
            assert!(stopped.message.starts_with(begins), "{}", stopped.message);
        };
        let told = "The RDB file contains module data I can't load: no matching module type";
        let graph = format!("{told} 'graphdata'");
        check(
            &["graphdata"],
            &graph,
            Reason::ModuleMissing,
            "graphdata: it lacks",
        );
        check(
            &["ReJSON-RL", "graphdata"],
            &graph,
            Reason::ModuleMissing,
            "graphdata: it lacks",
        );
        let both = "ReJSON-RL, graphdata: it lacks";
        check(&["ReJSON-RL", "graphdata"], "", Reason::ModuleMissing, both);
        let vectors = format!("{told} 'vectorset'");
        check(
            &[],
            &vectors,
            Reason::NoImage,
            "vectorset is built into Redis from 8.0",
        );
    }
}

//! Modules of images: loaded as production loads them, and named where one is missing.

use catalog::{
    format::redis::{BUILT_IN, Census},
    ledger::Reason,
};

use super::{STAGE_MAX, log, writer::Writer};
use crate::{engine::Stopped, runtime::Command};

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

/// Beginning of the script. `$0` is the program, `$1` another that will do, and `$2` the number of
/// named files; these files follow, then the flags.
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

/// Body of the loop over modules. `RedisGears` is the only module of a known image that needs a
/// further argument to load.
const EACH: &str = r#"  is_new "$file" "$@" || continue
  set -- "$@" --loadmodule "$file"
  case $file in
    */redisgears.so) set -- "$@" v8-plugin-path "${file%/*}/libredisgears_v8_plugin.so" ;;
  esac
done
"#;

const END: &str = r#"command -v "$0" >/dev/null || exec "$other" "$@"
exec "$0" "$@""#;

/// The command that starts the first of two `programs` that is there, with these flags and with
/// modules: those of the image and the `named` files that are there. `None` loads no module at all.
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

/// Script that prints the place, from 0, of each of the files `$@` that is not there.
const LOOK: &str = r#"place=0
for file; do [ -f "$file" ] || echo "$place"; place=$((place + 1)); done"#;

/// The command that prints which of the `named` files are not there.
pub(super) fn look(named: &[String]) -> Command {
    let begin = ["sh", "-c", LOOK, "sh"].map(str::to_owned);
    Command::new(begin.into_iter().chain(named.iter().cloned()), STAGE_MAX)
}

/// The end of a run for want of a module, with what is wrong with the files that the configuration
/// names for servers in `image`. `looked` is the output of [`look`].
///
/// | of the named files | told |
/// |---|---|
/// | some are not there | the message names them as wrong |
/// | all are there | the hint says that they do not load, or are others |
pub(super) fn named_in_vain(
    stopped: &Stopped,
    named: &[String],
    looked: &str,
    image: &str,
) -> Stopped {
    let told = &stopped.message;
    let message = if let Some(absent) = absent(named, looked, image) {
        let what = told
            .split_once("\nhint: ")
            .map_or(&**told, |(what, _)| what);
        format!("{what}; {absent}\nhint: {MEND}.")
    } else {
        let there = there(image);
        format!("{told} What is named there is {there}, and does not load or is another module.")
    };
    Stopped::new(stopped.reason, message)
}

/// The sentence about modules that the configuration names and that a server in `image` restored
/// without, if any. `looked` is the output of [`look`]; `again` says that the server was started
/// once more, without any module.
///
/// | of the named files | told |
/// |---|---|
/// | some are not there | their names, and whether it was started again |
/// | all are there, and it was started again | that it ended with them |
/// | all are there, and it was not | nothing |
pub(super) fn without(named: &[String], looked: &str, image: &str, again: bool) -> Option<String> {
    const ENDED: &str = "the server ended before it read the file, and it was restored without any";
    if named.is_empty() {
        return None;
    }
    let message = match (absent(named, looked, image), again) {
        (Some(absent), false) => format!("{absent}; it was restored without\nhint: {MEND}"),
        (Some(absent), true) => format!("{absent}; with other modules {ENDED}\nhint: {MEND}"),
        (None, true) => format!(
            "with the modules of verifier.modules.redis and of the image {ENDED}\nhint: Name \
             modules made for this server"
        ),
        (None, false) => return None,
    };
    Some(format!("{message}, or take it out of verifier.modules."))
}

/// Hint what to do about a named file that is not there.
const MEND: &str = "Write where the file lies there, or put an image that has it into \
                    verifier.images.redis";

/// A clause that names the files that are not there; `None` if all are.
fn absent(named: &[String], looked: &str, image: &str) -> Option<String> {
    let places = looked.lines().filter_map(|it| it.parse::<usize>().ok());
    let absent = places.filter_map(|it| named.get(it)).map(String::as_str);
    let absent: Vec<_> = absent.collect();
    let are = match absent.len() {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    let (absent, there) = (absent.join(" and "), there(image));
    Some(format!(
        "verifier.modules.redis names {absent}, which {are} not {there}"
    ))
}

/// The place where a server looks for files: the machine for the process runtime, which has
/// programs by their paths, else the image.
fn there(image: &str) -> String {
    match image {
        program if program.starts_with('/') => "on this machine".to_owned(),
        image => format!("in {image}"),
    }
}

/// The end of a run, with the name of the missing module: the one that the server names, else all
/// that the file needs. A type that is built into newer servers is no module: then this server is
/// too old.
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
    #[expect(
        clippy::disallowed_methods,
        reason = "runs the script as a sandbox does"
    )]
    fn a_named_file_that_is_not_there_is_told_as_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        fs::write(path("a b.so"), "").unwrap();
        let check = |names: &[&str], expected: String| {
            let named: Vec<_> = names.iter().map(|name| path(name)).collect();
            let argv = look(&named).argv;
            let output = std::process::Command::new(&argv[0])
                .args(&argv[1..])
                .output()
                .unwrap();
            let looked = String::from_utf8(output.stdout).unwrap();
            let stopped = Stopped::new(Reason::ModuleMissing, "it lacks one\nhint: Name it.");
            let stopped = named_in_vain(&stopped, &named, &looked, "redis:9");
            assert_eq!(stopped.reason, Reason::ModuleMissing);
            assert!(
                stopped.message.starts_with(&expected),
                "{}",
                stopped.message
            );
        };
        let (one, two) = (path("1.so"), path("2.so"));
        let names = "it lacks one; verifier.modules.redis names";
        check(
            &["a b.so", "1.so"],
            format!("{names} {one}, which is not in redis:9\nhint: Write"),
        );
        check(
            &["1.so", "a b.so", "2.so"],
            format!("{names} {one} and {two}, which are not in redis:9\nhint: Write"),
        );
        let loads = "it lacks one\nhint: Name it. What is named there is in redis:9";
        check(&["a b.so"], loads.into());
    }

    #[test]
    fn what_a_server_restored_without_is_told() {
        let named = ["/1.so", "/2.so"].map(str::to_owned);
        let check = |named: &[String], looked, again, begins: &[&str]| {
            let told = without(named, looked, "redis:9", again);
            assert_eq!(told.is_some(), !begins.is_empty(), "{told:?}");
            for part in begins {
                assert!(
                    told.as_ref().is_some_and(|it| it.contains(part)),
                    "{told:?}"
                );
            }
        };
        let one = "verifier.modules.redis names /2.so, which is not in redis:9; ";
        let (ended, hint) = (
            "the server ended before it read the file",
            "\nhint: Write where ",
        );
        check(
            &named,
            "1\n",
            false,
            &[one, "; it was restored without\n", hint],
        );
        check(&named, "1\n", true, &[one, ended, hint]);
        check(&named, "", true, &[ended, "\nhint: Name modules"]);
        check(&named, "", false, &[]);
        check(&[], "", true, &[]);
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

//! Every message of the configuration, with its place.

use super::{HEAD, problems, source};

fn check(text: &str, expected: &[&str]) {
    assert_eq!(problems(text), expected, "{text}");
}

/// Checks that a source with these lines has this one problem.
fn check_source(lines: &str, expected: &str) {
    check(&source(lines), &[expected]);
}

#[test]
fn everything_wrong_is_said_at_once() {
    let text = "\
schema: 1
repositories: [{ name: Local, directory: /a, s3: { bucket: b } }]
evidence: { repository: { directory: /evidence } }
sources:
  - name: cache
    engine: redis
    repository: local
    path: \"redis/%Y%m%d-%Q.rdb\"
    schedule: \"61 * * * *\"
    time_zone: Mars/Olympus
    objectives: { retention: 30, recovery_pont: 1h }
";
    let found = problems(text);
    let lines: Vec<_> = found
        .iter()
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "2:24", "2:24", "7:17", "8:11", "9:15", "10:16", "11:30", "11:34"
        ],
        "{found:#?}"
    );
}

#[test]
fn what_is_missing_altogether_is_said() {
    check(
        "schema: 1\nrepositories: []\nsources: []\n",
        &[
            "1:1 : there are no repositories",
            "1:1 : there are no sources",
        ],
    );
    check(
        "schema: 0\nrepositories: []\nsources: []\n",
        &[
            "1:1 : there are no repositories",
            "1:1 : there are no sources",
            "1:9 schema: schema 0 does not exist | Write schema: 1.",
        ],
    );
}

#[test]
fn a_file_of_a_newer_version_is_read_as_far_as_it_is_known() {
    let text = source("    tomorrow: 1\n").replace("schema: 1", "schema: 2");
    let found = problems(&text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("1:9 schema: a newer version wrote this file"),
        "{found:#?}"
    );
    assert!(found[1].contains("tomorrow"), "{found:#?}");
    super::loaded(&text);
}

#[test]
fn names_lead_somewhere_and_are_used_once() {
    check_source(
        "    verify: { deadline: 2h, schedule: \"0 6 * * *\", when: new_snapshot }\n",
        "9:39 sources[0].verify.schedule: both schedule and when are written; a verification is due \
         by one",
    );
    let twice = source("") + "  - { name: cache, engine: files, repository: lokal, path: a%Y }\n";
    check(
        &twice,
        &[
            "9:13 sources[1].name: \"cache\" is already the name of source \"cache\"",
            "9:47 sources[1].repository: there is no repository \"lokal\" | Repositories of this file: \
         local.",
        ],
    );
    let engine = source("").replace("engine: redis", "engine: reddis");
    check(
        &engine,
        &[
            "6:13 sources[0].engine: there is no engine \"reddis\" | Engines of this version: redis, \
         neo4j, files.",
        ],
    );
    let repositories = source("").replace(
        "[{ name: local, directory: /backups }]",
        "[{ name: local, directory: /a }, { name: local }]",
    );
    check(
        &repositories,
        &[
            "2:56 repositories[1].name: there are two repositories \"local\"",
            "2:56 repositories[1].name: neither directory nor s3 is written | Write directory: /path, \
         or s3: { bucket: … }.",
        ],
    );
}

#[test]
fn a_promise_the_schedule_cannot_keep_is_doubtful() {
    check_source(
        "    schedule: \"0 2 * * 1-5\"\n    objectives: { recovery_point: 26h }\n",
        "5:5 sources[0]: schedule \"0 2 * * 1-5\" leaves 3d between two runs and cannot keep a \
         recovery_point of 1d2h | Run more often, or promise less.",
    );
    check_source(
        "    objectives: { recovery_point: 2h, alert_after: 1h }\n",
        "5:5 sources[0]: alert_after 1h is shorter than the promised recovery_point 2h",
    );
}

#[test]
fn artifacts_that_nobody_counts_are_doubtful_where_they_are_restored() {
    let path = "redis/%Y%m%d-%H%M.rdb";
    let uncounted = source("").replace(path, "redis/%Y%m%d-%H%M/*.rdb");
    let found = problems(&uncounted);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains("nothing says how many artifacts"),
        "{found:#?}"
    );
    let counted = source("    artifacts: { count: 3 }\n");
    check(&counted.replace(path, "redis/%Y%m%d-%H%M/*.rdb"), &[]);
    check(&uncounted.replace("engine: redis", "engine: files"), &[]);
}

#[test]
fn sources_and_evidence_keep_apart() {
    let shared = source("")
        + "  - { name: b, engine: redis, repository: local, path: redis/%Y%m%d-%H%M.* }\n";
    let found = problems(&shared);
    assert!(
        found[0].contains("its path may match the snapshots of b too"),
        "{found:#?}"
    );
    let inside = source("").replace("directory: /evidence", "directory: /backups/a");
    check(
        &inside.replace("redis/%Y%m%d-%H%M.rdb", "a/cache/%Y%m%d.json"),
        &[
            "3:25 evidence.repository: the evidence would lie among the snapshots of cache | Write it \
         to a directory or prefix of its own.",
        ],
    );
    check(&inside, &[]);
    let none = source("").replace("evidence: { repository: { directory: /evidence } }\n", "");
    check(
        &none,
        &[
            "4:5 sources[0]: no evidence is configured: no proof can be written or read | Add evidence: \
         { repository: { directory: … } }, or verify: false here.",
        ],
    );
}

#[test]
fn an_engine_that_cannot_be_restored_has_no_verify() {
    let text = format!(
        "{HEAD}sources: [{{ name: a, engine: files, repository: local, path: \"%Y.tar\", verify: {{ \
         when: new_snapshot }} }}]\n"
    );
    check(
        &text,
        &[
            "4:30 sources[0].engine: engine files cannot be restored, so it has no verify | Remove \
         verify, or write verify: false.",
        ],
    );
}

#[test]
fn the_engine_reads_its_own_expectations() {
    let found = problems(&source(
        "    verify: { expect: { keys: { mim: 1 }, change: { max_drop: 200% } } }\n",
    ));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("9:33 sources[0].verify.expect.keys.mim:"),
        "{found:#?}"
    );
    assert!(found[0].contains("Did you mean min?"), "{found:#?}");
    assert!(
        found[1].starts_with("9:63 sources[0].verify.expect.change.max_drop:"),
        "{found:#?}"
    );
}

#[test]
fn a_key_of_one_engine_is_a_mistake_at_another() {
    check_source(
        "    magic: gzip\n",
        "9:5 sources[0].magic: engine redis knows no magic | Remove it; it is a key of engine files.",
    );
    let files = |lines: &str| {
        format!(
            "{HEAD}sources:\n  - name: a\n    engine: files\n    repository: local\n    \
             path: \"%Y%m%d.tar\"\n{lines}"
        )
    };
    check(&files("    magic: tar\n"), &[]);
    check(
        &files("    magic: tarr\n"),
        &[
            "9:12 sources[0].magic: \"tarr\" is not one of gzip, zstd, gpg, age, tar | Did you mean tar?",
        ],
    );
    check(
        &files("defaults: { files: { magic: bzip2 }, redis: { magic: tar } }\n"),
        &["9:29 sources[0].magic: \"bzip2\" is not one of gzip, zstd, gpg, age, tar"],
    );
    check(
        &(source("") + "defaults: { redis: { magic: tar } }\n"),
        &[
            "9:22 sources[0].magic: engine redis knows no magic | Remove it; it is a key of engine files.",
        ],
    );
}

#[test]
fn numbers_that_would_stop_everything_are_refused() {
    let text = source("")
        + "exporter: { refresh: 0s }\nverifier: { parallel: 0, runtime: podman, images: { redis: [], oracle: [a] } }\n";
    check(
        &text,
        &[
            "9:22 exporter.refresh: a refresh of zero would never rest",
            "10:23 verifier.parallel: parallel: 0 would never verify anything",
            "10:35 verifier.runtime: there is no runtime \"podman\" | Runtimes of this version: docker, \
         process.",
            "10:51 verifier.images: there is no engine \"oracle\" | Engines of this version: redis, neo4j, files.",
            "10:51 verifier.images: no image may restore redis: the list is empty",
        ],
    );
}

#[test]
fn what_is_not_built_yet_is_said_and_not_hidden() {
    let text = "\
schema: 1
repositories:
  - { name: cloud, s3: { bucket: b }, replica: { bucket: c } }
evidence: { repository: { directory: /e } }
exporter: { kubernetes: always }
verifier: { runtime: kubernetes, registry: {} }
sources:
  - name: cache
    engine: redis
    repository: cloud
    path: \"%Y%m%d.rdb\"
    producer: { cron_job: a/b }
";
    let found = problems(text);
    assert_eq!(found.len(), 5, "{found:#?}");
    for problem in &found {
        assert!(
            problem.ends_with("not built into this version: it has no effect"),
            "{problem}"
        );
    }
    super::loaded(text);
}

#[test]
fn a_rehearsal_that_tells_nothing_new_is_said() {
    let rehearse = |image: &str| format!("    verify: {{ rehearse: \"{image}\" }}\n");
    let next = source(&rehearse("redis:9"));
    check(&next, &[]);
    check_source(
        &rehearse(" "),
        "9:25 sources[0].verify.rehearse: rehearse names no image | Write the name of an image, or \
         remove what is empty.",
    );
    let same = "9:25 sources[0].verify.rehearse: it is rehearsed in the only image that also verifies it \
                | Name the image of the next version.";
    check_source(
        "    verify: { rehearse: \"redis:9\", image: \"redis:9\" }\n",
        same,
    );
    let only = "verifier: { images: { redis: [\"redis:9\"] } }\n";
    check(&format!("{next}{only}"), &[same]);
    let more = only.replace('[', "[\"redis:8\", ");
    check(&format!("{next}{more}"), &[]);
    // An engine may migrate a snapshot that this image does not open as it is.
    let graph = source(&rehearse("neo4j:5.26-community")).replace("redis\n", "neo4j\n");
    check(&graph, &[]);
}

#[test]
fn an_image_that_is_only_space_is_refused_where_it_stands() {
    let hint = "Write the name of an image, or remove what is empty.";
    for empty in ["", " ", "\\t"] {
        check_source(
            &format!("    verify: {{ image: \"{empty}\" }}\n"),
            &format!("9:22 sources[0].verify.image: image names no image | {hint}"),
        );
        let images = format!("verifier: {{ images: {{ redis: [\"redis:9\", \"{empty}\"] }} }}\n");
        check(
            &(source("") + &images),
            &[&format!(
                "9:42 verifier.images.redis[1]: the list names no image | {hint}"
            )],
        );
    }
}

#[test]
fn the_image_of_a_rehearsal_reaches_whoever_asks_for_it() {
    let check = |lines: &str, expected: Option<&str>| {
        let config = super::loaded(&source(lines)).config;
        let rehearsal = config.rehearsal_of(&config.sources[0]);
        assert_eq!(rehearsal.as_deref(), expected, "{lines}");
    };
    check("", None);
    check("    verify: false\n", None);
    let next = "    verify: { rehearse: \"redis:9\" }\n";
    check(next, Some("redis:9"));
    check(&format!("{next}verifier: {{ runtime: process }}\n"), None);
}

#[test]
fn modules_are_absolute_paths_of_engines_whose_servers_load_any() {
    let with = |modules: &str| format!("{}verifier: {{ modules: {modules} }}\n", source(""));
    check(&with("{ redis: [/opt/mine.so] }"), &[]);
    let found = problems(&with(
        "{ redis: [mine.so], neo4j: [/a.so], other: [/b.so] }",
    ));
    assert_eq!(found.len(), 3, "{found:?}");
    let said = |text: &str| found.iter().any(|it| it.contains(text));
    assert!(said("\"mine.so\" is no absolute path"), "{found:?}");
    assert!(
        said("the servers of engine neo4j load no modules"),
        "{found:?}"
    );
    assert!(said("there is no engine \"other\""), "{found:?}");
}

/// Problems of a file with one source of these lines, and with `below` after it.
fn proven(lines: &str, below: &str) -> Vec<String> {
    problems(&format!(
        "schema: 1\nrepositories: [{{ name: local, directory: /backups }}]\n\
         evidence: {{ repository: {{ directory: /e }} }}\nsources:\n  - name: cache\n    \
         engine: redis\n    repository: local\n    path: \"%Y%m%d.rdb\"\n{lines}{below}"
    ))
}

#[test]
fn snapshots_that_are_gone_before_the_next_is_verified_are_warned_of() {
    let lives = |keep: &str, verify: &str| {
        let lines =
            format!("    objectives: {{ retention: {keep} }}\n    verify: {{ {verify} }}\n");
        proven(&lines, "")
    };
    let daily = "schedule: \"0 6 * * *\"";
    let found = lives("6h", daily);
    let [warning] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert!(
        warning.contains("kept for 6h, and one is verified every 1d"),
        "{warning}"
    );
    assert_eq!(lives("6h", "when: new_snapshot"), Vec::<String>::new());
    assert_eq!(lives("2d", daily), Vec::<String>::new());
    // By default a proof is renewed after two thirds of a week.
    assert_eq!(lives("4d", "").len(), 1);
    assert_eq!(lives("5d", ""), Vec::<String>::new());
}

#[test]
fn after_how_many_inconclusive_runs_people_are_told_is_acted_upon() {
    let after = |slack: &str| proven("", &format!("verifier: {{ slack: {slack} }}\n"));
    assert_eq!(after("{ inconclusive_after: 5 }"), Vec::<String>::new());
    let bad = |slack: &str, words: &str| {
        let found = after(slack);
        assert!(found[0].contains(words), "{found:#?}");
    };
    bad(
        "{ inconclusive_after: 0 }",
        "is a number of runs, at least 1",
    );
    bad(
        "{ inconclusive_after: few }",
        "expected a whole number, found",
    );
    let two = "[{ inconclusive_after: 9 }, { inconclusive_after: 0 }]";
    bad(two, "is a number of runs, at least 1");
}

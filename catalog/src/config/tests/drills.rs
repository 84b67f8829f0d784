//! What is written of drills, and everything that may be wrong with it.

use super::{loaded, problems, source};

/// Problems of a file with the sources `cache`, `graph` and `secrets`, and with this drill.
fn of(drill: &str) -> Vec<String> {
    problems(&file(drill))
}

fn file(drills: &str) -> String {
    let more = "  - { name: graph, engine: neo4j, repository: local, path: \"g%Y%m%d.dump\" }\n  \
                - { name: secrets, engine: files, repository: local, path: \"s%Y%m%d.gpg\" }\n";
    source(more) + &format!("drills: [{drills}]\n")
}

#[test]
fn a_drill_is_read_with_its_order_and_its_objective() {
    let drill = "{ name: full, schedule: \"0 3 1 * *\", sources: [graph, cache], \
                 after: { cache: [graph] }, recovery_time: 4h }";
    let config = loaded(&(file(drill) + "verifier: { time_zone: Europe/Berlin }\n")).config;
    let [drill] = config.drills.as_slice() else {
        panic!("{:#?}", config.drills)
    };
    let [graph, cache] = drill.sources.as_slice() else {
        panic!("{:#?}", drill.sources)
    };
    assert_eq!(drill.name.as_str(), "full");
    assert_eq!(drill.before(cache), std::slice::from_ref(graph));
    assert_eq!(drill.before(graph), []);
    assert_eq!(
        drill.recovery_time.map(|it| it.as_std().as_secs()),
        Some(14_400)
    );
    let slot = drill
        .schedule
        .as_ref()
        .and_then(|it| it.next("2026-11-15T00:00:00Z".parse().unwrap()));
    assert_eq!(slot, Some("2026-12-01T02:00:00Z".parse().unwrap()));
    assert!(
        loaded(&file("{ name: by-hand, sources: [cache] }"))
            .config
            .drills[0]
            .schedule
            .is_none()
    );
    assert_eq!(of(""), Vec::<String>::new());
}

#[test]
fn everything_wrong_with_a_drill_is_said_at_its_place() {
    let check = |drills: &str, expected: &[&str]| assert_eq!(of(drills), expected, "{drills}");
    check(
        "{ name: Full, sources: [cach] }",
        &[
            "11:18 drills[0].name: \"Full\" is not a name: 1 to 53 of a-z, 0-9 and -, beginning and \
             ending with a letter or digit",
            "11:34 drills[0].sources[0]: there is no source \"cach\" | Sources of this file: cache, \
             graph, secrets.",
        ],
    );
    check(
        "{ name: a, sources: [cache, cache, secrets] }, { name: a, sources: [], recovery_time: 0s }",
        &[
            "11:38 drills[0].sources[1]: source \"cache\" is named twice",
            "11:45 drills[0].sources[2]: no proof is expected of source \"secrets\": it has no \
             verify | Leave it out of the drill, or remove `verify: false` where its engine can \
             restore.",
            "11:65 drills[1].name: there are two drills \"a\"",
            "11:77 drills[1].sources: a drill without sources restores nothing",
            "11:96 drills[1].recovery_time: a recovery_time of zero can never be kept",
        ],
    );
    check(
        "{ name: a, sources: [cache], after: { cache: [graph] } }",
        &[
            "11:56 drills[0].after.cache[0]: \"graph\" is no source of this drill | Add it to \
             `sources` of the drill, or take it out of `after`.",
        ],
    );
    check(
        "{ name: a, sources: [cache], after: { graph: cache } }",
        &[
            "11:55 drills[0].after.graph: \"graph\" is no source of this drill | Add it to \
             `sources` of the drill, or take it out of `after`.",
        ],
    );
    check(
        "{ name: a, sources: [cache, graph], after: { cache: [graph], graph: [cache] } }",
        &[
            "11:53 drills[0].after: no source can begin: cache after graph after cache | Take one \
             of them out of `after`.",
        ],
    );
    check(
        "{ name: a, sources: [cache], after: { cache: [cache] }, schedule: \"61 * * * *\" }",
        &[
            "11:46 drills[0].after: no source can begin: cache after cache | Take one of them out \
             of `after`.",
            "11:76 drills[0].schedule: \"61 * * * *\" is not a cron expression: minute 61 \
             is over 59",
        ],
    );
}

#[test]
fn a_source_that_is_wrong_itself_is_not_told_as_unknown() {
    let text = file("{ name: a, sources: [cache] }").replace("engine: redis", "engine: reddis");
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
}

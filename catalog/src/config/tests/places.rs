//! Where repositories and evidence lie, as far as it can be judged unasked.

use super::{problems, source};
use crate::storage::S3;

#[test]
fn a_place_that_is_written_wrongly_is_not_also_said_to_be_missing() {
    let local = "{ name: local, directory: /backups }";
    let found = |repository: &str| problems(&source("").replace(local, repository));
    let gone = "7:17 sources[0].repository: there is no repository \"local\" | Repositories of this \
                file: .";
    let places = [
        (
            "{ name: local, s3: {} }",
            "[0].s3: the key bucket is missing",
        ),
        (
            "{ name: local, directory: [a] }",
            "[0].directory: expected text, found a list",
        ),
        ("local", "[0]: expected a mapping, found \"local\""),
    ];
    for (repository, said) in places {
        let [wrong, after] = &found(repository)[..] else {
            panic!("{:#?}", found(repository))
        };
        assert!(wrong.ends_with(said), "{wrong}");
        assert_eq!(after, gone);
    }
    // Problems of places are reported whatever else is wrong with the file, and all of them.
    let text = "repositories: [{ nam: a, s3: { bucket: a/b } }]\n\
                evidence: { repository: { directory: /e, s3: [] } }\n";
    let found = problems(text).join("\n");
    for said in [
        "1:18 repositories[0].nam: unknown key",
        "2:25 evidence.repository: both directory and s3 are written; a repository is one of them",
        "2:46 evidence.repository.s3: expected a mapping, found a list",
        "the key schema is missing",
    ] {
        assert!(found.contains(said), "{said}\n{found}");
    }
}

#[test]
fn evidence_lies_apart_from_snapshots_in_a_bucket_too() {
    let check = |repository: &str, path: &str, evidence: &str, expected: bool| {
        let text = format!(
            "schema: 1\nrepositories: [{{ name: cloud, s3: {{ {repository} }} }}]\n\
             evidence: {{ repository: {{ s3: {{ {evidence} }} }} }}\n\
             sources:\n  - {{ name: cache, engine: files, repository: cloud, path: \"{path}\" }}\n"
        );
        let found = problems(&text);
        let said = "the evidence would lie among the snapshots of cache | Write it to a directory or \
                    prefix of its own.";
        let is_said = found.iter().any(|it| it.ends_with(said));
        assert_eq!(is_said, expected, "{text}{found:#?}");
    };
    let (bucket, dated) = ("bucket: b, prefix: prod/", "files/%Y%m%d.tar");
    check(bucket, dated, "bucket: b, prefix: prod/files", true);
    check(
        bucket,
        dated,
        "bucket: b, prefix: prod/files/evidence",
        true,
    );
    check(bucket, dated, "bucket: b, prefix: prod/filesystem", false);
    check(bucket, dated, "bucket: b, prefix: prod/evidence", false);
    check(bucket, dated, "bucket: b, prefix: evidence", false);
    check(bucket, dated, "bucket: b", false);
    check(bucket, dated, "bucket: c, prefix: prod/files", false);
    let elsewhere = "bucket: b, prefix: prod/files, endpoint: \"http://h\"";
    check(bucket, dated, elsewhere, false);
    check("bucket: b", "cache/*.json", "bucket: b", true);
    check("bucket: b, prefix: ca", "che/*.json", "bucket: b", true);
}

#[test]
fn a_bucket_is_checked_as_far_as_it_can_be_unasked() {
    let file = |s3: &str| {
        source("").replace(
            "{ name: local, directory: /backups }",
            &format!("{{ name: local, s3: {s3} }}"),
        )
    };
    let check = |s3: &str, expected: &[&str]| {
        let place = "2:35 repositories[0].s3: ";
        let expected: Vec<_> = expected.iter().map(|it| format!("{place}{it}")).collect();
        assert_eq!(problems(&file(s3)), expected, "{s3}");
    };
    check(
        "{ bucket: b, prefix: a/, endpoint: \"http://h:9000\" }",
        &[],
    );
    check(
        "{ bucket: b, role_arn: r, external_id: e, profile: p }",
        &[],
    );
    check(
        "{ bucket: b/c, prefix: a, endpoint: h }",
        &[
            "\"b/c\" is not the name of a bucket | What stands before all keys is the prefix.",
            "the prefix \"a\" does not end with /: paths begin with what follows it",
            "the endpoint \"h\" is not a URL | Write https://host, or http://host:port.",
        ],
    );
    for endpoint in [
        "https://u:pa@h",
        "http://u@h:9000/",
        "u:pa@h",
        "https://u:p/a@h",
    ] {
        check(
            &format!("{{ bucket: b, endpoint: \"{endpoint}\" }}"),
            &[
                "the endpoint names a user, who is not asked for | Write https://host; keys go to \
               access_key_id_file and secret_access_key_file.",
            ],
        );
    }
    check(
        "{ bucket: b, access_key_id_file: k, external_id: e }",
        &[
            "access_key_id_file and secret_access_key_file belong together",
            "an external_id is given with a role_arn, and none is written",
        ],
    );
    check(
        "{ bucket: b, access_key_id_file: k, secret_access_key_file: s, profile: p }",
        &["both a profile and key files are written; credentials come from one"],
    );
    let text = file("{ bucket: b, access_key_id_file: k, secret_access_key_file: /s, ca_file: c }");
    let location = &super::loaded(&text).config.repositories[0].location;
    let s3 = location.config::<S3>().expect("a bucket");
    let files = [
        &s3.access_key_id_file,
        &s3.secret_access_key_file,
        &s3.ca_file,
    ];
    let files = files.map(|file| file.as_ref().unwrap().to_str().unwrap());
    assert_eq!(
        files,
        ["/etc/k", "/s", "/etc/c"],
        "relative to the configuration"
    );
}

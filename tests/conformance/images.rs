//! Images: pulled or built here, each holds what sandboxes and sources call, for the same user at
//! the same place.
//!
//! It must not need the network: containers run as sandboxes do, with none.

use std::process::Command;

/// The table that `scripts/images` reads as well.
const VERSIONS: &str = include_str!("../images/versions");

/// What verifier and tests call in a container, and the official images hold (architecture, §4).
const TOOLS: &str = "sh bash cat sleep setsid sha256sum sync mv mkdir df stat id";

/// A row of the table.
struct Row {
    image: &'static str,
    package: &'static str,
    version: &'static str,
    family: &'static Family,
}

/// What the official images of one maker have in common.
struct Family {
    tools: &'static str,
    id: &'static str,
    directory: &'static str,
    entry: &'static str,
}

const REDIS: Family = Family {
    tools: "redis-server redis-cli redis-check-rdb",
    id: "999:999",
    directory: "/data",
    entry: "[docker-entrypoint.sh]",
};

const NEO4J: Family = Family {
    tools: "neo4j neo4j-admin java tini",
    id: "7474:7474",
    directory: "/var/lib/neo4j",
    entry: "[tini -g -- /startup/docker-entrypoint.sh]",
};

impl Row {
    /// The command of the image.
    fn server(&self) -> &'static str {
        if self.package.ends_with("-server") {
            self.package
        } else {
            "neo4j"
        }
    }

    /// The user it runs as.
    fn user(&self) -> &'static str {
        self.server().trim_end_matches("-server")
    }
}

fn rows() -> impl Iterator<Item = Row> {
    let rows = VERSIONS.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| match row.split_whitespace().collect::<Vec<_>>()[..] {
        [image, source, _suite, package, version] => Row {
            image,
            package,
            version,
            family: match source {
                "debian" => &REDIS,
                "maven" => &NEO4J,
                other => panic!("nobody makes {other}"),
            },
        },
        _ => panic!("a row of five columns: {row:?}"),
    })
}

/// The image, run as a sandbox would run it; what it printed.
fn run(row: &Row, command: &[&str]) -> String {
    let user = format!("--user={}", row.family.id);
    let limits = [
        "--rm",
        "--network=none",
        "--read-only",
        &user,
        "--entrypoint=",
        "--cap-drop=ALL",
    ];
    docker(
        &[
            &["run"],
            &limits[..],
            &["--security-opt=no-new-privileges", row.image],
            command,
        ]
        .concat(),
    )
}

fn docker(arguments: &[&str]) -> String {
    let mut command = Command::new("timeout");
    let output = command
        .args(["180", "docker"])
        .args(arguments)
        .output()
        .expect("docker runs and prints text");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8(output.stdout)
        .expect("docker runs and prints text")
        .trim()
        .to_owned()
}

fn present() -> Vec<Row> {
    let there = |row: &Row| !tests::require::skipped(row.image, tests::require::image(row.image));
    rows().filter(there).collect()
}

#[test]
fn every_image_holds_what_sandboxes_call() {
    for row in present() {
        let (image, tools) = (row.image, row.family.tools);
        let ask = format!(
            "for tool in {TOOLS} {tools}; do command -v $tool >/dev/null || echo $tool; done"
        );
        assert_eq!(run(&row, &["sh", "-c", &ask]), "", "missing in {image}");
    }
}

#[test]
fn the_data_directory_is_the_servers_own() {
    for row in present() {
        let (image, user, directory) = (row.image, row.user(), row.family.directory);
        let ask = "id -un; pwd; touch /data/file && stat -c %U:%G /data/file";
        assert_eq!(
            run(&row, &["sh", "-c", ask]),
            format!("{user}\n{directory}\n{user}:{user}"),
            "{image}"
        );
    }
}

#[test]
fn the_server_is_of_the_minor_version_that_is_written_down() {
    for row in present() {
        let (minor, _) = row.version.rsplit_once('.').unwrap();
        let (said, wanted) = match row.server() {
            "neo4j" => (
                run(&row, &["neo4j-admin", "--version"]),
                format!("{minor}."),
            ),
            _ => (
                run(&row, &["redis-server", "--version"]),
                format!("v={minor}."),
            ),
        };
        assert!(said.contains(&wanted), "{}: {said}", row.image);
    }
}

#[test]
fn the_entry_point_and_the_command_are_the_official_ones() {
    let format = "{{ .Config.Entrypoint }} {{ .Config.Cmd }} {{ .Config.WorkingDir }}";
    for row in present() {
        let (image, family) = (row.image, row.family);
        let said = docker(&["image", "inspect", "--format", format, image]);
        assert_eq!(
            said,
            format!("{} [{}] {}", family.entry, row.server(), family.directory),
            "{image}"
        );
    }
}

//! Images: pulled or built here, each holds what sandboxes and sources call, for the same user at
//! the same place.
//!
//! It must not need the network: containers run as sandboxes do, with none.

use std::process::Command;

/// The table that `scripts/images` reads as well.
const VERSIONS: &str = include_str!("../images/versions");

/// What verifier and tests call in a container, and the official images hold (architecture, §4).
const TOOLS: &str = "sh bash cat sleep setsid sha256sum sync mv df stat id redis-server redis-cli \
                     redis-check-rdb";

/// Image, server and version of each row.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = VERSIONS.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| match row.split_whitespace().collect::<Vec<_>>()[..] {
        [image, _source, _suite, server, version] => (image, server, version),
        _ => panic!("a row of five columns: {row:?}"),
    })
}

/// The image, run as a sandbox would run it; what it printed.
fn run(image: &str, command: &[&str]) -> String {
    let limits = [
        "--rm",
        "--network=none",
        "--read-only",
        "--user=999:999",
        "--cap-drop=ALL",
    ];
    docker(
        &[
            &["run"],
            &limits[..],
            &["--security-opt=no-new-privileges", image],
            command,
        ]
        .concat(),
    )
}

fn docker(arguments: &[&str]) -> String {
    let mut command = Command::new("timeout");
    let output = command
        .args(["60", "docker"])
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

fn present() -> Vec<(&'static str, &'static str, &'static str)> {
    let there = |image: &str| !tests::require::skipped(image, tests::require::image(image));
    rows().filter(|(image, ..)| there(image)).collect()
}

#[test]
fn every_image_holds_what_sandboxes_call() {
    for (image, ..) in present() {
        let ask =
            format!("for tool in {TOOLS}; do command -v $tool >/dev/null || echo $tool; done");
        assert_eq!(run(image, &["sh", "-c", &ask]), "", "missing in {image}");
    }
}

#[test]
fn the_data_directory_is_the_servers_own() {
    for (image, server, _) in present() {
        let user = server.trim_end_matches("-server");
        let ask = "id -un; pwd; touch /data/file && stat -c %U:%G /data/file";
        assert_eq!(
            run(image, &["sh", "-c", ask]),
            format!("{user}\n/data\n{user}:{user}"),
            "{image}"
        );
    }
}

#[test]
fn the_server_is_of_the_minor_version_that_is_written_down() {
    for (image, _, version) in present() {
        let (minor, _) = version.rsplit_once('.').unwrap();
        let said = run(image, &["redis-server", "--version"]);
        assert!(said.contains(&format!("v={minor}.")), "{image}: {said}");
    }
}

#[test]
fn the_entry_point_and_the_command_are_the_official_ones() {
    let format = "{{ .Config.Entrypoint }} {{ .Config.Cmd }} {{ .Config.WorkingDir }}";
    for (image, server, _) in present() {
        let said = docker(&["image", "inspect", "--format", format, image]);
        assert_eq!(
            said,
            format!("[docker-entrypoint.sh] [{server}] /data"),
            "{image}"
        );
    }
}

//! Checks of what is wrong only between parts of the file, or doubtful although it can be read.

mod apart;

use settings::{Located, Place, Problems};

use super::{
    Config, Due, Source,
    written::{self, WrittenRepository, WrittenSource},
};
use crate::assess::VERIFICATION;

/// Refuses a file without repositories or sources, and an empty list of images.
pub(super) fn nothing_here(file: &written::File, config: &Config, problems: &mut Problems) {
    for (empty, what) in [
        (file.repositories.is_empty(), "repositories"),
        (file.sources.is_empty(), "sources"),
    ] {
        if empty {
            problems.error(&Place::whole(), format!("there are no {what}"));
        }
    }
    for (engine, images) in &config.verifier.images {
        if images.is_empty() {
            let place = file.verifier.as_ref().and_then(|it| it.images.as_ref());
            let place = place.map_or_else(Place::whole, |images| images.place.clone());
            let message = format!("no image may restore {engine}: the list is empty");
            problems.error(&place, message);
        }
    }
}

/// Refuses an empty name of an image. `what` begins the message and ends in `names`.
pub(super) fn image(image: &Located<String>, what: &str, problems: &mut Problems) {
    if image.value.trim().is_empty() {
        let hint = "Write the name of an image, or remove what is empty.";
        let message = format!("{what} no image");
        problems.error(&image.place, message).hint(hint);
    }
}

/// Warns of a key without effect. `what` begins the message and ends in `is` or `are`.
pub(super) fn unbuilt(place: &Place, what: &str, problems: &mut Problems) {
    let message = format!("{what} not built into this version: it has no effect");
    problems.warning(place, message);
}

/// Warns of keys of the contract that this version accepts and does not act upon: said, not hidden.
pub(super) fn not_yet(file: &written::File, problems: &mut Problems) {
    let mut say = |place: &Place, what: &str| unbuilt(place, what, problems);
    let verifier = file.verifier.as_ref();
    let sections = [(
        verifier.and_then(|it| it.registry.as_ref()),
        "a registry of one's own is",
    )];
    for (section, what) in sections {
        if let Some(section) = section {
            say(&section.place(), what);
        }
    }
    let kubernetes = file.exporter.as_ref().and_then(|it| it.kubernetes.as_ref());
    if let Some(asked) = kubernetes.filter(|it| it.value != written::Kubernetes::Never) {
        say(&asked.place, "asking Kubernetes is");
    }
}

/// Warns of keys of one repository that this version does not act upon.
pub(super) fn not_yet_there(repository: &WrittenRepository, problems: &mut Problems) {
    if let Some(replica) = &repository.replica {
        unbuilt(&replica.place, "auditing a replica is", problems);
    }
    if let Some(require) = &repository.require {
        let what = "auditing policies of a repository is";
        unbuilt(&require.place, what, problems);
    }
}

/// Warns of keys of one source that this version does not act upon.
pub(super) fn not_yet_of(source: &WrittenSource, problems: &mut Problems) {
    if let Some(producer) = &source.producer {
        unbuilt(&producer.place(), "asking a producer is", problems);
    }
}

/// Checks what only shows when several parts are held side by side.
pub(super) fn across(file: &written::File, config: &Config, problems: &mut Problems) {
    other_runtimes(file, config, problems);
    for (index, source) in config.sources.iter().enumerate() {
        promises(source, problems);
        short_lives(source, problems);
        rehearsal(config, source, problems);
        for other in &config.sources[index + 1..] {
            let same = source.repository == other.repository;
            if same && source.layout.overlaps(&other.layout) {
                let message = format!("its path may match the snapshots of {} too", other.name);
                problems.warning(&source.place, message);
            }
        }
    }
    let expected = config.sources.iter().find(|source| source.verify.is_some());
    match &config.evidence {
        Some(evidence) => apart::evidence(file, config, &evidence.location, problems),
        None => {
            if let Some(source) = expected {
                let message = "no evidence is configured: no proof can be written or read";
                problems
                    .warning(&source.place, message)
                    .hint("Add evidence: { repository: { directory: … } }, or verify: false here.");
            }
        }
    }
}

/// Warns of keys that only another runtime than the chosen one looks at.
fn other_runtimes(file: &written::File, config: &Config, problems: &mut Problems) {
    let verifier = file.verifier.as_ref();
    let runtime = config.verifier.runtime;
    if runtime.has_images {
        if let Some(programs) = verifier.and_then(|it| it.programs.as_ref()) {
            // The name as written, which may be of no known runtime.
            let written = verifier.and_then(|it| it.runtime.as_deref());
            let runtime = written.map_or(runtime.name, String::as_str);
            let message =
                format!("the runtime {runtime} has its own programs: programs has no effect");
            problems.warning(&programs.place, message);
        }
        return;
    }
    let mut say = |place: Option<&Place>, key: &str| {
        if let Some(place) = place {
            let message = format!(
                "the runtime {} has no images: {key} has no effect",
                runtime.name
            );
            problems.warning(place, message);
        }
    };
    say(
        verifier.and_then(|it| Some(&it.images.as_ref()?.place)),
        "images",
    );
    say(
        verifier.and_then(|it| Some(&it.pull.as_ref()?.place)),
        "pull",
    );
    for verify in config.sources.iter().filter_map(|it| it.verify.as_ref()) {
        say(verify.image.as_ref().map(|it| &it.place), "image");
        say(verify.rehearse.as_ref().map(|it| &it.place), "rehearse");
    }
}

/// Warns of a rehearsal that can tell nothing new.
fn rehearsal(config: &Config, source: &Source, problems: &mut Problems) {
    let verify = source.verify.as_ref();
    let Some(image) = verify.and_then(|verify| verify.rehearse.as_ref()) else {
        return;
    };
    let only = [image.value.clone()];
    let is_only = config.images_of(source) == only && config.verifier.runtime.has_images;
    if is_only && !source.format.migrates() {
        problems
            .warning(
                &image.place,
                "it is rehearsed in the only image that also verifies it",
            )
            .hint("Name the image of the next version.");
    }
}

/// Warns of snapshots that are gone before the next one is verified: for a part of the time no
/// verified snapshot lies there, and nothing is recoverable by proof.
fn short_lives(source: &Source, problems: &mut Problems) {
    let retention = source.objectives.retention.iter();
    let (Some(keep), Some(verify)) = (retention.map(|tier| tier.keep).max(), &source.verify) else {
        return;
    };
    let promised = source.objectives.verification.unwrap_or(VERIFICATION);
    let between = match &verify.due {
        Due::NewSnapshot => return,
        Due::Schedule(schedule) => schedule.longest_gap(),
        // A proof is renewed in the last third of its life.
        Due::Objective => settings::Duration::from(promised.as_std() / 3 * 2),
    };
    if keep < between {
        let message = format!(
            "its snapshots are kept for {keep}, and one is verified every {between}: in between, \
             none that was verified lies there"
        );
        let hint = "Verify more often (verify: { when: new_snapshot }), or keep them longer.";
        problems.warning(&source.place, message).hint(hint);
    }
}

fn promises(source: &Source, problems: &mut Problems) {
    let place = &source.place;
    let objectives = &source.objectives;
    let Some(promise) = objectives.recovery_point else {
        return;
    };
    if let Some(alert) = objectives.alert_after
        && alert < promise
    {
        let message =
            format!("alert_after {alert} is shorter than the promised recovery_point {promise}");
        problems.warning(place, message);
    }
    let Some(schedule) = &source.schedule else {
        return;
    };
    let gap = schedule.longest_gap();
    if promise < gap {
        let message = format!(
            "schedule {:?} leaves {gap} between two runs and cannot keep a recovery_point of \
             {promise}",
            schedule.text()
        );
        problems
            .warning(place, message)
            .hint("Run more often, or promise less.");
    }
}

//! One source of the file, completed by the defaults of its engine.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use settings::{Duration, Located, Place, Problems, Section, Size, Switch};

use super::{
    Due, Repository, Source, Verify, checks,
    reading::{Reading, known_engines},
    settling,
    written::{
        self, When, WrittenManifest, WrittenObjectives, WrittenSource, WrittenTier, WrittenVerify,
    },
};
use crate::{
    assess::{Objectives, Tier},
    format::{FORMATS, Format, Settings, format},
    grouping::{ArtifactRule, Completeness, ManifestRule},
    layout::{Layout, Pattern},
    model::{RepositoryName, SourceName},
};

/// Reads every source. One that cannot be read is left out, and a problem says why.
pub(super) fn read_all(
    reading: &mut Reading<'_>,
    file: &written::File,
    repositories: &[Repository],
    verify_zone: &TimeZone,
) -> Vec<Source> {
    for (engine, section) in defaults(file) {
        if format(&engine).is_none() {
            let message = format!("there is no engine {engine:?}");
            reading
                .problems
                .error(&section.place(), message)
                .hint(known_engines());
        }
    }
    let mut seen = HashMap::new();
    let mut sources = Vec::new();
    for section in &file.sources {
        let engine = section.get("engine");
        let engine = engine
            .as_ref()
            .and_then(|engine| engine.node().text())
            .unwrap_or_default();
        let defaults = file
            .defaults
            .as_ref()
            .and_then(|defaults| defaults.get(engine));
        let joined = defaults.map_or_else(|| section.clone(), |defaults| section.or(&defaults));
        let (engines_own, common) = joined.split(|key| engines_of(key).next().is_some());
        let Some(written) = common.read::<WrittenSource>(reading.problems) else {
            continue;
        };
        once(&written, &mut seen, reading.problems);
        checks::not_yet_of(&written, reading.problems);
        let context = Context {
            repositories,
            verify_zone,
            own: section,
            engines_own: &engines_own,
        };
        sources.extend(read(reading, &written, &context));
    }
    sources
}

fn defaults(file: &written::File) -> Vec<(String, Section)> {
    let Some(defaults) = &file.defaults else {
        return Vec::new();
    };
    let entries = defaults.node().entries().filter_map(|(key, _)| {
        let engine = key.text()?;
        Some((engine.to_owned(), defaults.get(engine)?))
    });
    entries
        .filter(|(engine, _)| !engine.starts_with("x-"))
        .collect()
}

/// Checks that names are unique, former ones included: two sources must never write one ledger.
fn once(source: &WrittenSource, seen: &mut HashMap<String, String>, problems: &mut Problems) {
    let place = &source.name.place;
    let mut own = HashSet::new();
    for name in std::iter::once(&source.name.value).chain(&source.formerly) {
        if !own.insert(name) {
            continue;
        }
        if let Some(other) = seen.insert(name.clone(), source.name.value.clone()) {
            let message = format!("{name:?} is already the name of source {other:?}");
            problems.error(place, message);
        }
    }
}

struct Context<'a> {
    repositories: &'a [Repository],
    verify_zone: &'a TimeZone,
    /// The section written at the source itself, without defaults.
    own: &'a Section,
    /// The keys that only sources of some engines have.
    engines_own: &'a Section,
}

fn read(
    reading: &mut Reading<'_>,
    written: &WrittenSource,
    context: &Context<'_>,
) -> Option<Source> {
    let place = &written.name.place;
    let name = reading.ok(place, SourceName::new(&written.name));
    let formerly: Vec<_> = written
        .formerly
        .iter()
        .map(String::as_str)
        .map(SourceName::new)
        .collect();
    let formerly = formerly
        .into_iter()
        .filter_map(|old| reading.ok(place, old))
        .collect();
    let format = format(&written.engine).or_else(|| {
        let message = format!("there is no engine {:?}", written.engine.value);
        reading
            .problems
            .error(&written.engine.place, message)
            .hint(known_engines());
        None
    });
    let repository = repository(&written.repository, context.repositories, reading.problems);
    let zone = reading.time_zone(written.time_zone.as_ref());
    let layout = layout(reading, written, zone.clone());
    let schedule = reading.schedule(written.schedule.as_ref(), &zone);
    let settle = settling::settle(written, schedule.as_ref(), reading.problems);
    let is_own = context.own.get("settle").is_some();
    settling::without_effect(written, context.repositories, is_own, reading.problems);
    let completeness = completeness(reading, written, format, settle);
    let objectives = objectives(reading, written.objectives.as_ref());
    let format = format?;
    let settings = settings(reading.problems, format, context.engines_own);
    let verify = verify(reading, written, format, context);
    Some(Source {
        name: name?,
        place: context.own.place(),
        formerly,
        format,
        settings: settings?,
        repository: repository?,
        layout: layout?,
        completeness,
        schedule,
        objectives,
        settle,
        grace: written.grace,
        owner: written.owner.clone(),
        verify,
    })
}

/// Formats of the engines whose sources have this key of their own.
fn engines_of(key: &str) -> impl Iterator<Item = &'static dyn Format> {
    FORMATS
        .into_iter()
        .filter(move |format| format.keys().iter().any(|own| own.name == key))
}

/// Reads the keys that sources of this engine have of their own; those of other engines are an
/// error.
fn settings(
    problems: &mut Problems,
    format: &'static dyn Format,
    section: &Section,
) -> Option<Settings> {
    let engine = format.engine();
    let (own, foreign) = section.split(|key| engines_of(key).any(|it| it.engine() == engine));
    for (key, _) in foreign.node().entries() {
        let name = key.text().unwrap_or_default();
        let owners: Vec<_> = engines_of(name).map(|it| it.engine().as_str()).collect();
        let place = Place {
            at: key.at(),
            path: format!("{}.{name}", foreign.place().path),
        };
        let message = format!("engine {engine} knows no {name}");
        let hint = format!("Remove it; it is a key of engine {}.", owners.join(", "));
        problems.error(&place, message).hint(hint);
    }
    format.settings(&own, problems)
}

fn repository(
    written: &Located<String>,
    known: &[Repository],
    problems: &mut Problems,
) -> Option<RepositoryName> {
    let found = known
        .iter()
        .find(|repository| repository.name.as_str() == written.value);
    if found.is_none() {
        let names: Vec<_> = known
            .iter()
            .map(|repository| repository.name.as_str())
            .collect();
        let message = format!("there is no repository {:?}", written.value);
        let hint = format!("Repositories of this file: {}.", names.join(", "));
        problems.error(&written.place, message).hint(hint);
    }
    found.map(|repository| repository.name.clone())
}

fn layout(reading: &mut Reading<'_>, written: &WrittenSource, zone: TimeZone) -> Option<Layout> {
    if written.path.is_empty() {
        reading
            .problems
            .error(&written.name.place, "the list of paths is empty");
    }
    let patterns: Option<Vec<Pattern>> = written
        .path
        .iter()
        .map(|path| reading.ok(&path.place, path.parse()))
        .collect();
    patterns
        .filter(|patterns| !patterns.is_empty())
        .map(|it| Layout::new(it, zone))
}

/// Reads when a snapshot is complete: the rules of its artifacts and manifests.
fn completeness(
    reading: &mut Reading<'_>,
    written: &WrittenSource,
    format: Option<&dyn Format>,
    settle: Duration,
) -> Completeness {
    let has_star = written.path.iter().any(|path| path.value.contains('*'));
    let artifacts = written.artifacts.as_ref().and_then(|artifacts| {
        let within = artifacts.within.unwrap_or(settle);
        let count = artifacts.value.count as usize;
        reading.ok(&artifacts.place, ArtifactRule::new(count, within, has_star))
    });
    let manifest = match written.manifest {
        WrittenManifest::Required => ManifestRule::Required,
        WrittenManifest::Optional => ManifestRule::Optional,
    };
    // Some of several plain files may be missing, but none of what is restored.
    let restorable = format.is_some_and(Format::restorable);
    let settles = restorable && has_star && written.artifacts.is_none();
    if settles {
        let message = "the path has *, and nothing says how many artifacts a snapshot has: one that \
                       is missing is not noticed";
        let warning = reading.problems.warning(&written.name.place, message);
        warning.hint("Write artifacts: { count: … }.");
    }
    Completeness {
        settle: settle.into(),
        artifacts,
        manifest,
        settles,
    }
}

fn objectives(reading: &mut Reading<'_>, written: Option<&WrittenObjectives>) -> Objectives {
    let Some(written) = written else {
        return Objectives::default();
    };
    let retention = written.retention.as_ref();
    Objectives {
        recovery_point: written.recovery_point.as_ref().map(|it| it.value),
        alert_after: written.alert_after.as_ref().map(|it| it.value),
        recovery_time: written.recovery_time,
        retention: retention.map_or_else(Vec::new, |section| tiers(reading, section)),
        verification: written.verification,
        minimum_size: written.minimum_size.map(Size::bytes),
        max_shrink: written.max_shrink,
    }
}

/// Reads a retention: `30d`, or a list of tiers whose ages grow.
fn tiers(reading: &mut Reading<'_>, section: &Section) -> Vec<Tier> {
    if section.node().text().is_some() {
        let keep = section.read::<Duration>(reading.problems);
        let tier = keep.map(|keep| Tier {
            keep,
            every: None,
            class: None,
        });
        return tier.into_iter().collect();
    }
    let written = section
        .read::<Vec<WrittenTier>>(reading.problems)
        .unwrap_or_default();
    if written.iter().any(|tier| tier.class.is_some()) {
        checks::unbuilt(
            &section.place(),
            "comparing storage classes is",
            reading.problems,
        );
    }
    if written
        .windows(2)
        .any(|pair| pair[0].until >= pair[1].until)
    {
        let message = "each tier must reach further back than the one before it";
        reading.problems.error(&section.place(), message);
    }
    let tier = |tier: WrittenTier| Tier {
        keep: tier.until,
        every: Some(tier.every),
        class: tier.class,
    };
    written.into_iter().map(tier).collect()
}

fn verify(
    reading: &mut Reading<'_>,
    source: &WrittenSource,
    format: &'static dyn Format,
    context: &Context<'_>,
) -> Option<Verify> {
    let none = WrittenVerify::default();
    let written = match &source.verify {
        Some(Switch::Off) => return None,
        Some(Switch::On(_)) if !format.restorable() => {
            refuse(&source.engine.place, format, reading.problems);
            return None;
        }
        None if !format.restorable() => return None,
        Some(Switch::On(written)) => written,
        None => &none,
    };
    let due = due(reading, written, context);
    let expect = format.expect(written.expect.as_ref(), reading.problems)?;
    let deadline = written.deadline.map(Duration::as_std);
    Some(Verify {
        due,
        image: image(reading, "image", written.image.as_ref()),
        rehearse: image(reading, "rehearse", written.rehearse.as_ref()),
        deadline,
        expect,
    })
}

/// Reads the image behind this key.
fn image(
    reading: &mut Reading<'_>,
    key: &str,
    written: Option<&Located<String>>,
) -> Option<Located<String>> {
    let image = written?;
    checks::image(image, &format!("{key} names"), reading.problems);
    Some(image.clone())
}

/// Reads what makes a verification due, from `schedule` and `when`:
///
/// | written | due by |
/// |---|---|
/// | neither | the objective |
/// | one of them | that one |
/// | one at the source itself, the other by default of its engine | the source's own |
/// | both in one place | an error |
fn due(reading: &mut Reading<'_>, written: &WrittenVerify, context: &Context<'_>) -> Due {
    let own = |key: &str| {
        context
            .own
            .get("verify")
            .is_some_and(|it| it.get(key).is_some())
    };
    let when = written.when.map(|When::NewSnapshot| Due::NewSnapshot);
    let slots = written.schedule.as_ref();
    let slots = slots.filter(|_| when.is_none() || own("schedule") || !own("when"));
    let Some(slots) = slots else {
        return when.unwrap_or(Due::Objective);
    };
    if when.is_some() && own("schedule") == own("when") {
        let message = "both schedule and when are written; a verification is due by one";
        reading.problems.error(&slots.place, message);
    }
    reading
        .schedule(Some(slots), context.verify_zone)
        .map_or(Due::Objective, Due::Schedule)
}

fn refuse(place: &Place, format: &dyn Format, problems: &mut Problems) {
    let message = format!(
        "engine {} cannot be restored, so it has no verify",
        format.engine()
    );
    problems
        .error(place, message)
        .hint("Remove verify, or write verify: false.");
}

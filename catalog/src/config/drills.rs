//! Drills, from written to checked: their sources exist and are proven, and their order has no
//! circle.

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;
use settings::{Duration, Located, Place, Schedule};

use super::{
    Source,
    reading::Reading,
    written::{self, WrittenDrill},
};
use crate::model::{DrillName, SourceName};

/// A recovery exercise over several sources.
#[derive(Debug, Clone)]
pub struct Drill {
    /// Name, unique in the file.
    pub name: DrillName,
    /// Place in the file where the drill is written.
    pub place: Place,
    /// Slots of the drill; `None`: it is only begun by hand.
    pub schedule: Option<Schedule>,
    /// Sources to restore, each once, in the order of the file; at least one.
    pub sources: Vec<SourceName>,
    /// By source: the sources of the drill that have a verdict before it begins. There is no
    /// circle.
    pub after: BTreeMap<SourceName, Vec<SourceName>>,
    /// Tolerated time until all sources are usable again.
    pub recovery_time: Option<Duration>,
}

impl Drill {
    /// The sources that have a verdict before this source begins.
    pub fn before(&self, source: &SourceName) -> &[SourceName] {
        self.after.get(source).map_or(&[], Vec::as_slice)
    }
}

/// Reads every drill. One that cannot be read is left out, and a problem says why. `zone` is that
/// of schedules without one of their own.
pub(super) fn read_all(
    reading: &mut Reading<'_>,
    file: &written::File,
    sources: &[Source],
    zone: &TimeZone,
) -> Vec<Drill> {
    let mut seen = HashSet::new();
    let mut drills = Vec::new();
    for written in file.drills.iter().flatten() {
        let name = &written.name;
        if !seen.insert(name.value.clone()) {
            let message = format!("there are two drills {:?}", name.value);
            reading.problems.error(&name.place, message);
        }
        let of = Sources { file, sources };
        drills.extend(read(reading, written, &of, zone));
    }
    drills
}

/// The sources of the file, also those that could not be read.
struct Sources<'a> {
    file: &'a written::File,
    sources: &'a [Source],
}

fn read(
    reading: &mut Reading<'_>,
    written: &Located<WrittenDrill>,
    of: &Sources<'_>,
    zone: &TimeZone,
) -> Option<Drill> {
    let name = reading.ok(&written.name.place, DrillName::new(&written.name));
    let schedule = reading.schedule(written.schedule.as_ref(), zone);
    let sources = sources(reading, written, of);
    let after = after(reading, written);
    if let Some(circle) = circle(&after) {
        let place = written
            .after
            .as_ref()
            .map_or(&written.place, |it| &it.place);
        let circle: Vec<_> = circle.iter().map(|it| it.as_str()).collect();
        let message = format!("no source can begin: {}", circle.join(" after "));
        let hint = "Take one of them out of `after`.";
        reading.problems.error(place, message).hint(hint);
    }
    if let Some(time) = written
        .recovery_time
        .as_ref()
        .filter(|it| it.as_std().is_zero())
    {
        let message = "a recovery_time of zero can never be kept";
        reading.problems.error(&time.place, message);
    }
    Some(Drill {
        name: name?,
        place: written.place.clone(),
        schedule,
        sources,
        after,
        recovery_time: written.recovery_time.as_ref().map(|it| it.value),
    })
}

/// Reads the sources of a drill. Each must be a source of the file that is proven, and named once.
fn sources(
    reading: &mut Reading<'_>,
    written: &Located<WrittenDrill>,
    of: &Sources<'_>,
) -> Vec<SourceName> {
    if written.sources.is_empty() {
        let place = &written.sources.place;
        reading
            .problems
            .error(place, "a drill without sources restores nothing");
    }
    let mut names: Vec<SourceName> = Vec::new();
    for source in &*written.sources {
        let (text, place) = (source.as_str(), &source.place);
        if names.iter().any(|it| it.as_str() == text) {
            let message = format!("source {text:?} is named twice");
            reading.problems.error(place, message);
        } else if let Some(found) = of.sources.iter().find(|it| it.name.as_str() == text) {
            if found.verify.is_none() {
                let message = format!("no proof is expected of source {text:?}: it has no verify");
                let hint = "Leave it out of the drill, or remove `verify: false` where its engine \
                            can restore.";
                reading.problems.error(place, message).hint(hint);
            }
            names.push(found.name.clone());
        } else if !of.is_written(text) {
            let known: Vec<_> = of.sources.iter().map(|it| it.name.as_str()).collect();
            let message = format!("there is no source {text:?}");
            let hint = format!("Sources of this file: {}.", known.join(", "));
            reading.problems.error(place, message).hint(hint);
        }
    }
    names
}

impl Sources<'_> {
    /// True if a source of this name is written, whatever else is wrong with it.
    fn is_written(&self, name: &str) -> bool {
        let mut sources = self.file.sources.iter();
        sources.any(|it| {
            let written = it.get("name");
            written.is_some_and(|it| it.node().text() == Some(name))
        })
    }
}

/// Reads the order of a drill: all names in it are of its sources.
fn after(
    reading: &mut Reading<'_>,
    written: &WrittenDrill,
) -> BTreeMap<SourceName, Vec<SourceName>> {
    let mut after = BTreeMap::new();
    for (name, before) in written.after.iter().flat_map(|it| &it.value) {
        let place = before.first().map(|it| &it.place);
        let texts = before.iter().map(|it| (it.as_str(), &it.place));
        let own = place.map(|place| (name.as_str(), place));
        let mut all_known = true;
        for (text, place) in own.into_iter().chain(texts) {
            if !written.sources.iter().any(|it| it.value == text) {
                all_known = false;
                let message = format!("{text:?} is no source of this drill");
                let hint = "Add it to `sources` of the drill, or take it out of `after`.";
                reading.problems.error(place, message).hint(hint);
            }
        }
        let checked = before.iter().map(|it| SourceName::new(it));
        if let (true, Ok(name), Ok(before)) = (
            all_known,
            SourceName::new(name),
            checked.collect::<Result<_, _>>(),
        ) {
            after.insert(name, before);
        }
    }
    after
}

/// Sources that wait for each other, the first one again at the end; `None` without any.
fn circle(after: &BTreeMap<SourceName, Vec<SourceName>>) -> Option<Vec<&SourceName>> {
    let mut free: HashSet<&SourceName> = HashSet::new();
    after
        .keys()
        .find_map(|name| visit(after, name, &mut Vec::new(), &mut free))
}

/// Goes on from a source to those before it; `way` holds how it was reached, `free` what is known
/// to be in no circle.
fn visit<'a>(
    after: &'a BTreeMap<SourceName, Vec<SourceName>>,
    name: &'a SourceName,
    way: &mut Vec<&'a SourceName>,
    free: &mut HashSet<&'a SourceName>,
) -> Option<Vec<&'a SourceName>> {
    if free.contains(name) {
        return None;
    }
    if let Some(at) = way.iter().position(|it| *it == name) {
        let circle = way[at..].iter().copied();
        return Some(circle.chain([name]).collect());
    }
    way.push(name);
    let mut before = after.get(name).into_iter().flatten();
    let found = before.find_map(|it| visit(after, it, way, free));
    way.pop();
    free.insert(name);
    found
}

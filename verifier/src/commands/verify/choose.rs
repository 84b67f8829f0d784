//! The snapshots that a command line means: one survey answers what is due and what is there.

use std::sync::Arc;

use catalog::{config::Source, ledger::Trigger};
use tokio::time::Instant;
use toolkit::exit::Exit;

use super::super::plan;
use crate::{
    carry_out::ChosenSnapshot,
    cli::Verify,
    console::{Console, Refusal},
    identity,
    runtime::RunId,
    select::Wanted,
    world::{Surveyed, World},
};

/// Chooses every snapshot to verify. Sources without one are told on `err`, and the exit code says
/// so.
pub(super) async fn choose(
    flags: &Verify,
    world: &Arc<World>,
    console: &mut Console<'_>,
) -> Result<(Vec<ChosenSnapshot>, Exit, Surveyed), Refusal> {
    let began = Instant::now();
    let provable = provable(flags, world)?;
    let surveyed = world.survey(&provable).await;
    let mut exit = surveyed.tell(console)?;
    let sources = if flags.due {
        let (sources, seen) = due(&provable, &surveyed, world, console).await?;
        exit = exit.max(seen);
        sources
    } else {
        let manual = |source| (source, Trigger::Manual);
        provable.into_iter().map(manual).collect()
    };
    if sources.is_empty() {
        writeln!(
            console.err,
            "nothing is to be verified; `plan --explain` says why"
        )?;
    }
    let wanted = Wanted::from(&flags.which);
    let mut chosen = Vec::new();
    for (source, trigger) in sources {
        match surveyed.select_to_verify(source, &wanted) {
            Ok(snapshot) => chosen.push(ChosenSnapshot {
                run: RunId(identity::new_id()),
                source: source.clone(),
                snapshot: snapshot.clone(),
                trigger,
                after: if flags.due {
                    Some(world.newest_number(&source.name).await)
                } else {
                    None
                },
                wanted: wanted.clone(),
                took: began.elapsed(),
            }),
            Err(refusal) => {
                writeln!(console.err, "{}: {}", source.name, refusal.message)?;
                exit = exit.max(refusal.exit);
            }
        }
    }
    Ok((chosen, exit, surveyed))
}

/// The selected sources of which a proof is expected; errs for a source that is named and has none.
fn provable<'a>(flags: &Verify, world: &'a World) -> Result<Vec<&'a Source>, Refusal> {
    let (with, without): (Vec<_>, Vec<_>) = world
        .sources(&flags.select)?
        .into_iter()
        .partition(|source| source.verify.is_some());
    match without.first() {
        Some(source) if !flags.select.sources.is_empty() => Err(Refusal::usage(format!(
            "no proof is expected of {}\nhint: See its verify section.",
            source.name
        ))),
        _ => Ok(with),
    }
}

/// The sources that the plan lists as due, each with what makes it due.
async fn due<'a>(
    sources: &[&'a Source],
    surveyed: &Surveyed,
    world: &World,
    console: &mut Console<'_>,
) -> Result<(Vec<(&'a Source, Trigger)>, Exit), Refusal> {
    let (planned, exit) = plan::of(sources, surveyed, world, console).await?;
    let trigger = |source: &Source| {
        let mut planned = planned.iter();
        planned.find(|it| it.source == source.name)?.due
    };
    let due = sources.iter().copied();
    let due = due.filter_map(|source| Some((source, trigger(source)?)));
    Ok((due.collect(), exit))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use catalog::storage::{Counted, Operation};
    use tokio_util::sync::CancellationToken;
    use toolkit::clock::Clock;

    use super::*;
    use crate::cli::{ReportFormat, Select, Which};

    const CONFIG: &str = "schema: 1
repositories: [{ name: local, directory: repository }]
evidence: { repository: { directory: evidence } }
sources:
  - { name: cache, engine: redis, repository: local, path: \"%Y%m%d.rdb\", settle: 0s }
  - { name: empty, engine: redis, repository: local, path: \"%Y%m%d.old\" }
  - { name: other, engine: redis, repository: local, path: \"%Y%m%d.off\", verify: false }
";

    /// Returns what these flags choose, the exit code, what was said, and the number of listings.
    async fn chosen(flags: &Verify) -> Result<(Vec<String>, Exit, String, u64), Refusal> {
        let place = tempfile::tempdir().expect("a directory");
        let file = |name: &str| place.path().join(name);
        fs::create_dir(file("repository")).expect("made");
        fs::write(file("repository/20261101.rdb"), "REDIS0010").expect("written");
        fs::write(file("backups.yaml"), CONFIG).expect("written");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
            config_file: file("backups.yaml"),
            err_is_terminal: false,
            env: |_| None,
            clock: Clock::system(),
            cancelled: CancellationToken::new(),
            reload: Arc::default(),
        };
        let (world, counts) = World::open(&mut console)?.counted();
        let (chosen, exit, _) = choose(flags, &Arc::new(world), &mut console).await?;
        let chosen = chosen
            .iter()
            .map(|it| format!("{} {:?}", it.source.name, it.trigger));
        let listings = |counted: &Counted| counted.requests().calls[&Operation::List];
        let chosen = chosen.collect();
        let said = String::from_utf8(err).expect("text");
        Ok((chosen, exit, said, counts.iter().map(listings).sum()))
    }

    fn flags(due: bool, sources: &[&str]) -> Verify {
        Verify {
            notify: None,
            select: Select {
                sources: sources.iter().map(ToString::to_string).collect(),
            },
            due,
            which: Which::default(),
            format: ReportFormat::Text,
        }
    }

    #[tokio::test]
    async fn what_is_due_and_what_is_there_comes_from_one_survey() {
        let once = chosen(&flags(false, &[])).await.expect("chosen");
        assert_eq!(once.0, ["cache Manual"]);
        assert_eq!(once.1, Exit::Unknown, "a source without a snapshot");
        assert!(once.2.contains("empty: there is no complete snapshot"));
        let due = chosen(&flags(true, &[])).await.expect("chosen");
        assert_eq!(due.0, ["cache Schedule"]);
        assert_eq!(due.1, Exit::Fine, "nothing is due of the empty one");
        assert_eq!(due.3, once.3);
    }

    #[tokio::test]
    async fn a_source_without_proof_is_refused_only_where_it_is_named() {
        for due in [false, true] {
            let refused = chosen(&flags(due, &["other"])).await.map(drop);
            let refusal = refused.expect_err("it was named");
            assert_eq!(refusal.exit, Exit::Usage);
            assert!(refusal.message.starts_with("no proof is expected of other"));
        }
    }
}

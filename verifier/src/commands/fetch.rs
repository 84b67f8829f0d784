//! `fetch`: one snapshot into a directory, checksummed, resumable, never a half file.
//!
//! Reads repositories by the [`Storage`](catalog::storage::Storage) trait only, and writes nothing
//! but new files of the directory it was told.

mod error;
mod names;
mod object;
mod part;
mod witness;

use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    pin::pin,
};

use catalog::{
    config::{Config, Source},
    ledger::{Ledger, Verdict},
    model::{Continues, Snapshot, SnapshotState},
    storage::READ_MAX,
    survey::describe_object,
};
use tokio_util::sync::CancellationToken;
use toolkit::exit::Exit;

use self::{
    error::FetchError,
    names::names,
    object::{Fetched, Fetcher},
    part::Watch,
    witness::witnesses,
};
use crate::{
    cli::Fetch,
    console::{Console, Refusal},
    progress::ProgressLines,
    report::{self, printable},
    select::Wanted,
    world::{Surveyed, World},
};

pub(super) async fn run(flags: &Fetch, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let source = world.source(&flags.source)?;
    let progress = ProgressLines::new(console.err_is_terminal);
    let cancelled = console.cancelled.clone();
    let sources = &[source];
    let surveyed = tokio::select! {
        surveyed = world.survey(sources) => surveyed,
        () = cancelled.cancelled() => return Err(interrupted()),
    };
    surveyed.tell(console)?;
    let (recorded, ledger) = world.ledger_for(source, flags.verified, console).await?;
    let wish = Wish {
        recorded,
        world: &world,
        source,
        flags,
        progress: &progress,
        cancelled: &cancelled,
    };
    let chosen = wish.choose(&surveyed, &ledger).await?;
    if prepare(&flags.to, &world.config)? {
        writeln!(console.err, "{} was created", flags.to.display())?;
    }
    let mut work = pin!(wish.fetch(chosen, &ledger));
    let outcome = loop {
        tokio::select! {
            line = progress.line() => drop(write!(console.err, "{line}")),
            done = &mut work => break done,
            () = cancelled.cancelled() => break Err(interrupted()),
        }
    };
    write!(console.err, "{}", progress.rest())?;
    let (fetched, exit) = outcome?;
    for fetched in fetched {
        console
            .out
            .write_all(&line(&fetched.sha256, &fetched.path))?;
    }
    Ok(exit)
}

fn interrupted() -> Refusal {
    Refusal::unknown(
        "interrupted\nhint: All that was read but the last piece is kept: run it again to go on.",
    )
}

/// What the command line asks for, and what is needed to fetch it.
struct Wish<'a> {
    world: &'a World,
    /// True if there may be records.
    recorded: bool,
    source: &'a Source,
    flags: &'a Fetch,
    progress: &'a ProgressLines,
    cancelled: &'a CancellationToken,
}

/// The snapshots to fetch.
struct Chosen {
    /// The snapshot that is asked for as the last one, behind those it continues.
    snapshots: Vec<Snapshot>,
    /// [`Exit::Unknown`] where what the snapshot continues is not known.
    exit: Exit,
}

impl Wish<'_> {
    /// Chooses a snapshot and what it continues: without that it cannot be restored.
    async fn choose(&self, surveyed: &Surveyed, ledger: &Ledger) -> Result<Chosen, Refusal> {
        let wanted = Wanted::from(&self.flags.which);
        let now = self.world.clock.now();
        let snapshot = if self.flags.verified {
            let past = self.recorded.then(|| ledger.until(now));
            surveyed.select_verified(self.source, &wanted, past)
        } else {
            surveyed.select(self.source, &wanted)
        }?;
        let before = snapshot.before();
        let mut exit = Exit::Fine;
        if before.is_none() && !self.is_whole(snapshot).await {
            let id = printable(&snapshot.id.0);
            self.say(&format!(
                "warning: what snapshot {id} continues is not known, and not fetched"
            ));
            exit = Exit::Unknown;
        }
        let all = before.into_iter().flatten().chain([snapshot]);
        Ok(Chosen {
            snapshots: all.cloned().collect(),
            exit,
        })
    }

    /// True if the head, which a survey need not have read, says that the snapshot continues
    /// nothing.
    async fn is_whole(&self, snapshot: &Snapshot) -> bool {
        let (Continues::Unknown, [artifact]) = (&snapshot.continues, &snapshot.artifacts[..])
        else {
            return false;
        };
        let (storage, pin) = (self.world.storage(self.source), artifact.meta.pin());
        let Source {
            format, settings, ..
        } = self.source;
        let facts = describe_object(&*storage, &pin, *format, settings).await;
        facts.is_ok_and(|facts| match facts.lineage {
            Some(link) => link.full,
            None => !facts.unplaced && facts.invalid.is_none(),
        })
    }

    /// Fetches the chosen snapshot; if it went away meanwhile, chooses again, once.
    async fn fetch(&self, first: Chosen, ledger: &Ledger) -> Result<(Vec<Fetched>, Exit), Refusal> {
        let error = match self.snapshots(&first.snapshots, ledger).await {
            Err(error) if error.is_outdated() => Refusal::from(error),
            outcome => return Ok((outcome?, first.exit)),
        };
        self.say(&format!(
            "{}; it is selected again",
            headline(&error.message)
        ));
        let surveyed = self.world.survey(&[self.source]).await;
        let now = self.choose(&surveyed, ledger).await?;
        Ok((self.snapshots(&now.snapshots, ledger).await?, now.exit))
    }

    /// Fetches every artifact of these snapshots, one after the other.
    async fn snapshots(
        &self,
        snapshots: &[Snapshot],
        ledger: &Ledger,
    ) -> Result<Vec<Fetched>, FetchError> {
        for snapshot in snapshots {
            self.warn(snapshot, ledger);
        }
        let fetcher = self.fetcher();
        let objects = snapshots
            .iter()
            .flat_map(|of| of.artifacts.iter().map(move |artifact| (of, artifact)));
        let objects: Vec<_> = objects.collect();
        let keys = objects.iter().map(|(_, artifact)| {
            let meta = &artifact.meta;
            (meta.key.as_str(), meta.version_id.as_deref())
        });
        let keys: Vec<_> = keys.collect();
        let mut whole = Vec::new();
        for ((of, artifact), name) in objects.iter().zip(names(&keys)) {
            let key = artifact.meta.key.as_str();
            if !key.ends_with(&name) {
                self.say(&format!("{} is called {name} here", printable(key)));
            }
            let witnesses = witnesses(of, artifact, ledger, self.world.clock.now());
            let pin = artifact.meta.pin();
            whole.push(fetcher.object(&pin, &name, witnesses).await?);
        }
        Ok(whole)
    }

    /// Warns of what somebody who restores this snapshot should know.
    fn warn(&self, snapshot: &Snapshot, ledger: &Ledger) {
        let id = printable(&snapshot.id.0);
        if snapshot.state != SnapshotState::Complete {
            let state = snapshot.state.as_label().replace('_', " ");
            self.say(&format!("warning: snapshot {id} is {state}"));
        }
        let last = ledger.until(self.world.clock.now()).of_object(snapshot);
        if let Some(failed) = last.filter(|last| last.verdict == Verdict::Failed) {
            let verdict = report::headline(failed);
            self.say(&format!(
                "warning: snapshot {id} was {verdict} when it was verified"
            ));
        }
    }

    fn fetcher(&self) -> Fetcher {
        Fetcher {
            storage: self.world.storage(self.source),
            repository: self.source.repository.clone(),
            directory: self.flags.to.clone(),
            piece: READ_MAX,
            watch: Watch {
                cancelled: self.cancelled.clone(),
                tell: self.progress.of(&self.source.name),
            },
            source: self.source.name.clone(),
            progress: self.progress.clone(),
        }
    }

    fn say(&self, sentence: &str) {
        self.progress.say(&self.source.name, sentence);
    }
}

/// The first line of a message: what happened, without the advice.
fn headline(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// Makes the directory to fetch into; `false` if it was there. Errs if it is a part of a repository
/// or of the place of the records.
fn prepare(to: &Path, config: &Config) -> Result<bool, Refusal> {
    let failed = |error| Refusal::from(FetchError::local("use", to, error));
    let real = real(to).map_err(failed)?;
    if let Some(held) = held_by(&real, config) {
        return Err(Refusal::usage(format!(
            "{} lies in {held}\n\
             hint: A copy there could be taken for one of its objects. Choose another --to.",
            to.display()
        )));
    }
    match fs::create_dir(to) {
        Ok(()) => Ok(true),
        Err(_) if to.is_dir() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(failed(io::ErrorKind::NotADirectory.into()))
        }
        Err(error) => Err(failed(error)),
    }
}

/// The path without links that the directory has, or would have.
fn real(to: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = to.parent().filter(|it| !it.as_os_str().is_empty());
            let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
            Ok(parent.join(to.file_name().unwrap_or_default()))
        }
        found => found,
    }
}

fn held_by(real: &Path, config: &Config) -> Option<String> {
    let repositories = config.repositories.iter();
    let repositories = repositories.map(|it| (format!("repository {}", it.name), &it.location));
    let evidence = config.evidence.iter();
    let evidence = evidence.map(|it| ("the evidence".into(), &it.location));
    let held = repositories.chain(evidence).find(|(_, location)| {
        let root = location
            .directory()
            .and_then(|it| fs::canonicalize(it).ok());
        root.is_some_and(|root| real.starts_with(root))
    });
    held.map(|(name, _)| name)
}

/// `DIGEST  PATH`, escaped as sha256sum of GNU coreutils does and reads it.
fn line(sha256: &str, path: &Path) -> Vec<u8> {
    let path = path.as_os_str().as_bytes();
    let escaped: Vec<u8> = path
        .iter()
        .flat_map(|byte| match byte {
            b'\\' => b"\\\\".as_slice(),
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            other => std::slice::from_ref(other),
        })
        .copied()
        .collect();
    let mark: &[u8] = if escaped == path { b"" } else { b"\\" };
    [mark, sha256.as_bytes(), b"  ", &escaped, b"\n"].concat()
}

#[cfg(test)]
mod tests;

//! `doctor`: whether everything is there that a verification needs, before the worst day.

use catalog::{
    config::Source,
    ledger::{self, LedgerError, Proofs},
    storage::ListFrom,
};
use futures::{StreamExt as _, future::join_all};
use toolkit::exit::Exit;

use crate::{
    console::{Console, Refusal},
    engine::ENGINES,
    notify::post::Messenger,
    world::{World, unmounted},
};

/// One answer: good, doubtful or bad, in words.
enum Answer {
    Good(String),
    Doubtful(String),
    Bad(String),
}

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let mut exit = Exit::Fine;
    let mut answers = repositories(&world).await;
    answers.push(("evidence".into(), evidence(&world).await));
    answers.extend(runtime(&world).await);
    answers.extend(mendable(&world).await);
    answers.extend(receivers(&world, console).await);
    for (what, answer) in answers {
        let (sign, text) = match answer {
            Answer::Good(text) => ('✔', text),
            Answer::Doubtful(text) => ('!', text),
            Answer::Bad(text) => {
                exit = Exit::Failed;
                ('✘', text)
            }
        };
        writeln!(
            console.out,
            "{sign} {what}: {}",
            text.replace('\n', "\n    ")
        )?;
    }
    Ok(exit)
}

/// Whether somebody listens at the address of each receiver: what is sent is no message, so it is
/// refused and shown to nobody.
async fn receivers(world: &World, console: &Console<'_>) -> Vec<(String, Answer)> {
    let notify = world.config.verifier.notify.clone();
    let messenger = Messenger::new(notify, console.env);
    let tried = messenger.receivers().iter().map(|receiver| async {
        let answer = match messenger.try_out(receiver).await {
            Ok(()) => Answer::Good("somebody listens at its address".into()),
            Err(why) => Answer::Bad(why),
        };
        (format!("messages to {}", receiver.name), answer)
    });
    let mut answers = join_all(tried).await;
    if let Some(heartbeat) = &world.config.verifier.notify.heartbeat {
        let answer = match messenger.beat(&heartbeat.address).await {
            Ok(()) => Answer::Good("its address answers".into()),
            Err(why) => Answer::Bad(why),
        };
        answers.push(("heartbeat".into(), answer));
    }
    answers
}

fn bad(error: &dyn std::error::Error) -> Answer {
    Answer::Bad(toolkit::problem::render(error, None))
}

async fn repositories(world: &World) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for (repository, storage) in world.storages() {
        let first = storage.list(ListFrom::default()).next().await;
        let answer = match first {
            Some(Err(error)) => Answer::Bad(toolkit::problem::render(&error, Some(&error.hint))),
            Some(Ok(page)) if page.objects.is_empty() => Answer::Doubtful("it is empty".into()),
            None => Answer::Doubtful("it is empty".into()),
            Some(Ok(_)) => Answer::Good("it can be listed".into()),
        };
        answers.push((format!("repository {repository}"), answer));
    }
    answers
}

async fn evidence(world: &World) -> Answer {
    let Ok(evidence) = world.evidence() else {
        return Answer::Bad("none is configured: no proof can be written".into());
    };
    let Some(source) = world.config.sources.first() else {
        return Answer::Doubtful("there is no source".into());
    };
    let all = world.config.sources.iter();
    let all: Vec<_> = all.map(|it| it.name.clone()).collect();
    let asked = async {
        evidence.newest(&source.name).await?;
        evidence.ready().await
    };
    if let Err(error) = asked.await {
        return unwell(&error, "");
    }
    let good = "it can be read, and of many writers of a record one wins";
    match ledger::is_mounted(&**evidence, &all).await {
        Ok(()) => Answer::Good(good.into()),
        Err(error) => unwell(&error, &format!("{good}; ")),
    }
}

/// The answer that says what is wrong with the records, behind what was found out `before`.
fn unwell(error: &LedgerError, before: &str) -> Answer {
    match error {
        LedgerError::Unmarked { location } => {
            Answer::Doubtful(format!("{before}{}", unmounted(location)))
        }
        error => bad(error),
    }
}

async fn runtime(world: &World) -> Vec<(String, Answer)> {
    let name = format!("runtime {}", world.config.verifier.runtime.name);
    let runtime = match world.runtime() {
        Ok(runtime) => runtime,
        Err(error) => return vec![(name, bad(&error))],
    };
    match runtime.probe().await {
        Ok(version) => {
            let mut answers = vec![(name, Answer::Good(version))];
            for source in world
                .config
                .sources
                .iter()
                .filter(|source| source.verify.is_some())
            {
                let configured = world.config.images_of(source);
                answers.push((
                    format!("images of {}", source.name),
                    images(world, source, &configured).await,
                ));
                if let Some(image) = world.config.rehearsal_of(source) {
                    answers.push((
                        format!("rehearsal of {}", source.name),
                        images(world, source, &[image]).await,
                    ));
                }
            }
            answers
        }
        Err(error) => vec![(name, bad(&error))],
    }
}

/// Sources of which nobody knows whether they restore, for a reason that only configuration can
/// mend. If the snapshots of a source were not seen, its records alone speak.
async fn mendable(world: &World) -> Vec<(String, Answer)> {
    let sources = world.config.sources.iter();
    let sources: Vec<_> = sources.filter(|it| it.verify.is_some()).collect();
    let surveyed = world.survey(&sources).await;
    let now = world.clock.now();
    let mut answers = Vec::new();
    for source in sources {
        let Ok(ledger) = world.ledger(&source.name).await else {
            continue;
        };
        let why = match surveyed.found(source) {
            Ok(inventory) => Proofs::new(&ledger, inventory, None, now).mendable(),
            Err(_) => ledger.until(now).mendable(),
        };
        if let Some(why) = why {
            answers.push((format!("source {}", source.name), Answer::Doubtful(why)));
        }
    }
    answers
}

async fn images(world: &World, source: &Source, configured: &[String]) -> Answer {
    let engine = ENGINES
        .iter()
        .find(|engine| engine.name() == source.format.engine());
    let Some(engine) = engine else {
        return Answer::Bad(format!(
            "engine {} cannot be restored",
            source.format.engine()
        ));
    };
    let runtime = match world.runtime() {
        Ok(runtime) => runtime,
        Err(error) => return bad(&error),
    };
    match runtime.images(configured, engine.programs()).await {
        Err(error) => bad(&error),
        Ok(images) if images.is_empty() => {
            Answer::Bad("there is nothing that could serve its snapshots".into())
        }
        Ok(images) => {
            let (here, away): (Vec<_>, Vec<_>) = images.iter().partition(|image| image.present);
            let names = |images: &[&crate::runtime::ImageFacts]| {
                images
                    .iter()
                    .map(|image| image.image.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            if away.is_empty() {
                Answer::Good(format!("{} are here", names(&here)))
            } else if here.is_empty() {
                Answer::Doubtful(format!("{} must be pulled first", names(&away)))
            } else {
                let (here, away) = (names(&here), names(&away));
                Answer::Good(format!("{here} here; {away} would be pulled"))
            }
        }
    }
}

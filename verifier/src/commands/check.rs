//! `check` and `schema`: the configuration, and the shape it must have.

use catalog::config::{self, Loaded, Notify};
use settings::Problems;
use toolkit::{exit::Exit, words::counted};

use crate::{
    console::{Console, Env, Refusal},
    notify::deliver,
};

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let Loaded {
        config,
        mut warnings,
    } = console.loaded()?;
    addresses(&config.verifier.notify, console.env, &mut warnings);
    if warnings.has_errors() {
        return Err(Refusal::located(warnings));
    }
    config::warn_mendable(&config, console.clock.now(), &mut warnings).await;
    write!(console.err, "{warnings}")?;
    writeln!(
        console.out,
        "{}: {}, {}, no error",
        console.config_file.display(),
        counted(config.repositories.len(), "repository", "repositories"),
        counted(config.sources.len(), "source", "sources")
    )?;
    Ok(Exit::Fine)
}

/// Looks at the addresses of the receivers, without quoting them.
///
/// | the address | then |
/// |---|---|
/// | is no URL of http or https | error |
/// | cannot be read here | warning: it may be there where the verifier runs |
fn addresses(notify: &Notify, env: Env, problems: &mut Problems) {
    let receivers = notify.receivers.iter().map(|it| (&it.address, &it.place));
    let heartbeat = notify.heartbeat.iter().map(|it| (&it.address, &it.place));
    for (address, place) in receivers.chain(heartbeat) {
        match address.read(env) {
            Ok(address) if deliver::url(&address).is_some() => {}
            Ok(_) => {
                let message = "the address of this receiver is no http or https URL";
                let hint = "Write the whole address of the webhook, beginning with https://.";
                problems.error(place, message).hint(hint);
            }
            Err(error) => {
                let message = format!("the address of this receiver cannot be read: {error}");
                problems.warning(place, message);
            }
        }
    }
}

pub(super) fn schema(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let schema = config::schema();
    writeln!(console.out, "{:#}", schema.as_value())?;
    Ok(Exit::Fine)
}

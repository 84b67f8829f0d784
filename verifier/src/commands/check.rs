//! `check` and `schema`: the configuration, and the shape it must have.

use catalog::config::{self, Loaded};
use toolkit::{exit::Exit, words::counted};

use crate::console::{Console, Refusal};

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let Loaded {
        config,
        mut warnings,
    } = console.loaded()?;
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

pub(super) fn schema(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let schema = config::schema();
    writeln!(console.out, "{:#}", schema.as_value())?;
    Ok(Exit::Fine)
}

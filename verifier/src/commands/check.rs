//! `check` and `schema`: the configuration, and the shape it must have.

use catalog::config::{self, Loaded};
use toolkit::exit::Exit;

use super::{Console, Refusal};

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let Loaded {
        config,
        mut warnings,
    } = console.loaded()?;
    config::warn_undecided(&config, console.clock.now(), &mut warnings).await;
    write!(console.err, "{warnings}")?;
    writeln!(
        console.out,
        "{}: {} repositories, {} sources, no error",
        console.config_file.display(),
        config.repositories.len(),
        config.sources.len()
    )?;
    Ok(Exit::Fine)
}

pub(super) fn schema(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let schema = config::schema();
    writeln!(console.out, "{:#}", schema.as_value())?;
    Ok(Exit::Fine)
}

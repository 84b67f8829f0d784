//! `check` and `schema`: the configuration, and the shape it must have.

use toolkit::exit::Exit;

use super::{Console, Refusal};

pub(super) fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let config = console.config()?;
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
    let schema = catalog::config::schema();
    writeln!(console.out, "{:#}", schema.as_value())?;
    Ok(Exit::Fine)
}

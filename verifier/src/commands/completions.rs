//! `completions`: the words of this program, for a shell.

use clap::CommandFactory;
use toolkit::exit::Exit;

use crate::cli::{Cli, Completions};
use crate::console::{Console, Refusal};

pub(super) fn run(flags: &Completions, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // The script is made whole first: the generator would panic where nobody reads.
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut command, name, &mut script);
    console.out.write_all(&script)?;
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use std::{process::Command, sync::Arc};

    use clap::ValueEnum;
    use clap_complete::Shell;
    use tokio_util::sync::CancellationToken;
    use toolkit::clock::Clock;

    use super::*;

    fn script(shell: Shell) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
            config_file: "no/such/file".into(),
            err_is_terminal: false,
            env: |_| None,
            clock: Clock::system(),
            cancelled: CancellationToken::new(),
            reload: Arc::default(),
        };
        let exit = run(&Completions { shell }, &mut console).unwrap();
        assert_eq!(exit, Exit::Fine);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_shell_learns_every_command_without_a_configuration() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {command}");
            }
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a shell is asked; nothing is restored"
    )]
    fn bash_can_read_what_is_meant_for_it() {
        let parses = |script: &str| {
            let mut bash = Command::new("bash");
            bash.args(["-n", "-c", script]).status().unwrap().success()
        };
        assert!(parses(&script(Shell::Bash)));
        assert!(!parses("if true; then"));
    }
}

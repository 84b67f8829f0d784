//! Runbooks as they are read: pages of `alerts/runbooks`, and the commands that stand in them.
//!
//! | line before a block of commands | the block |
//! |---|---|
//! | `<!-- executed: NAME -->` | is executed by a test as it stands there |
//! | `<!-- names: NAME -->` | gives names, which a test replaces by its own |
//! | none | is not executed by a test |

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a test does with a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// It executes the block of this name.
    Executed(String),
    /// It replaces the names of this name.
    Names(String),
}

/// One page.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// Name of the file, without its ending.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// One block of commands (` ```sh `) of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandBlock {
    /// What the line before it says.
    pub mark: Option<Mark>,
    /// The paragraph before it.
    pub introduced_by: String,
    /// The commands, without the indentation of the block.
    pub commands: String,
}

impl Runbook {
    /// Reads the page at this path below `alerts/runbooks`.
    ///
    /// # Panics
    /// When there is no such page.
    pub fn read(path: &str) -> Self {
        Self::at(&directory().join(path))
    }

    /// Every page of a directory, in the order of names; pages below it are left out.
    ///
    /// # Panics
    /// When the directory cannot be read.
    pub fn all(directory: &Path) -> Vec<Self> {
        let entries = fs::read_dir(directory).expect("a directory of runbooks");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.is_file())
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::at(path)).collect()
    }

    fn at(path: &Path) -> Self {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().expect("a name").to_string_lossy();
        Self {
            name: name.into_owned(),
            text,
        }
    }

    /// The blocks of commands, in their order.
    pub fn blocks(&self) -> Vec<CommandBlock> {
        let mut blocks = Vec::new();
        let (mut mark, mut introduced_by, mut is_ended) = (None, String::new(), false);
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("<!-- ") {
                mark = Mark::of(trimmed);
            } else if trimmed == "```sh" {
                let indentation = line.len() - trimmed.len();
                let inside = lines.by_ref().take_while(|line| line.trim_start() != "```");
                let commands = inside.map(|line| line.get(indentation..).unwrap_or_default());
                blocks.push(CommandBlock {
                    mark: mark.take(),
                    introduced_by: std::mem::take(&mut introduced_by),
                    commands: commands.collect::<Vec<_>>().join("\n") + "\n",
                });
            } else if trimmed.is_empty() {
                is_ended = true;
            } else {
                if std::mem::take(&mut is_ended) {
                    introduced_by.clear();
                }
                introduced_by += trimmed;
                introduced_by.push('\n');
            }
        }
        blocks
    }

    /// The commands of the one block with this mark.
    ///
    /// # Panics
    /// When no block, or more than one, has the mark.
    pub fn commands(&self, mark: &Mark) -> String {
        let blocks = self.blocks().into_iter();
        let mut found = blocks.filter(|block| block.mark.as_ref() == Some(mark));
        let block = found.next();
        let block = block.unwrap_or_else(|| panic!("{}: no block {mark:?}", self.name));
        assert!(found.next().is_none(), "{}: two {mark:?}", self.name);
        block.commands
    }

    /// The calls of `backup-verifier` in blocks and in the text, each as its words. What stands
    /// behind a pipe, a redirection or a comment is no part of a call.
    pub fn calls(&self) -> Vec<Vec<String>> {
        let joined = self.text.replace("\\\n", " ");
        let mut calls = Vec::new();
        for line in joined.lines() {
            for (at, program) in line.match_indices("backup-verifier ") {
                let before = &line[..at];
                let end = if before.ends_with('`') { '`' } else { '\n' };
                let rest = line[at + program.len()..].split(end).next();
                let is_call = end == '`' || before.trim().is_empty();
                calls.extend(is_call.then(|| words(rest.unwrap_or_default())));
            }
        }
        calls
    }
}

impl Mark {
    fn of(line: &str) -> Option<Self> {
        let mark = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
        let (what, name) = mark.split_once(": ")?;
        match what {
            "executed" => Some(Self::Executed(name.into())),
            "names" => Some(Self::Names(name.into())),
            _ => None,
        }
    }
}

/// The directory of the runbooks of alerts.
pub fn directory() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../alerts/runbooks")).to_owned()
}

/// The words of one command, quoted as for a shell.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in text.chars() {
        let is_bare = quote.is_none();
        match letter {
            _ if quote == Some(letter) => quote = None,
            '"' | '\'' if is_bare => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            '|' | '>' | ';' | '&' | '#' if is_bare => break,
            ' ' if is_bare => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Runbook {
        Runbook {
            name: "Page".into(),
            text: text.into(),
        }
    }

    #[test]
    fn blocks_are_found_with_their_marks_and_without_their_indentation() {
        let first = "Zero.\n\nOne:\n<!-- executed: a -->\n```sh\nx\n\ny\n```\n";
        let page = page(&format!(
            "{first}1. Two:\n   Three:\n   ```sh\n   z\n   ```\n"
        ));
        let executed = Mark::Executed("a".into());
        let block = |mark, introduced_by: &str, commands: &str| CommandBlock {
            mark,
            introduced_by: introduced_by.into(),
            commands: commands.into(),
        };
        let expected = [
            block(Some(executed.clone()), "One:\n", "x\n\ny\n"),
            block(None, "1. Two:\nThree:\n", "z\n"),
        ];
        assert_eq!(page.blocks(), expected);
        assert_eq!(page.commands(&executed), "x\n\ny\n");
    }

    #[test]
    fn calls_are_found_in_blocks_and_in_the_text() {
        let text = "Run `backup-verifier check`, or the backup-verifier itself:\n```sh\n\
            backup-verifier accept --reason \"it's > right\" \\\n    --source a | cat\n```\n";
        let expected = [
            vec!["check"],
            vec!["accept", "--reason", "it's > right", "--source", "a"],
        ];
        assert_eq!(page(text).calls(), expected);
    }
}

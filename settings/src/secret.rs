//! Secrets: values that are never printed or serialized, and wiped from memory when dropped.
//!
//! A secret never stands in the configuration; it comes from a file or from the environment.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;

/// A secret text. Equal to nothing, printed as `[redacted]`.
#[derive(Clone)]
pub struct Secret(SecretString);

/// A file that holds a secret, as a `*_file` key names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SecretFile(PathBuf);

/// Reason why there is no secret. No variant carries what was read.
#[derive(Debug, Error)]
pub enum SecretError {
    /// No such file.
    #[error("the secret file {} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The path leads to a directory or a device.
    #[error(
        "{} is not a file\n\
         hint: Name the file within it that holds the secret.",
        path.display()
    )]
    NotAFile {
        /// What is no file.
        path: PathBuf,
    },
    /// The file cannot be read by this user.
    #[error("cannot read the secret file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing is in it, or only a line break.
    #[error("the secret file {} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// More than 64 KiB.
    #[error("the secret file {} is larger than 64 KiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not UTF-8.
    #[error("the secret file {} holds bytes that are not text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The variable is not set, or empty.
    #[error("the environment variable {name} is not set, or empty")]
    Variable {
        /// The variable.
        name: String,
    },
}

const LARGEST: u64 = 64 * 1024;

impl Secret {
    /// Takes over a text that is secret from now on.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Reads the variable `name` of the environment that `lookup` reads; `None` if it is not set.
    /// Errs if it is empty.
    pub fn from_env(
        name: &str,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SecretError> {
        match lookup(name) {
            None => Ok(None),
            Some(text) if !text.is_empty() => Ok(Some(Self::new(text))),
            Some(_) => Err(SecretError::Variable {
                name: name.to_owned(),
            }),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SecretFile {
    /// A file by its path; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads at most 64 KiB, less one line break at the end. Meant to be called whenever the
    /// secret is used, since mounted secrets are rotated.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let path = || self.0.clone();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => SecretError::Missing { path: path() },
            _ => SecretError::Unreadable {
                path: path(),
                source,
            },
        };
        // Looked at before it is opened: opening a pipe would wait for a writer.
        if !fs::metadata(&self.0).map_err(failed)?.is_file() {
            return Err(SecretError::NotAFile { path: path() });
        }
        let mut bytes = Vec::new();
        let file = File::open(&self.0).map_err(failed)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > LARGEST {
            return Err(SecretError::TooLarge { path: path() });
        }
        let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText { path: path() })?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        match line.strip_suffix('\r').unwrap_or(line) {
            "" => Err(SecretError::Empty { path: path() }),
            secret => Ok(Secret::new(secret)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(content: &[u8]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, content).unwrap();
        match SecretFile::new(&path).read() {
            Ok(secret) => format!("{:?}", secret.expose()),
            Err(error) => error
                .to_string()
                .replace(&*directory.path().to_string_lossy(), "DIR"),
        }
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_secret() {
        assert_eq!(said(b"hunter2"), r#""hunter2""#);
        assert_eq!(said(b"hunter2\n"), r#""hunter2""#);
        assert_eq!(said(b"hunter2\r\n"), r#""hunter2""#);
        assert_eq!(said(b" hunter2 \n\n"), r#"" hunter2 \n""#);
    }

    #[test]
    fn a_file_that_cannot_be_a_secret_is_refused() {
        assert_eq!(said(b""), "the secret file DIR/token is empty");
        assert_eq!(said(b"\n"), "the secret file DIR/token is empty");
        assert_eq!(
            said(b"\xff"),
            "the secret file DIR/token holds bytes that are not text"
        );
        assert_eq!(said(&vec![b'x'; 64 * 1024]).len(), 64 * 1024 + 2);
        let large = said(&vec![b'x'; 64 * 1024 + 1]);
        assert_eq!(large, "the secret file DIR/token is larger than 64 KiB");
        let missing = SecretFile::new("/nowhere/token").read().unwrap_err();
        assert_eq!(
            missing.to_string(),
            "the secret file /nowhere/token does not exist"
        );
        let directory = SecretFile::new("/").read().unwrap_err();
        let hint = "hint: Name the file within it that holds the secret.";
        assert_eq!(directory.to_string(), format!("/ is not a file\n{hint}"));
        let beneath = SecretFile::new("/dev/null/token").read().unwrap_err();
        assert_eq!(
            beneath.to_string(),
            "cannot read the secret file /dev/null/token"
        );
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?}"),
            "[redacted] Secret([redacted])"
        );
    }

    #[test]
    fn a_variable_that_is_set_must_hold_something() {
        let read = |value: Option<&str>| {
            let value = value.map(String::from);
            Secret::from_env("TOKEN", |name| value.clone().filter(|_| name == "TOKEN"))
        };
        assert_eq!(read(Some("hunter2")).unwrap().unwrap().expose(), "hunter2");
        assert!(read(None).unwrap().is_none());
        let error = read(Some("")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable TOKEN is not set, or empty"
        );
    }
}

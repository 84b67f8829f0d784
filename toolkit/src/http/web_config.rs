//! `--web.config.file`, in the format of Prometheus' exporter-toolkit: read, checked, made usable.
//!
//! Everything wrong is reported at once, with its place. The file holds secrets: no message shows a
//! line or a value of it, except names that were looked up. A setting that would protect nothing is
//! refused, also where exporter-toolkit takes it.

mod headers;
mod tls;
mod versions;
mod written;

use std::{
    io,
    path::{Path, PathBuf},
};

use hyper::header::{HeaderName, HeaderValue};
use settings::{Document, Problems, Section};
use thiserror::Error;

use self::written::{Written, WrittenRate, WrittenUsers};
use super::{
    auth::{self, Users},
    files::Files,
    rate::Rate,
    tls::Tls,
};

/// Highest cost of a hash. Costlier ones would take tens of seconds of every first request;
/// exporter-toolkit's manual says "up to a few seconds" of 18.
const COST_MAX: u32 = 18;

/// Longest `rate_limit.interval`: durations of Go, unlike ours, have no unit of a day.
const INTERVAL_MAX: settings::Duration = settings::Duration::from_hours(23);

/// Reason why a web configuration cannot be used.
#[derive(Debug, Error)]
pub enum WebConfigError {
    /// The file cannot be read, or is not text.
    #[error(
        "cannot read the web configuration {}\n\
         hint: Name a readable file with --web.config.file.",
        file.display()
    )]
    Read {
        /// The file as given.
        file: PathBuf,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
    /// The problems of the file, in its order.
    #[error("{0}")]
    Problems(Problems),
}

/// The rules of the door; the default is an open door.
#[derive(Debug, Clone, Default)]
pub(super) struct WebConfig {
    pub(super) tls: Option<Tls>,
    pub(super) users: Option<Users>,
    pub(super) rate: Option<Rate>,
    /// Headers to set on every answer; `None` leaves out the header that answers have otherwise.
    pub(super) headers: Vec<(HeaderName, Option<HeaderValue>)>,
}

/// Reads and checks the file and the files it names; relative names start at its directory.
pub(super) fn load(file: &Path, files: &mut Files) -> Result<WebConfig, WebConfigError> {
    let bytes = files.read(file);
    let text = bytes
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text")));
    let text = text.map_err(|source| WebConfigError::Read {
        file: file.to_owned(),
        source,
    })?;
    let name = file.display().to_string();
    let document = Document::parse_unquoted(&name, &text).map_err(WebConfigError::Problems)?;
    let mut problems = document.problems();
    refuse_emptied(document.root(), &mut problems);
    let empty = document.root().node().text() == Some("");
    let written = if empty {
        Some(Written::default())
    } else {
        document.root().read(&mut problems)
    };
    let config = written.map(|written| {
        let beside = file.parent().unwrap_or(Path::new(""));
        check(written, beside, files, &mut problems)
    });
    match config {
        Some(config) if !problems.has_errors() => Ok(config),
        _ => Err(WebConfigError::Problems(problems)),
    }
}

/// Refuses empty sections that were meant to protect: lost contents must not open the door.
fn refuse_emptied(root: &Section, problems: &mut Problems) {
    const NOTHING: [&str; 3] = ["", "~", "null"];
    for key in ["tls_server_config", "basic_auth_users"] {
        let Some(section) = root.get(key) else {
            continue;
        };
        let node = section.node();
        let holds_some = node.entries().next().is_some() || !node.items().is_empty();
        if !holds_some && NOTHING.contains(&node.text().unwrap_or_default()) {
            problems
                .error(&section.place(), "nothing is in it, so it protects nothing")
                .hint("Fill it in, or leave it out.");
        }
    }
}

fn check(written: Written, beside: &Path, files: &mut Files, problems: &mut Problems) -> WebConfig {
    let http = written.http_server_config.unwrap_or_default();
    let http2 = http.http2.unwrap_or(true);
    WebConfig {
        tls: written
            .tls_server_config
            .and_then(|tls| tls::check(tls, http2, beside, files, problems)),
        users: users(written.basic_auth_users.unwrap_or_default(), problems),
        rate: rate(written.rate_limit, problems),
        headers: headers::check(http.headers.unwrap_or_default(), problems),
    }
}

fn users(written: WrittenUsers, problems: &mut Problems) -> Option<Users> {
    for (user, hash) in &written {
        if user.contains(':') {
            problems
                .error(&hash.place, "a user name with a colon can never be sent")
                .hint("Choose a name without one (RFC 7617).");
        }
        match auth::cost(hash.value.trim()) {
            None => {
                problems
                    .error(&hash.place, "this is not a bcrypt hash")
                    .hint("Make one with: htpasswd -nBC 10 \"\" | tr -d ':\\n'");
            }
            Some(cost) if cost > COST_MAX => {
                let message = format!("checking a hash of cost {cost} would take too long");
                problems
                    .error(&hash.place, message)
                    .hint(format!("Make one of cost 10, at most {COST_MAX}."));
            }
            Some(_) => {}
        }
    }
    let hashes = written.into_iter();
    Users::new(
        hashes
            .map(|(user, hash)| (user, hash.value.trim().to_owned()))
            .collect(),
    )
}

fn rate(written: Option<settings::Located<WrittenRate>>, problems: &mut Problems) -> Option<Rate> {
    let written = written?;
    let interval = written.value.interval.unwrap_or_default();
    let burst = written.value.burst.unwrap_or_default();
    if interval == settings::Duration::ZERO {
        return None;
    }
    if interval > INTERVAL_MAX {
        problems
            .error(&written.place, "the interval is longer than 23 hours")
            .hint("Write how much time one request is worth: 1s, or 100ms.");
    }
    if burst == 0 {
        problems
            .error(
                &written.place,
                "a burst of 0 lets no request through at all",
            )
            .hint("Write burst: 1 or more, or interval: 0 for no limit.");
        return None;
    }
    Some(Rate {
        interval: interval.into(),
        burst,
    })
}

#[cfg(test)]
mod tests;

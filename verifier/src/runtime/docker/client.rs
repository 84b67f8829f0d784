//! The connection to a Docker engine, and the reason that each of its errors gives a run.
//!
//! Every operation connects anew: the engine may come and go while the verifier lives.

use std::{error::Error as _, io, time::Duration};

use bollard::{Docker, errors::Error};
use catalog::ledger::Reason;

use crate::runtime::SandboxError;

/// Address of the engine unless `DOCKER_HOST` names another.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// Address of the engine.
#[derive(Debug, Clone)]
pub(super) struct DockerHost {
    host: String,
}

impl DockerHost {
    pub(super) fn of_host(host: Option<&str>) -> Self {
        let host = host.filter(|host| !host.is_empty()).unwrap_or(DEFAULT_HOST);
        let host = host.to_owned();
        Self { host }
    }

    pub(super) fn connect(&self) -> Result<Docker, SandboxError> {
        let docker = Docker::connect_with_host(&self.host);
        docker.map_err(|error| trouble(&format!("connecting to {}", self.host), seen(error)))
    }
}

/// Corrects one error of the client, which says of a socket that we may not look at that it is not
/// there.
fn seen(error: Error) -> Error {
    let Error::SocketNotFoundError(path) = &error else {
        return error;
    };
    match std::fs::metadata(path) {
        Err(err) if err.kind() == io::ErrorKind::PermissionDenied => Error::IOError { err },
        _ => error,
    }
}

/// The error of `doing` something with the engine: reason, message, and a hint what to do.
pub(super) fn trouble(doing: &str, error: Error) -> SandboxError {
    let (reason, hint) = match &error {
        Error::DockerResponseServerError { message, .. } if no_space(message) => (
            Reason::Disk,
            "Free space where Docker keeps its data (docker system df).",
        ),
        Error::DockerResponseServerError {
            status_code: 404 | 409,
            ..
        } => (
            Reason::Killed,
            "Something else removed or stopped it; look at docker events.",
        ),
        Error::DockerResponseServerError {
            status_code: 403, ..
        } => (
            Reason::RuntimeUnavailable,
            "The engine or a proxy before it forbids this: allow containers, exec and volumes.",
        ),
        Error::RequestTimeoutError => (
            Reason::RuntimeUnavailable,
            "The Docker engine is overloaded or hangs; look at its log.",
        ),
        other => (Reason::RuntimeUnavailable, unreachable_hint(other)),
    };
    SandboxError::new(
        reason,
        format!("docker: {doing}: {}\nhint: {hint}", plain(&error)),
    )
    .caused_by(error)
}

fn no_space(message: &str) -> bool {
    message.to_lowercase().contains("no space left on device")
}

/// Words of the innermost cause, which says most: the outer ones only name the client's layers.
fn plain(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        other => match io_cause(other) {
            Some(cause) => cause.to_string(),
            None => other.to_string(),
        },
    }
}

fn io_cause(error: &Error) -> Option<&io::Error> {
    if let Error::IOError { err } = error {
        return Some(err);
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref() {
            return Some(io);
        }
        cause = inner.source();
    }
    None
}

fn unreachable_hint(error: &Error) -> &'static str {
    let kind = io_cause(error).map(io::Error::kind);
    match (error, kind) {
        (Error::SocketNotFoundError(_), _) | (_, Some(io::ErrorKind::NotFound)) => {
            "Start Docker, or set DOCKER_HOST to where it listens."
        }
        (_, Some(io::ErrorKind::PermissionDenied)) => {
            "Add this user to group docker, or set DOCKER_HOST to an engine of its own."
        }
        (_, Some(io::ErrorKind::ConnectionRefused)) => "Start Docker; its socket is stale.",
        (Error::UnsupportedURISchemeError { .. }, _) => {
            "DOCKER_HOST must begin with unix:// or tcp://."
        }
        _ => "Look at the log of the Docker engine.",
    }
}

/// Pause between two tries of what a busy engine refuses at first.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_its_reason_and_says_what_to_do() {
        let check = |error: Error, reason: Reason, says: &str| {
            let error = trouble("creating the sandbox", error);
            assert_eq!(error.reason, reason, "{error}");
            let message = error.to_string();
            assert!(message.contains(says), "{message}");
            assert!(message.contains("hint: "), "{message}");
        };
        let io = |kind: io::ErrorKind| Error::IOError { err: kind.into() };
        let response = |status_code, message: &str| Error::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        };
        let missing = Error::SocketNotFoundError("/run/none.sock".to_owned());
        check(missing, Reason::RuntimeUnavailable, "set DOCKER_HOST");
        check(
            io(io::ErrorKind::PermissionDenied),
            Reason::RuntimeUnavailable,
            "group docker",
        );
        check(
            io(io::ErrorKind::ConnectionRefused),
            Reason::RuntimeUnavailable,
            "stale",
        );
        check(
            Error::RequestTimeoutError,
            Reason::RuntimeUnavailable,
            "overloaded",
        );
        check(
            response(403, "denied by policy"),
            Reason::RuntimeUnavailable,
            "forbids",
        );
        check(
            response(500, "write /x: no space left on device"),
            Reason::Disk,
            "Free space",
        );
        check(
            response(409, "Container 1 is not running"),
            Reason::Killed,
            "docker events",
        );
        check(
            response(404, "No such container: 1"),
            Reason::Killed,
            "No such container",
        );
        check(
            response(500, "shim crashed"),
            Reason::RuntimeUnavailable,
            "shim crashed",
        );
    }

    #[test]
    fn a_host_that_is_no_host_is_refused_with_the_form_it_must_have() {
        let error = DockerHost::of_host(Some("ftp://x")).connect().unwrap_err();
        assert_eq!(error.reason, Reason::RuntimeUnavailable);
        assert!(error.message.contains("must begin with unix://"), "{error}");
    }
}

//! A small HTTP listener: a table of fixed paths behind a door, bounded in every direction.
//!
//! Who is let in says `--web.config.file`, in the format of Prometheus' exporter-toolkit. No request
//! body is read; of the request only method, path, credentials and who makes a browser ask are
//! looked at. It is no place for an API.
//!
//! Read in this order: [`service`], [`Server`], [`Door`], `answer`, `web_config`.

mod answer;
mod auth;
mod door;
mod files;
mod limits;
mod listen;
mod pace;
mod rate;
mod route;
mod server;
pub mod service;
pub mod shell;
#[cfg(test)]
mod testing;
mod tls;
mod web_config;

pub use door::{Door, DoorState};
pub use hyper::StatusCode;
pub use limits::Limits;
pub use listen::ListenError;
pub use route::{Caller, Handler, Method, Response, Route};
pub use server::Server;
pub use web_config::WebConfigError;

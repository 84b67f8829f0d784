//! A small HTTP listener: a table of fixed paths behind a door, bounded in every direction.
//!
//! `--web.config.file` says who is let in, in the format of Prometheus' exporter-toolkit. No
//! request body is read. Of a request only method, path, credentials and the site that makes a
//! browser ask are looked at. The listener is no place for an API.
//!
//! Read in this order: [`service`], [`Server`], [`Door`], `answer`, `web_config`.

mod answer;
mod auth;
mod door;
mod files;
mod gzip;
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

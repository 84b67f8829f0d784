//! A small HTTP listener: a table of fixed paths, bounded in every direction.
//!
//! One request per connection, no request body, nothing of the request but method and path is
//! looked at. It is no place for an API.

mod route;
mod server;

pub use hyper::StatusCode;
pub use route::{Handler, Method, Response, Route};
pub use server::{CONNECTIONS_MAX, ListenError, Server};

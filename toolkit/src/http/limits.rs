//! The bounds of the listener: what one client can take from the others, and for how long.
//!
//! Bounds that hyper or rustls already set are left to them and named in docs/web.md.

use std::time::Duration;

/// Bounds that a test may want smaller; the default is meant for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at one time, over all addresses; further ones wait in the kernel's backlog.
    pub connections: usize,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// Longest time from the first byte of a request's head to its last; for the first request,
    /// from the beginning of the connection.
    pub head: Duration,
    /// Longest time from a whole head until the answer is made and handed to the connection.
    pub answer: Duration,
    /// Longest time from there to the next request, also while nobody reads the answer. Longer than
    /// the default `scrape_interval` of Prometheus, 1 m.
    pub idle: Duration,
    /// Longest time that requests under way may go on after a stop.
    pub stop: Duration,
    /// Shortest time between two looks at the files of `--web.config.file`.
    pub reread: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            answer: Duration::from_mins(1),
            idle: Duration::from_mins(2),
            stop: Duration::from_secs(5),
            reread: Duration::from_secs(1),
        }
    }
}

/// Largest request head in bytes, HTTP/1.1 and HTTP/2 alike; hyper's smallest possible buffer.
pub(super) const HEAD_MAX: u32 = 8 * 1024;

/// Requests under way in one HTTP/2 connection: one scrape and a browser.
pub(super) const STREAMS_MAX: u32 = 16;

/// Streams a client may open and reset before anybody looked at them, the shape of the rapid reset
/// attack (CVE-2023-44487); hyper's own default is 20.
pub(super) const RESETS_MAX: usize = 16;

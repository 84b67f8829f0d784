//! The parts that every small service needs: flags, log, exposition, HTTP listener, signals, exit
//! codes.
//!
//! Nothing here knows a word of the domain; nothing here ends the process or reads the environment
//! behind the caller's back.

pub mod clock;
pub mod exit;
pub mod exposition;
pub mod flags;
pub mod http;
pub mod log;
pub mod problem;
pub mod published;
pub mod replace;
pub mod signals;
pub mod table;
pub mod words;

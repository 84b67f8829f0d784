//! Every runtime against the suite of sandboxes, and what only one of them promises.

mod docker;
mod noop;
mod process;

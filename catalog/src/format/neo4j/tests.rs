//! What needs no archive: chains of backups, and what a source may write.

mod chains;
mod written;

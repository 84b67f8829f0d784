//! What needs no archive: what a source may write.

mod written;

//! Tests that need no archive: what may be written of a source.

mod written;

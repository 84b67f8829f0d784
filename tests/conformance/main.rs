//! Everything exchangeable, against the one suite of its kind.

mod evidence;
mod runtimes;
mod storage;

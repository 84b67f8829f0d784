//! What only a machine, a sandbox or an image can cause, known by the words of Linux, its C
//! libraries and Java. A program that met it says nothing of a snapshot. All engines and the
//! supervisor use this one table. Pure.
//!
//! | seen | reason |
//! |---|---|
//! | threads or processes were refused | `internal` |
//! | killed by the memory limit, or out of memory in its own words | `out_of_memory` |
//! | killed otherwise | `killed` |
//! | no space | `disk` |
//! | a library, a processor, a kernel or a Java that it was not made for | `no_image` |
//! | files that cannot be read, written or opened; a call that is forbidden | `internal` |
//!
//! The first row that fits counts: a Java machine that may not start a thread calls that a lack of
//! memory, too.

use catalog::ledger::Reason;

use super::Stopped;

/// Name of the program in messages: `the server`, `one of Neo4j's tools`.
pub(crate) type Who = &'static str;

/// Exit codes of a shell for a program that cannot be run (126), is not there (127), or is not made
/// for this processor (128 + `SIGILL`).
const NOT_RUNNABLE: [i32; 3] = [126, 127, 132];

/// 128 + `SIGINT`, `SIGKILL`, `SIGTERM`: somebody sent it, and the snapshot did not.
const KILLED: [i32; 3] = [130, 137, 143];

/// 128 + `SIGSYS`: a filter of system calls ended the program.
const FORBIDDEN: i32 = 159;

const NO_THREADS: [&str; 5] = [
    "unable to create native thread",
    "unable to create new native thread",
    "pthread_create",
    "Can't initialize Background Jobs",
    "Resource temporarily unavailable",
];

const STARVED: [&str; 7] = [
    "java.lang.OutOfMemoryError",
    "There is insufficient memory for the Java Runtime Environment",
    "Could not reserve enough space",
    "Cannot allocate memory",
    "MemoryLimitExceeded",
    "Out Of Memory allocating",
    "failed allocating",
];

const FULL: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

/// Words of glibc, musl and the kernel; of Redis built for smaller pages; of Java.
const NOT_MADE_FOR_IT: [&str; 11] = [
    "error while loading shared libraries",
    "Error loading shared library",
    "Error relocating",
    "version `GLIBC",
    "Exec format error",
    "cannot execute",
    "Unsupported system page size",
    "UnsatisfiedLinkError",
    "UnsupportedClassVersionError",
    "Could not find or load main class",
    "Could not create the Java Virtual Machine",
];

const BROKEN: [&str; 3] = [
    "Input/output error",
    "Too many open files",
    "Read-only file system",
];

/// Returns the end of the run if the exit code of `who` or its words fit a row of the table. `says`
/// tells whether its output contains a text.
pub(crate) fn by_sandbox(
    who: Who,
    (code, out_of_memory): (i32, bool),
    says: &dyn Fn(&str) -> bool,
) -> Option<Stopped> {
    let any = |texts: &[&str]| texts.iter().any(|text| says(text));
    let (reason, what, hint) = if any(&NO_THREADS) {
        (
            Reason::Internal,
            "was refused a thread or a process",
            "Look at the limits of processes of the machine that restores.",
        )
    } else if out_of_memory || any(&STARVED) {
        (
            Reason::OutOfMemory,
            "ran out of the sandbox's memory",
            "Raise verifier.limits.memory.",
        )
    } else if KILLED.contains(&code) {
        (
            Reason::Killed,
            "was killed, by none of us",
            "Look at what else runs on the machine that restores.",
        )
    } else if any(&FULL) {
        (
            Reason::Disk,
            "found the sandbox's disk full",
            "Raise verifier.limits.disk.",
        )
    } else if NOT_RUNNABLE.contains(&code) || any(&NOT_MADE_FOR_IT) {
        (
            Reason::NoImage,
            "does not run in this image, on this machine",
            "Try it by hand, and look at the image's architecture, page size, libraries and Java.",
        )
    } else if code == FORBIDDEN || any(&BROKEN) {
        (
            Reason::Internal,
            "could not use the sandbox's files or system calls",
            "Look at the disk and the limits of the machine that restores.",
        )
    } else {
        return None;
    };
    Some(Stopped::new(reason, format!("{who} {what}\nhint: {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_that_a_machine_can_cause_has_its_reason_whatever_the_code() {
        let check = |code, said: &str, expected: Option<Reason>| {
            let says = |text: &str| said.contains(text);
            let stopped = by_sandbox("the server", (code, false), &says);
            let reason = stopped.map(|stopped| stopped.reason);
            assert_eq!(reason, expected, "{code} {said}");
        };
        for code in [1, 127, 134, 139] {
            let refused = "java.lang.OutOfMemoryError: unable to create native thread";
            check(code, refused, Some(Reason::Internal));
            let refused = "Fatal: Can't initialize Background Jobs. Error message: Operation not";
            check(code, refused, Some(Reason::Internal));
            let large = "Could not reserve enough space for 2097152KB object heap";
            check(code, large, Some(Reason::OutOfMemory));
            check(
                code,
                "<jemalloc>: Unsupported system page size",
                Some(Reason::NoImage),
            );
            let lost = "java: error while loading shared libraries: libz.so.1: cannot open shared \
                        object file";
            check(code, lost, Some(Reason::NoImage));
        }
        for code in [126, 127, 132] {
            check(code, "", Some(Reason::NoImage));
        }
        for code in [130, 137, 143] {
            check(code, "", Some(Reason::Killed));
        }
        check(159, "", Some(Reason::Internal));
        check(
            1,
            "write error: No space left on device",
            Some(Reason::Disk),
        );
        check(
            1,
            "java.io.IOException: Too many open files",
            Some(Reason::Internal),
        );
        for code in [0, 1, 134, 139] {
            check(code, "", None);
        }
    }

    #[test]
    fn a_kill_by_the_memory_limit_is_known_without_a_word() {
        let stopped = by_sandbox("the server", (137, true), &|_| false);
        assert_eq!(
            stopped.map(|stopped| stopped.reason),
            Some(Reason::OutOfMemory)
        );
    }
}

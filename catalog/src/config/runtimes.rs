//! Table of the runtimes that a file may name, and of what in the file each looks at. Both programs
//! read it.
//!
//! How a runtime is opened is in the verifier's table of the same name.

/// Knowledge of the configuration about a runtime.
#[derive(Debug, PartialEq, Eq)]
pub struct RuntimeKind {
    /// Name as written behind `verifier.runtime`.
    pub name: &'static str,
    /// True if servers come in images. Else they are programs of a machine, and keys about images
    /// have no effect.
    pub has_images: bool,
    /// True if this version has the runtime; else its name is accepted with a warning.
    pub is_built: bool,
}

/// Every runtime; the first is the default.
pub static RUNTIMES: [RuntimeKind; 3] = [
    RuntimeKind {
        name: "docker",
        has_images: true,
        is_built: true,
    },
    RuntimeKind {
        name: "kubernetes",
        has_images: true,
        is_built: false,
    },
    RuntimeKind {
        name: "process",
        has_images: false,
        is_built: true,
    },
];

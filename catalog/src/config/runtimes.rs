//! Every runtime that a file may name, and what of the file it looks at: both programs read it.
//!
//! How one is opened, the verifier's table of the same name says.

/// What the configuration knows of a runtime.
#[derive(Debug, PartialEq, Eq)]
pub struct RuntimeKind {
    /// As written behind `verifier.runtime`.
    pub name: &'static str,
    /// Whether servers come in images. Else they are programs of a machine, and keys about images
    /// have no effect.
    pub has_images: bool,
    /// Whether this version has it; else it is accepted with a warning.
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

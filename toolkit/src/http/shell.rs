//! The frame of every landing page: values for `templates/shell.html` of this crate, which a
//! program's own template extends (its `askama.toml` names the directory).
//!
//! Only data: the program itself fills its template.

/// Sentence for a configuration that could not be loaded again.
pub const STALE: &str = "The file as it is now has errors, so the configuration loaded before is \
                         still in use. The log says what is wrong.";

/// Values of the frame, which the template calls `shell`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// Brand, above everything else and in the title of the window.
    pub brand: &'static str,
    /// The answer to the question the page is opened for.
    pub title: String,
    /// A class of the style sheet: `yes`, `no`, `unknown` or `unproven`.
    pub tone: &'static str,
    /// One line below the title.
    pub detail: String,
    /// Time that the page is about, as people read it.
    pub now: String,
    /// Name of the program.
    pub program: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Age of the configuration in use: `3 h ago`.
    pub loaded: String,
    /// Sentence about what is wrong with the configuration; `None` if nothing is.
    pub problem: Option<&'static str>,
}

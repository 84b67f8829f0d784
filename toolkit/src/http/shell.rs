//! What stands around every landing page: `templates/shell.html` of this crate, which a program's
//! own template extends (its `askama.toml` names the directory).
//!
//! Only data: it is the program that fills its template.

/// What is said of a configuration that could not be read again.
pub const STALE: &str = "The file as it is now has errors, so the configuration loaded before is \
                         still in use. The log says what is wrong.";

/// What the template asks for, as `shell`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// Above everything else.
    pub brand: &'static str,
    /// The answer to the question the page is opened for.
    pub title: String,
    /// A class of the style sheet: `yes`, `no`, `unknown` or `unproven`.
    pub tone: &'static str,
    /// One line below the title.
    pub detail: String,
    /// As of when.
    pub now: String,
    /// Name of the program.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// When the configuration was loaded.
    pub loaded: String,
    /// What is wrong with the configuration.
    pub problem: Option<&'static str>,
}

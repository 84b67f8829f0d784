//! A parsed document and its sections.
//!
//! It must not know what a section means: types with `Deserialize` do.

mod compose;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::node::Node;
use crate::place::Path;
use crate::{Place, Problems, read};

/// One YAML document: a located tree, and the text from which problems show excerpts.
///
/// ```
/// use settings::{Document, Duration, Size};
///
/// #[derive(serde::Deserialize)]
/// struct Limits {
///     memory: Size,
///     deadline: Option<Duration>,
/// }
///
/// let document = Document::parse("limits.yaml", "memory: 4Gi\ndeadlin: 2h\n").unwrap();
/// let mut problems = document.problems();
/// let limits: Option<Limits> = document.root().read(&mut problems);
/// assert!(limits.is_some_and(|limits| limits.memory.bytes() == 4 << 30));
/// assert_eq!(
///     problems.to_string(),
///     "limits.yaml:2:1: deadlin: unknown key\n\
///      \u{20}   2 | deadlin: 2h\n\
///      \u{20}     | ^\n\
///      \u{20} hint: Did you mean deadline? Known keys: deadline, memory.\n",
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    root: Section,
    /// An empty collection, cloned for every reading.
    problems: Problems,
}

impl Document {
    /// Parses `text`, at most 1 MiB and 100,000 values; problems call the file `name`.
    ///
    /// Errs with every duplicate key, unknown tag and the like, and the first error of syntax.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        Self::compose(text, Problems::new(name, text))
    }

    /// Parses a file that holds secrets, like [`Document::parse`]: no problem shows a line or a
    /// value of the file.
    pub fn parse_unquoted(name: &str, text: &str) -> Result<Self, Problems> {
        Self::compose(text, Problems::unquoted(name, text))
    }

    fn compose(text: &str, mut problems: Problems) -> Result<Self, Problems> {
        let clean = problems.clone();
        match compose::compose(text, &mut problems) {
            Some(node) if !problems.has_errors() => {
                let root = Section {
                    node: Arc::new(node),
                    path: String::new(),
                };
                Ok(Self {
                    root,
                    problems: clean,
                })
            }
            _ => Err(problems),
        }
    }

    /// The document as a whole.
    pub fn root(&self) -> &Section {
        &self.root
    }

    /// An empty collection for problems of this document.
    pub fn problems(&self) -> Problems {
        self.problems.clone()
    }
}

/// A part of a document that is not read yet. As a field's type it takes any value, so that an
/// engine's keys can be read by the engine's own type once the engine is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub(crate) node: Arc<Node>,
    pub(crate) path: String,
}

impl Section {
    /// Reads this section as a `T`. Every unknown key and up to 50 other errors are added to
    /// `problems`.
    ///
    /// Wrong parts are left out and the rest is read without them, so there can be both a value
    /// and problems. Ask [`Problems::has_errors`] before believing the value.
    pub fn read<T: DeserializeOwned>(&self, problems: &mut Problems) -> Option<T> {
        self.read_beside(&[], problems)
    }

    /// Reads this section as a `T`, like [`Section::read`], where it is a mapping that two types
    /// share. The keys `others` belong to the other type: not read here, and not unknown.
    pub fn read_beside<T: DeserializeOwned>(
        &self,
        others: &[&'static str],
        problems: &mut Problems,
    ) -> Option<T> {
        read::read(&self.node, &self.path, others, problems)
    }

    /// Place of this section in its document.
    pub fn place(&self) -> Place {
        Place {
            at: self.node.at,
            path: self.path.clone(),
        }
    }

    /// The located value of this section.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// True if no value is written: `key:` alone, `~` or `null`.
    pub fn is_nothing(&self) -> bool {
        self.node.is_null()
    }

    /// The section beneath `key`, if this is a mapping and has it.
    pub fn get(&self, key: &str) -> Option<Self> {
        let node = Arc::new(self.node.get(key)?.clone());
        let path = Path::Key(&Path::Start(&self.path), key).to_string();
        Some(Self { node, path })
    }

    /// Splits this section in two, the wanted keys and the rest, where two types share a mapping.
    pub fn split(&self, wanted: impl Fn(&str) -> bool) -> (Self, Self) {
        let (own, rest) = self.node.split(wanted);
        let section = |node| Self {
            node: Arc::new(node),
            path: self.path.clone(),
        };
        (section(own), section(rest))
    }

    /// This section, completed by the keys of `defaults` that it lacks, at every depth.
    #[must_use]
    pub fn or(&self, defaults: &Self) -> Self {
        Self {
            node: Arc::new(self.node.or(&defaults.node)),
            path: self.path.clone(),
        }
    }
}

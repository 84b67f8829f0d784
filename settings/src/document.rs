//! A parsed document and its sections.
//!
//! It must not know what a section means: types with `Deserialize` do.

mod compose;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::node::Node;
use crate::place::Path;
use crate::{Place, Problems, read};

/// One YAML document: a located tree and the text it came from, which excerpts are taken of.
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
    /// None so far; cloned for every reading.
    problems: Problems,
}

impl Document {
    /// Parses `text`; `name` is what errors call the file. At most 1 MiB and 100,000 values.
    ///
    /// On failure the problems are every duplicate key, unknown tag and the like, and the first
    /// error of syntax.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        Self::compose(text, Problems::new(name, text))
    }

    /// The same of a file that holds secrets: no problem shows a line or a value of it.
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
    /// Reads this section as a `T`. Every error is added to `problems`, up to 50 of them.
    ///
    /// What is wrong is left out and the rest read without it; so there can be both a value and
    /// problems. Ask [`Problems::has_errors`] before believing the value.
    pub fn read<T: DeserializeOwned>(&self, problems: &mut Problems) -> Option<T> {
        self.read_beside(&[], problems)
    }

    /// The same, of a mapping in which the keys `others` are another type's: they are not read
    /// here, and are not unknown.
    pub fn read_beside<T: DeserializeOwned>(
        &self,
        others: &[&'static str],
        problems: &mut Problems,
    ) -> Option<T> {
        read::read(&self.node, &self.path, others, problems)
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            at: self.node.at,
            path: self.path.clone(),
        }
    }

    /// What it holds.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Whether nothing is written: `key:` alone, `~` or `null`.
    pub fn is_nothing(&self) -> bool {
        self.node.is_null()
    }

    /// The section beneath `key`, if this is a mapping and has it.
    pub fn get(&self, key: &str) -> Option<Self> {
        let node = Arc::new(self.node.get(key)?.clone());
        let path = Path::Key(&Path::Start(&self.path), key).to_string();
        Some(Self { node, path })
    }

    /// This section in two: the keys that are wanted, and the rest. For keys that another type
    /// reads than the one the mapping is read as.
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

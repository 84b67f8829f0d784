//! The files of the workspace, read once.
//!
//! It must not judge them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// One text file: its path from the workspace's root, with `/`, and what it holds.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    pub(crate) fn is_script(&self) -> bool {
        self.text.starts_with("#!/")
    }

    /// The rules themselves name what they forbid.
    pub(crate) fn is_rulebook(&self) -> bool {
        self.path.starts_with("tests/tidy/")
    }

    /// Numbered lines of the program itself: none of a test file, nothing below the inline tests.
    pub(crate) fn program(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().take(self.first_test_line())
    }

    /// Numbered lines of tests: all of a test file, else what stands below `#[cfg(test)] mod`.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().skip(self.first_test_line())
    }

    /// Numbered lines, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    fn first_test_line(&self) -> usize {
        let path = &self.path;
        // Examples measure the program, as tests try it.
        let apart = ["/tests/", "/examples/"].iter().any(|it| path.contains(it));
        if apart || path.starts_with("tests/") || path.ends_with("/tests.rs") {
            return 0;
        }
        let lines: Vec<_> = self.text.lines().map(str::trim).collect();
        lines
            .windows(2)
            .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod "))
            .unwrap_or(lines.len())
    }
}

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every text file of the tree, build output and version control apart, in the order of paths.
pub(crate) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = Vec::new();
        let mut directories = vec![PathBuf::new()];
        while let Some(directory) = directories.pop() {
            read(&directory, &mut directories, &mut files);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(
            files.len() > 20,
            "the walk went wrong: {} files",
            files.len()
        );
        files
    })
}

/// The Rust files among them.
pub(crate) fn rust() -> impl Iterator<Item = &'static File> {
    files().iter().filter(|file| file.is_rust())
}

fn read(directory: &Path, directories: &mut Vec<PathBuf>, files: &mut Vec<File>) {
    const NOT_OURS: [&str; 3] = ["target", ".git", ".cache"];
    for entry in fs::read_dir(root().join(directory)).expect("a directory of the tree") {
        let entry = entry.expect("an entry of the tree");
        let name = entry.file_name();
        let path = directory.join(&name);
        let kind = entry.file_type().expect("the kind of an entry");
        if NOT_OURS.iter().any(|other| name == *other) {
            continue;
        }
        if kind.is_dir() {
            directories.push(path);
        } else if kind.is_file() {
            // What is no text (fixtures) is none of these rules' business.
            if let Ok(text) = fs::read_to_string(root().join(&path)) {
                files.push(File {
                    path: path.display().to_string(),
                    text,
                });
            }
        }
    }
}

#[test]
fn inline_tests_are_told_from_the_program() {
    let file = File::new("a/src/b.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n");
    assert_eq!(file.program().count(), 1);
    assert_eq!(
        file.tests().map(|(number, _)| number).collect::<Vec<_>>(),
        [2, 3, 4]
    );
    assert_eq!(
        File::new("tests/src/b.rs", "fn a() {}\n").program().count(),
        0
    );
    assert_eq!(
        File::new("a/src/b/tests.rs", "fn a() {}\n")
            .program()
            .count(),
        0
    );
}

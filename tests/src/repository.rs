//! The repository as a test sees it: its root, its files.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::rust_source::Code;

/// The root of the repository.
///
/// # Panics
/// Where this crate does not lie in the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
}

/// Folders that hold no source of ours.
const SKIPPED_FOLDERS: &[&str] = &["target", ".git", ".cargo"];

/// All files under a folder of the repository whose name ends so, as paths relative to the root, sorted.
///
/// # Panics
/// Where a folder can't be read.
#[must_use]
pub fn files(under: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(under)];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository can be read") {
            let entry = entry.expect("an entry can be read");
            let name = entry.file_name();
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() {
                if !SKIPPED_FOLDERS.iter().any(|skipped| name == *skipped) {
                    folders.push(entry.path());
                }
            } else if kind.is_file() && name.to_string_lossy().ends_with(ending) {
                let path = entry.path();
                let relative = path.strip_prefix(root()).expect("below the root");
                found.push(relative.to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// The text of a file, given relative to the root.
///
/// # Panics
/// Where it can't be read.
#[must_use]
pub fn text(relative: impl AsRef<Path>) -> String {
    let path = root().join(relative);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Rust files under a folder that ship: none that are declared for tests only.
#[must_use]
pub fn rust_files(under: &str) -> Vec<PathBuf> {
    let all = files(under, ".rs");
    let mut for_tests = BTreeSet::new();
    for path in &all {
        let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib" | "main") => path.parent().unwrap_or(Path::new("")).to_path_buf(),
            _ => path.with_extension(""),
        };
        for name in Code::read(&text(path)).test_modules() {
            for_tests.insert(folder.join(format!("{name}.rs")));
            for_tests.insert(folder.join(name));
        }
    }
    let tests_only = |path: &PathBuf| for_tests.iter().any(|other| path.starts_with(other));
    all.into_iter().filter(|path| !tests_only(path)).collect()
}

/// Every Rust file that ships.
#[must_use]
pub fn shipping_files() -> Vec<PathBuf> {
    ["firmware-proto/src", "simulator/src", "station/src"]
        .iter()
        .flat_map(|folder| rust_files(folder))
        .collect()
}

/// Every Rust file of the repository.
#[must_use]
pub fn all_rust_files() -> Vec<PathBuf> {
    ["firmware-proto", "simulator", "station", "tests"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect()
}

/// What was found; reported all at once, each with its place.
#[derive(Debug, Default)]
pub struct Faults(String);

impl Faults {
    /// Adds one, with its place.
    pub fn add(&mut self, path: &Path, line: usize, what: &str) {
        let _ = writeln!(self.0, "{}:{line}: {what}", path.display());
    }

    /// Asserts that there is none.
    ///
    /// # Panics
    /// With all of them, where there are any.
    pub fn none(self) {
        assert!(self.0.is_empty(), "in {}:\n{}", root().display(), self.0);
    }
}

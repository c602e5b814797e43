//! What an `init` that could not even begin takes away again: the folders and the lock that it made, and
//! nothing that was there before or that anybody put there since.

use std::fs::{remove_dir, remove_file};
use std::path::{Path, PathBuf};

use crate::station_home::HomePaths;

/// What was missing before the home's folder was made.
#[derive(Debug)]
pub(super) struct Traces {
    paths: HomePaths,
    lock_is_ours: bool,
    /// The innermost first.
    folders: Vec<PathBuf>,
}

impl Traces {
    /// Looks, before anything is made.
    pub(super) fn before(paths: &HomePaths) -> Self {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let folders = paths.home().ancestors().take_while(missing);
        Self {
            lock_is_ours: !paths.lock().exists(),
            folders: folders.map(Path::to_owned).collect(),
            paths: paths.clone(),
        }
    }

    /// Takes away what is ours, unless the home has come so far that the same command goes on with it.
    /// The lock is still held, so nobody is about to use the home.
    pub(super) fn remove(&self) {
        if self.paths.config().exists() || self.paths.unfinished_config().exists() {
            return;
        }
        // What cannot be removed stays: the failure that led here is the one to be told.
        if self.lock_is_ours {
            drop(remove_file(self.paths.lock()));
        }
        for folder in &self.folders {
            // Refused by the system where anything is in it.
            drop(remove_dir(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_was_made_goes() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("a/home");
        let traces = Traces::before(&HomePaths::new(&home));
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("lock"), "1").unwrap();
        traces.remove();
        assert!(!folder.path().join("a").exists() && folder.path().exists());

        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("lock"), "1").unwrap();
        Traces::before(&HomePaths::new(&home)).remove();
        assert!(home.join("lock").exists());

        let traces = Traces::before(&HomePaths::new(&home.join("deep")));
        fs::create_dir_all(home.join("deep")).unwrap();
        fs::write(home.join("deep/station.toml.unfinished"), "").unwrap();
        fs::write(home.join("deep/lock"), "1").unwrap();
        traces.remove();
        assert!(home.join("deep/lock").exists());
    }
}

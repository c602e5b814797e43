//! The profile that a person names for a new batch: a file, or a name among those that the home keeps.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::named_file::{must_be_a_file, read_text};
use crate::words::RefusalReason;

/// Most names that are told: as many as a dialog has room for.
const MAX_NAMES: usize = 12;

/// Its file, as it is named or else among the home's profiles, and its text.
pub(super) fn profile_named(home: &Path, named: &str) -> Result<(PathBuf, String), Failure> {
    let folder = home.join("profiles");
    let kept = folder.join(format!("{named}.toml"));
    let file = [PathBuf::from(named), kept]
        .into_iter()
        .find(|file| file.exists());
    let read = file
        .ok_or_else(|| unknown(&folder, named))
        // What is no file may never end, and who waits for it hears nothing else.
        .and_then(|file| must_be_a_file(&file).map(|()| file))
        .and_then(|file| Ok((read_text(&file)?, file)));
    read.map(|(text, file)| (file, text))
        .map_err(|refused| refused.because(RefusalReason::ProfileUnreadable))
}

/// There is none of that name: where it was looked for, and which there are.
fn unknown(folder: &Path, wanted: &str) -> Failure {
    let folder_name = folder.display();
    let mut names = names_in(folder);
    let more = names.len().saturating_sub(MAX_NAMES);
    names.truncate(MAX_NAMES);
    let names = names.join(", ");
    let to_do = match (names.is_empty(), more) {
        (true, _) => {
            format!("type the path of a file, or put one into {folder_name}, which has none")
        }
        (false, 0) => format!("type one of {names}, or the path of a file"),
        (false, more) => format!("type one of {names} and {more} more, or the path of a file"),
    };
    Failure::usage(
        format_args!("there is no profile {wanted:?}"),
        format_args!("neither a file of that name nor {wanted}.toml in {folder_name} is there"),
        to_do,
    )
}

/// The names of the profiles in the folder, in order; none where it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |file: PathBuf| {
        let is_profile = file.extension().is_some_and(|ending| ending == "toml");
        let name = file.file_stem()?.to_str()?.to_owned();
        is_profile.then_some(name)
    };
    let mut names: Vec<_> = entries.filter_map(|entry| name(entry.path())).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(refused: &Failure) -> String {
        let (what, why, next) = (refused.what(), refused.why(), refused.to_do());
        format!("{what}: {why}; {next}")
    }

    #[test]
    fn whoever_names_no_profile_is_told_where_it_was_looked_for_and_which_there_are() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("profiles");
        let refused = told(&profile_named(home.path(), "sensor").unwrap_err());
        let place = folder.display().to_string();
        assert!(refused.contains(&place), "{refused}");
        assert!(refused.contains("which has none"), "{refused}");
        fs::create_dir(&folder).unwrap();
        for name in ["sensor-b.toml", "sensor-a.toml", "sensor-a.sig"] {
            fs::write(folder.join(name), name).unwrap();
        }
        let refused = profile_named(home.path(), "sensor").unwrap_err();
        assert_eq!(
            refused.to_refusal().reason,
            Some(RefusalReason::ProfileUnreadable)
        );
        let refused = told(&refused);
        assert!(refused.contains(&place), "{refused}");
        let names = "type one of sensor-a, sensor-b, or the path of a file";
        assert!(refused.contains(names), "{refused}");
        for at in 0..MAX_NAMES {
            fs::write(folder.join(format!("z-{at:02}.toml")), "").unwrap();
        }
        let refused = told(&profile_named(home.path(), "sensor").unwrap_err());
        assert!(refused.contains("z-09 and 2 more, or"), "{refused}");
    }

    #[test]
    fn a_profile_is_a_file_or_one_of_the_homes() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("profiles");
        fs::create_dir(&folder).unwrap();
        let kept = folder.join("sensor-a.toml");
        fs::write(&kept, "kept").unwrap();
        let path = kept.display().to_string();
        for name in ["sensor-a", &path] {
            let (file, text) = profile_named(home.path(), name).unwrap();
            assert_eq!((file, text.as_str()), (kept.clone(), "kept"));
        }
    }
}

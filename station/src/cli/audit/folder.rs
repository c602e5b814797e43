//! Which files of a folder are manifests, and which of them cannot be read.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::cli::counted::counted;
use crate::cli::failure::Failure;
use crate::cli::named_file::unreadable;
use crate::manifest::dsse::BEGINNING;

/// What a folder has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Folder {
    /// Its manifests, in the order of their names.
    pub(super) manifests: Vec<PathBuf>,
    /// What is named as manifests are, and is no file that can be read, each with why not.
    pub(super) unread: Vec<(PathBuf, String)>,
    /// How many other files.
    pub(super) others: u64,
    /// The names of its own folders: what is in them is not looked at.
    pub(super) folders: Vec<String>,
}

/// Looks. A file whose name ends as one is a manifest, whatever is in it: nobody makes it vanish by damaging its
/// first byte, nor by putting a pipe or a link to nowhere in its place.
pub(super) fn read(folder: &Path) -> Result<Folder, Failure> {
    let mut found = Folder::default();
    let entries = fs::read_dir(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => no_folder(folder),
        io::ErrorKind::NotFound => not_there(folder),
        _ => unreadable(folder, &error),
    })?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let own_name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = own_name.to_ascii_lowercase();
        let ends = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("json"));
        if !ends {
            if path.is_dir() {
                found.folders.push(own_name.into_owned());
            } else {
                found.others += 1;
            }
            continue;
        }
        match begins_as_manifest(&path) {
            Ok(begins) if begins || name.ends_with(".dsse.json") => found.manifests.push(path),
            Ok(_) => found.others += 1,
            Err(error) => found.unread.push((path, in_words(&error))),
        }
    }
    found.manifests.sort();
    found.unread.sort();
    found.folders.sort();
    Ok(found)
}

/// More names than these say no more.
const FOLDERS_NAMED: usize = 5;

/// That folders were passed over, in words; none where there are none.
pub(super) fn not_looked_into(folders: &[String]) -> Option<String> {
    let more = folders.len().saturating_sub(FOLDERS_NAMED);
    let named: Vec<&str> = folders
        .iter()
        .take(FOLDERS_NAMED)
        .map(String::as_str)
        .collect();
    let many = counted(folders.len() as u64, "folder", "folders");
    let mut line = format!("{many} not looked into: {}", named.join(", "));
    if more > 0 {
        line = format!("{line} and {more} more");
    }
    (!folders.is_empty()).then_some(line)
}

fn not_there(folder: &Path) -> Failure {
    Failure::usage(
        format_args!("cannot read {}", folder.display()),
        "there is no such folder",
        "name a folder that is there",
    )
}

fn no_folder(file: &Path) -> Failure {
    let parent = file.parent().filter(|one| !one.as_os_str().is_empty());
    let parent = parent.unwrap_or_else(|| Path::new("."));
    Failure::usage(
        format_args!("{} is no folder", file.display()),
        "audit query asks all the manifests of a folder",
        format_args!(
            "name the folder: station audit query {} ...; one manifest is verified by \
             station manifest verify {}",
            parent.display(),
            file.display()
        ),
    )
}

/// Opens a file that has two ends. A pipe would be waited for without end, so that nothing is opened before it is
/// known to be none, and waiting is forbidden in case it was exchanged meanwhile.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let regular = |metadata: &Metadata| match () {
        () if metadata.is_file() => Ok(()),
        () if metadata.is_dir() => Err(io::Error::other("it is a folder")),
        () if metadata.file_type().is_fifo() => Err(io::Error::other("it is a pipe")),
        () => Err(io::Error::other("it is no regular file")),
    };
    regular(&fs::metadata(path).map_err(|error| dangling(path, error))?)?;
    let at_once = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(at_once)
        .open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn dangling(path: &Path, error: io::Error) -> io::Error {
    match fs::read_link(path) {
        Ok(to) => io::Error::other(format!("it is a link to {}: {error}", to.display())),
        Err(_) => error,
    }
}

fn begins_as_manifest(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    open(path)?
        .take(BEGINNING.len() as u64)
        .read_to_end(&mut beginning)?;
    Ok(beginning == BEGINNING)
}

/// Why a file was not read.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is gone".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn whoever_names_a_manifest_is_told_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.dsse.json");
        fs::write(&file, "{}").unwrap();
        let told = read(&file).unwrap_err();
        let named = format!("audit query {} ", folder.path().display());
        assert!(told.to_do().contains(&named), "{told}");
        assert!(no_folder(Path::new("a.json")).to_do().contains("query . "));
    }

    #[test]
    fn of_many_folders_a_few_are_named() {
        let folders = |count: usize| -> Vec<String> {
            (0..count).map(|number| format!("f{number}")).collect()
        };
        assert_eq!(not_looked_into(&folders(0)), None);
        let five = "5 folders not looked into: f0, f1, f2, f3, f4";
        assert_eq!(not_looked_into(&folders(5)).unwrap(), five);
        let seven = "7 folders not looked into: f0, f1, f2, f3, f4 and 2 more";
        assert_eq!(not_looked_into(&folders(7)).unwrap(), seven);
    }

    #[test]
    fn nothing_that_is_named_as_a_manifest_vanishes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.dsse.json"), "[").unwrap();
        fs::write(at("b.json"), BEGINNING).unwrap();
        fs::write(at("c.json"), "{}").unwrap();
        fs::write(at("d.txt"), BEGINNING).unwrap();
        fs::create_dir(at("certs")).unwrap();
        fs::create_dir(at("folder.dsse.json")).unwrap();
        symlink(at("nowhere"), at("link.dsse.json")).unwrap();
        symlink(at("a.dsse.json"), at("good.dsse.json")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let fifo = rustix::fs::FileType::Fifo;
        let pipe = at("pipe.json");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
        let found = read(folder.path()).unwrap();
        let manifests = ["a.dsse.json", "b.json", "good.dsse.json"].map(at);
        assert_eq!((found.manifests, found.others), (manifests.to_vec(), 2));
        assert_eq!(found.folders, ["certs"]);
        let unread: Vec<_> = found.unread.iter().map(|(path, _)| path.clone()).collect();
        let expected = ["folder.dsse.json", "link.dsse.json", "pipe.json"].map(at);
        assert_eq!(unread, expected);
        let why: String = found.unread.iter().map(|(_, why)| why.as_str()).collect();
        for part in ["a folder", "a link to", "nowhere", "a pipe"] {
            assert!(why.contains(part), "{part}: {why}");
        }
    }
}

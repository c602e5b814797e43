//! What operators are given to read: a guide that hangs at the station, and the screen that README shows.
#![forbid(unsafe_code)]

use std::process::Command;

use acceptance::station_process::run;
use acceptance::{browser, repository};

const PAGES: usize = 2;

#[test]
fn the_operators_guide_fits_on_two_printed_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let guide = std::fs::read_to_string(repository::root().join("docs/operator.md"));
    let guide = guide.expect("docs/operator.md");
    let (page, printed) = (
        folder.path().join("guide.html"),
        folder.path().join("guide.pdf"),
    );
    let pages = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        // As it is written, marks and all: no shorter than any set version of it.
        let document = format!(
            "<!doctype html><meta charset=utf-8><style>@page {{ size: A4; margin: 20mm }} \
             pre {{ white-space: pre-wrap; font: 11pt/1.3 sans-serif }}</style><pre>{text}</pre>"
        );
        std::fs::write(&page, document).expect("a page");
        let _said = browser::print(&page, &printed);
        let told = run(Command::new("pdfinfo").arg(&printed)).ok().stdout;
        let pages = told.lines().find_map(|line| line.strip_prefix("Pages:"));
        let pages = pages.and_then(|pages| pages.trim().parse::<usize>().ok());
        pages.unwrap_or_else(|| panic!("no number of pages in {told}"))
    };
    let count = pages(&guide);
    assert!(count <= PAGES, "{count} pages");
    assert!(
        pages(&guide.repeat(3)) > PAGES,
        "a guide of three times as much is no longer"
    );
}

#[test]
fn readme_shows_the_screen_as_it_is() {
    let read = |path: &str| {
        let text = std::fs::read_to_string(repository::root().join(path));
        text.unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let snapshot = read("station/src/tui/view/snapshots/line-4.snap");
    let (_, screen) = snapshot.split_once("\n---\n").expect("a heading");
    let readme = read("README.md");
    let screen = screen.trim_end();
    assert!(screen.lines().count() > 20, "{screen}");
    assert!(
        readme.contains(screen),
        "put this into README.md:\n{screen}"
    );
}

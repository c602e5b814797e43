//! A real browser without a screen: Debian's chromium, each time with a new and empty profile.

use std::path::Path;
use std::process::Command;

use crate::station_process::{Finished, run};

/// It works as root in a container, and asks no network for anything.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--enable-logging=stderr",
];

/// How wide a page is opened, in pixels.
pub const WIDTH: u32 = 1280;

/// Shows a page in a window of that width and height, and keeps the picture. Gives what the page's console said.
///
/// # Panics
/// Where there is no picture then.
pub fn screenshot(page: &Path, (width, height): (u32, u32), picture: &Path) -> Vec<String> {
    let size = format!("--window-size={width},{height}");
    // One of an earlier run is no answer.
    let _ = std::fs::remove_file(picture);
    let keep = format!("--screenshot={}", picture.display());
    let said = console(&open(page, &[&size, &keep]));
    assert!(picture.exists(), "no picture: {}", picture.display());
    said
}

/// Prints a page into a PDF.
///
/// # Panics
/// Where there is none then.
pub fn print(page: &Path, document: &Path) -> Vec<String> {
    let _ = std::fs::remove_file(document);
    let keep = format!("--print-to-pdf={}", document.display());
    let said = console(&open(page, &["--no-pdf-header-footer", &keep]));
    assert!(document.exists(), "no PDF: {}", document.display());
    said
}

/// The document as it stands after its scripts have run.
#[must_use]
pub fn document(page: &Path) -> String {
    let size = format!("--window-size={WIDTH},900");
    open(page, &[&size, "--virtual-time-budget=2000", "--dump-dom"]).stdout
}

fn open(page: &Path, more: &[&str]) -> Finished {
    let profile = tempfile::tempdir().expect("a folder");
    let mut browser = Command::new("chromium");
    browser.args(FLAGS).args(more);
    browser.arg(format!("--user-data-dir={}", profile.path().display()));
    // Neither settings nor caches of whoever runs the test.
    browser.env("HOME", profile.path());
    browser.arg(format!("file://{}", page.display()));
    run(&mut browser).ok()
}

fn console(finished: &Finished) -> Vec<String> {
    let said = finished.stderr.lines();
    said.filter(|line| line.contains(":CONSOLE"))
        .map(str::to_owned)
        .collect()
}

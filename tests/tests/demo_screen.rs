//! `script/demo --screen`, as a newcomer has it: who to sign in as stands on the screen, boards come by themselves,
//! and whichever way they leave, nothing of the demo goes on behind their back.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;

use acceptance::operator_screen::sign_in;
use acceptance::repository;
use acceptance::station_process::{programs, run};
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for;
use serde_json::Value;

/// The demo on a short line, from a shell that stays. The third board has old firmware.
fn demo(out: &Path, boards: u32) -> TerminalScreen {
    let folder = programs().station.parent().expect("a folder of programs");
    let mut command = Command::new("sh");
    // The folder is in no argument of the shell: it is no process of the demo.
    command.args([
        "-c",
        r#""$DEMO" --screen "$OUT"; echo "left with $?"; read -r _"#,
    ]);
    command.env("DEMO", repository::root().join("script/demo"));
    command.env("OUT", out).env("DEMO_BIN", folder);
    command
        .env("DEMO_LANES", "2")
        .env("DEMO_DEVICES", boards.to_string());
    TerminalScreen::start(&command, (100, 30))
}

/// Leaves by the key for it, and gives what stands in the shell then.
#[track_caller]
fn leave(screen: &TerminalScreen) -> String {
    screen.press(10);
    screen.see("Boards in work are brought to a safe state first");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("left with 0")
}

/// What the ledger of the demo's home says of its batch.
fn batch(out: &Path) -> Value {
    let mut show = Command::new(&programs().station);
    show.args(["--json", "batch", "show", "DEMO-1", "--home"]);
    show.arg(out.join("home"));
    let lines = run(&mut show).ok().json_lines();
    lines.into_iter().next().expect("a batch")
}

/// Waits until no process has been given a path in this folder.
#[track_caller]
fn nobody_is_left(folder: &Path) {
    let folder = folder.to_str().expect("a path that is text");
    let is_of_it = |entry: std::io::Result<std::fs::DirEntry>| {
        // Whoever ends meanwhile is gone.
        let arguments = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
        arguments.contains(folder).then_some(arguments)
    };
    wait_for::condition("the end of all that the demo has started", || {
        let processes = std::fs::read_dir("/proc").expect("/proc");
        processes.filter_map(is_of_it).next().is_none()
    });
}

fn passed(out: &Path) -> u64 {
    let batch = batch(out);
    let passed = batch["counts"]["passed"].as_u64();
    passed.unwrap_or_else(|| panic!("{batch}"))
}

/// The folder that it would use is refused where it holds something else: so the script says which that is.
#[test]
fn the_demo_at_the_screen_leaves_the_other_ones_results_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("script");
    std::fs::create_dir(&script).expect("a folder");
    let demo = script.join("demo");
    std::fs::copy(repository::root().join("script/demo"), &demo).expect("a copy");
    for (arguments, name) in [(&["--screen"][..], "demo-screen"), (&[][..], "demo")] {
        let mine = folder.path().join("target").join(name);
        std::fs::create_dir_all(&mine).expect("a folder");
        std::fs::write(mine.join("mine"), "").expect("a file");
        let said = run(Command::new(&demo).args(arguments)).code(1).stderr;
        let expected = format!("{} exists and is no demo of ours", mine.display());
        assert!(said.contains(&expected), "{said}");
        std::fs::remove_dir_all(&mine).expect("removed");
    }
}

#[test]
fn a_newcomer_operates_a_line_from_sign_in_to_the_last_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("demo");
    let screen = demo(&out, 4);
    screen.see("Type an ID: op-1, sv-1");
    sign_in(&screen, "op-1");
    screen.see("PASS");
    screen.see("FW-VERSION");
    screen.see("3/4");
    let said = leave(&screen);
    assert!(said.contains("station batch show DEMO-1"), "{said}");
    assert_eq!(passed(&out), 3);
    nobody_is_left(folder.path());
}

#[test]
fn whoever_leaves_early_leaves_nothing_running() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("demo");
    let screen = demo(&out, 200);
    sign_in(&screen, "op-1");
    screen.see("✔ PASS");
    leave(&screen);
    assert!(passed(&out) >= 1);
    nobody_is_left(folder.path());
}

#[test]
fn whoever_shuts_the_window_leaves_nothing_running() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("demo");
    let mut screen = demo(&out, 200);
    sign_in(&screen, "op-1");
    screen.see("✔ PASS");
    screen.close();
    wait_for::condition("the demo's end", || screen.has_ended());
    nobody_is_left(folder.path());
    // What was in work came to a safe state, and the home is free for another.
    assert!(passed(&out) >= 1);
}

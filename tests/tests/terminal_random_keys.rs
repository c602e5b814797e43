//! Random keys, scans, pastes, halves of sequences, presses of the mouse and sizes, while boards are made: nothing
//! panics, no board is lost, and the terminal is given back.
//!
//! `TERMINAL_KEYS_SECONDS` says for how long (120), `TERMINAL_KEYS_SEED` from which seed.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::time::Duration;

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for;
use serde_json::Value;

const LANES: usize = 6;
/// More than are made meanwhile.
const BOARDS_A_SECOND: usize = 4;

/// A small generator: what matters is that a seed gives the same again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn byte(&mut self, from: u8, count: u8) -> u8 {
        from + u8::try_from(self.below(count.into())).unwrap()
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..=self.below(most)).map(|_| self.byte(0, 255)).collect()
    }

    fn size(&mut self) -> (u16, u16) {
        let mut small = |limit| u16::try_from(1 + self.below(limit)).unwrap();
        (small(300), small(100))
    }
}

/// What a terminal sends for keys that mean something, and halves of such.
const SEQUENCES: [&str; 34] = [
    "\x1bOP",
    "\x1bOQ",
    "\x1bOR",
    "\x1bOS",
    "\x1b[15~",
    "\x1b[17~",
    "\x1b[20~",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[H",
    "\x1b[1;5C",
    "\x1b",
    "\x1b[",
    "\x1bO",
    "\x1b[<0;",
    "\x1b[<35;10;5M",
    "\x1b[M !!",
    "\x1b[200~",
    "\x1b[201~",
    "\x1b[200~SA-000001\rop-1\r\x1b[201~",
    "\x1b[?1;2c",
    "\x1b[24;80R",
    "\x1b]0;title\x07",
    "\t",
    "\r",
    "\n",
    "?",
    "\x0c",
    "\x7f",
    "码é\u{301}",
];

/// Somebody, or something, does something.
fn act(screen: &TerminalScreen, random: &mut Random) -> String {
    let bytes = match random.below(40) {
        0..=3 => {
            let size = random.size();
            screen.resize(size);
            return format!("size {size:?}");
        }
        4..=8 => {
            let (column, row) = random.size();
            let button = random.below(70);
            let end = if random.below(4) == 0 { 'm' } else { 'M' };
            format!("\x1b[<{button};{column};{row}{end}").into_bytes()
        }
        9..=11 => format!("{OPERATOR}\r").into_bytes(),
        12 | 13 => format!("]C1SA-{:06}\r", random.below(70)).into_bytes(),
        14 => random.bytes(40),
        15..=18 => vec![random.byte(b' ', 95)],
        // Leaving is asked about; it is seldom wished.
        19 => b"\x1b[21~".to_vec(),
        _ => {
            let at = usize::try_from(random.below(SEQUENCES.len() as u64)).unwrap();
            SEQUENCES[at].as_bytes().to_vec()
        }
    };
    screen.send(&bytes);
    format!("{:?}", String::from_utf8_lossy(&bytes))
}

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// Left by its keys: it says nothing, and gives the terminal back.
fn check_left(screen: &mut TerminalScreen, told: &str) {
    let status = screen.finish();
    let text = screen.text();
    assert_eq!(status.code(), Some(0), "{told}: {status}\n{text}");
    let left_behind = screen.left_behind();
    assert!(left_behind.is_empty(), "{told}: {left_behind:?}");
    check_written(screen, told);
}

fn check_written(screen: &TerminalScreen, told: &str) {
    let written = screen.written();
    assert!(!written.contains("panicked"), "{told}\n{}", screen.text());
}

/// Whatever was typed, the keyboard is heard: the screen answers.
fn check_alive(screen: &TerminalScreen, told: &str) {
    screen.resize((120, 40));
    // What is left of a sequence ends with the first, a dialog and what was typed with the next.
    for _ in 0..6 {
        screen.type_text("\x1b");
        screen.see_that("any answer", |text| !text.is_empty());
    }
    screen.press(6);
    let answers = |text: &str| {
        let asks = text.contains("Scan your badge") || text.contains("扫描工牌");
        let badge = text.contains("Tarjeta") || text.contains("Ausweis") || text.contains("F10");
        asks || badge
    };
    let seen = screen.see_that(told, answers);
    assert!(!seen.contains("panicked"), "{told}\n{seen}");
}

#[test]
fn random_keys_break_nothing_while_boards_are_made() {
    let seed = number("TERMINAL_KEYS_SEED", 23).max(1);
    let seconds = number("TERMINAL_KEYS_SECONDS", 120);
    let count = BOARDS_A_SECOND * usize::try_from(seconds).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", count + 1);
    let plan = LinePlan {
        lanes: LANES,
        devices: count,
        baud: Some(115_200),
        patience_ms: Some(3_600_000),
        ..LinePlan::good_boards(folder.path(), &station, 1, seed)
    };
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let mut random = Random(seed);
    let mut screen = at_terminal(&station, &line.ports(), (120, 40));
    sign_in(&screen, OPERATOR);
    let deadline = wait_for::Deadline::after(Duration::from_secs(seconds));
    let mut recent = std::collections::VecDeque::new();
    let told = |recent: &std::collections::VecDeque<String>| {
        format!("TERMINAL_KEYS_SEED={seed}, after {recent:?}")
    };
    while !deadline.has_passed() {
        if screen.has_ended() {
            check_left(&mut screen, &told(&recent));
            screen = at_terminal(&station, &line.ports(), (120, 40));
            sign_in(&screen, OPERATOR);
        }
        recent.push_back(act(&screen, &mut random));
        if recent.len() > 12 {
            recent.pop_front();
        }
        wait_for::a_moment();
    }
    let told = told(&recent);
    if screen.has_ended() {
        check_left(&mut screen, &told);
    } else {
        check_alive(&screen, &told);
        check_written(&screen, &told);
        rustix::process::kill_process(screen.id(), rustix::process::Signal::TERM).unwrap();
        check_left(&mut screen, &told);
    }

    // Boards that wait have their turn; a lane may be held by now, for boards that were stopped again and again.
    let mut screen = at_terminal(&station, &line.ports(), (120, 40));
    sign_in(&screen, OPERATOR);
    leave(&mut screen);
    let boards = line.stop();
    check_records(&station, &boards, &told);
}

/// The books say of each board what it says of itself.
fn check_records(station: &PreparedStation, boards: &[Value], told: &str) {
    let uids = |kind: &str, field: &str| -> BTreeSet<String> {
        let leaves = ledger_books::leaves(station, &[kind]);
        let uid = |leaf: &Value| leaf[field].as_str().unwrap_or_default().to_owned();
        leaves.iter().map(uid).collect()
    };
    let (passed, ordered) = (uids("provisioned", "uid"), uids("commit-signed", "uid"));
    for board in boards {
        let uid = board["uid"].as_str().unwrap_or_default();
        let (locked, is_passed) = (board["locked"] == true, passed.contains(uid));
        // One that was ordered to lock when somebody ended the station at once is in doubt.
        assert!(!locked || ordered.contains(uid), "{told}: {board}");
        assert!(locked || !is_passed, "{told}: {board}");
        if board["told_passed"] == true {
            assert!(is_passed, "{told}: {board}");
        }
    }
    assert!(!passed.is_empty(), "{told}: no board passed at all");
    let shown = station.run(["batch", "show", "B-1", "--json"]).ok();
    let counts = shown.json_lines()[0]["counts"].clone();
    assert_eq!(counts["passed"], passed.len(), "{told}: {counts}");
    station.run(["ledger", "verify"]).ok();
}

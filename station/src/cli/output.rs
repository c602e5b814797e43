//! What goes to stdout: text for people, or one JSON object a line for programs.
//!
//! A reader who closes the pipe (`station batch list | head -1`) ends the printing, not the command: a line
//! keeps provisioning, and the exit status stays true. Any other failure to write is told at the end.
//!
//! What others wrote, such as the name of a file, may have characters that move the cursor, take lines away or turn the
//! direction of reading. Text for people shows them as numbers, so that nobody writes over what was said.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::failure::Failure;
use crate::tui::terminal;

/// Stdout of one command. May be shared by threads: a line is never torn.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    /// Whether a screen is shown meanwhile.
    screen: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Open,
    ReaderGone,
    Broken(io::Error),
}

impl Output {
    /// Text, or JSON where `json`; no progress where `quiet`.
    pub(crate) const fn new(json: bool, quiet: bool) -> Self {
        Self {
            json,
            quiet,
            screen: false,
            state: Mutex::new(State::Open),
        }
    }

    /// Nothing is said beside a screen, but for partings.
    pub(crate) fn beside_screen(self, screen: bool) -> Self {
        Self { screen, ..self }
    }

    /// Whether programs read this.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress is unwanted.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet || self.screen
    }

    /// Whether nobody reads any more: long listings may stop.
    pub(crate) fn is_closed(&self) -> bool {
        !matches!(
            *self.state.lock().unwrap_or_else(PoisonError::into_inner),
            State::Open
        )
    }

    /// A line for people; nothing in JSON mode.
    pub(crate) fn text(&self, line: &str) {
        if !self.json {
            self.write(&visible(line));
        }
    }

    /// A line of progress for people; nothing in JSON mode or when quiet.
    pub(crate) fn progress(&self, line: &str) {
        if !self.is_quiet() {
            self.text(line);
        }
    }

    /// A remark, on stderr, so that it never stands among results; nothing when quiet.
    pub(crate) fn notice(&self, line: &str) {
        self.remark(&serde_json::json!({ "notice": line }), line);
    }

    /// A remark for both readers, on stderr like an error; nothing when quiet.
    pub(crate) fn remark(&self, object: &impl Serialize, line: &str) {
        if !self.is_quiet() {
            self.say(object, line);
        }
    }

    /// Remarks when the screen is gone; nothing when quiet.
    pub(crate) fn partings(&self, lines: &[String]) {
        if self.quiet || lines.is_empty() {
            return;
        }
        let told = |line: &String| self.told(&serde_json::json!({ "notice": line }), line);
        let told: Vec<_> = lines.iter().map(told).collect();
        self.stderr(&told.join("\n"));
    }

    /// Why a command ends without having done what it was to do.
    pub(crate) fn failure(&self, failure: &Failure) {
        let told = failure.told(self.json);
        if self.json {
            self.stderr(&told);
        } else {
            self.stderr(&visible(&told));
        }
    }

    fn say(&self, object: &impl Serialize, line: &str) {
        self.stderr(&self.told(object, line));
    }

    fn told(&self, object: &impl Serialize, line: &str) -> String {
        let object = || serde_json::to_string(object).ok();
        let json = self.json.then(object).flatten();
        json.unwrap_or_else(|| visible(line).into_owned())
    }

    /// Nobody is left to be told where stderr is closed; the exit status still says it.
    fn stderr(&self, text: &str) {
        if self.screen {
            terminal::last_words(text);
        } else {
            let _written = writeln!(io::stderr(), "{text}");
        }
    }

    /// An object for programs; nothing in text mode.
    pub(crate) fn object(&self, object: &impl Serialize) {
        if !self.json {
            return;
        }
        match serde_json::to_string(object) {
            Ok(line) => self.write(&line),
            Err(error) => self.broken(error.into()),
        }
    }

    /// The same fact for both readers.
    pub(crate) fn fact(&self, object: &impl Serialize, line: &str) {
        self.object(object);
        self.text(line);
    }

    /// A table for people: columns as wide as their widest cell, the last as it is.
    pub(crate) fn table(&self, header: &[&str], rows: &[Vec<String>]) {
        if self.json {
            return;
        }
        let named = |row: &Vec<String>| {
            let cells = row.iter().map(|cell| in_a_line(cell).into_owned());
            cells.collect::<Vec<_>>()
        };
        let rows: Vec<_> = rows.iter().map(named).collect();
        let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded = cells
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:<width$}"));
            self.write(padded.collect::<Vec<_>>().join("  ").trim_end());
        };
        line(&mut header.iter().copied());
        for row in &rows {
            line(&mut row.iter().map(String::as_str));
        }
    }

    /// Bytes as they are, for example a file printed on request.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        self.attempt(|stdout| stdout.write_all(bytes));
    }

    /// Flushes, and tells whether all could be written. A reader who has gone away is no failure.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        self.attempt(|_| Ok(()));
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Open | State::ReaderGone => Ok(()),
            State::Broken(error) => Err(Failure::station(
                "cannot write to stdout",
                error,
                "see whether the disk that it goes to is full, then run the command again",
            )),
        }
    }

    fn write(&self, line: &str) {
        self.attempt(|stdout| writeln!(stdout, "{line}"));
    }

    fn attempt(&self, write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Open) {
            return;
        }
        let mut stdout = io::stdout().lock();
        match write(&mut stdout).and_then(|()| stdout.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => *state = State::ReaderGone,
            Err(error) => *state = State::Broken(error),
        }
    }

    fn broken(&self, error: io::Error) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Broken(error);
    }
}

/// The text, with what a terminal would obey and nobody would see as numbers; lines end as they are.
fn visible(text: &str) -> Cow<'_, str> {
    as_numbers(text, |c| is_obeyed(c) && !matches!(c, '\n' | '\t'))
}

/// The same of a name within a line: it ends no line, or it could have one of its own.
pub(crate) fn in_a_line(name: &str) -> Cow<'_, str> {
    as_numbers(name, is_obeyed)
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn as_numbers(text: &str, obeyed: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&obeyed) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) {
            visible.extend(c.escape_unicode());
        } else {
            visible.push(c);
        }
    }
    Cow::Owned(visible)
}

#[cfg(test)]
mod tests {
    use super::{in_a_line, visible};

    #[test]
    fn nobody_writes_over_what_was_said() {
        for (written, shown) in [
            ("\u{1b}[1A\u{1b}[2Kverified", "\\u{1b}[1A\\u{1b}[2Kverified"),
            ("bad\rgood", "bad\\u{d}good"),
            ("a\u{9b}2K\u{7f}", "a\\u{9b}2K\\u{7f}"),
            ("\u{202e}dab", "\\u{202e}dab"),
            ("two\nlines\tand 工牌", "two\nlines\tand 工牌"),
        ] {
            assert_eq!(visible(written), shown);
        }
        assert_eq!(in_a_line("a\nb\t工牌"), "a\\u{a}b\\u{9}工牌");
    }
}

//! Keys to scans: a scanner is a keyboard that types fast and ends with Enter.
//!
//! 1. One scan fills one field: what comes in right after a scan, without a pause, is the same shot (some
//!    scanners read two codes at once) and is dropped, whatever it is.
//! 2. Control characters and the white space around a code are dropped; so is the AIM identifier of the
//!    symbology in front of it (`]C1`, `]d2`, `]Q3`).
//! 3. What comes in faster than a person types is a scan, and so is all that comes with it: a control character
//!    within it is noise, not a wish (a frame of STX and ETX would arrive as Ctrl-B and Ctrl-C).
//! 4. What a hand has left in the entry is no part of a scan that follows.
//! 5. What is longer than any code is refused whole, up to its Enter: the front part of a code is another code.
//! 6. A lone `?` is a wish for help once nothing has followed it for a while.
//!
//! Pure: time comes in with the keys.

use serde::{Deserialize, Serialize};

/// How long the line must be still after a scan before another one begins, in milliseconds. Scanners send
/// a character every few milliseconds at most.
pub const PAUSE_MS: u64 = 120;

/// Longest time between two keys of a scan, in milliseconds: a person's keys come more slowly.
pub const FAST_MS: u64 = 35;

/// So many keys so fast are a scan, whatever was typed before them.
const BURST_KEYS: u32 = 5;

/// Fewest keys, Enter among them, that are a scan where nothing else was typed.
const SHORTEST_KEYS: u32 = 3;

/// How long a lone `?` must stand before it is a wish for help.
const LONE_MS: u64 = 250;

/// How long something half typed stays, in milliseconds, where no field is being filled in.
pub const FORGET_MS: u64 = 15_000;

/// Longest entry; a scanner that never ends a line fills no memory.
pub const MAX_CHARS: usize = 128;

/// What was typed so far, and whether more of it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanner {
    entry: String,
    last_ms: u64,
    /// The rest of a shot is being dropped since then.
    shot_ms: Option<u64>,
    /// How many keys have come one right after the other.
    run: u32,
    /// How many characters stood in the entry before them.
    run_from: usize,
    /// Whether something came as fast as only a scanner sends it.
    scanned: bool,
    /// Whether there was anything since the last Enter, if only control characters.
    touched: bool,
    /// Something did not fit.
    over: Option<TooLong>,
    /// What stood in the field before a person began to change it.
    former: Option<String>,
}

impl Scanner {
    /// What stands in the entry.
    #[must_use]
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Whether something stands in the entry, so that no scan begins with what comes next.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        !self.entry.is_empty()
    }

    /// Puts a text into the entry, for a person to change it.
    pub fn edit(&mut self, text: &str) {
        self.clear();
        self.entry = text.chars().take(MAX_CHARS).collect();
        self.touched = !text.is_empty();
        self.former = Some(text.to_owned());
    }

    /// What stood in the field before a person began to change it; what they made of it goes.
    pub fn undo(&mut self) -> Option<String> {
        let former = self.former.take()?;
        self.clear();
        Some(former)
    }

    /// Whether something did not fit: then nothing of it goes anywhere.
    #[must_use]
    pub fn over(&self) -> Option<TooLong> {
        self.over
    }

    /// Whether a scan would be taken now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shot_ms.is_none() && self.over.is_none()
    }

    /// Whether a key that comes now is part of a scan, so that nobody has pressed it.
    #[must_use]
    pub fn is_in_scan(&self, now_ms: u64) -> bool {
        let limit_ms = if self.run >= BURST_KEYS {
            PAUSE_MS
        } else {
            FAST_MS
        };
        let in_run = self.run > 0 && now_ms.saturating_sub(self.last_ms) <= limit_ms;
        let after_shot = |at| now_ms.saturating_sub(at) <= FAST_MS;
        in_run || self.shot_ms.is_some_and(after_shot)
    }

    /// A character.
    pub fn take(&mut self, character: char, now_ms: u64) {
        if self.is_rest_of_shot(now_ms) {
            return;
        }
        self.count(now_ms);
        if character.is_control() {
            return;
        }
        let fits = self.over.is_none() && self.entry.chars().count() < MAX_CHARS;
        if fits {
            self.entry.push(character);
        } else if self.scanned {
            // Nothing of it stands where it could be taken for a code.
            self.entry.clear();
            self.over = Some(TooLong::Scanned);
        } else {
            self.over = Some(TooLong::Typed);
        }
    }

    /// The last character goes.
    pub fn erase(&mut self, now_ms: u64) {
        self.last_ms = now_ms;
        self.run = 0;
        self.over = None;
        self.entry.pop();
        if self.entry.is_empty() {
            self.empty();
        }
    }

    /// All of it goes.
    pub fn clear(&mut self) {
        self.empty();
        self.former = None;
    }

    fn empty(&mut self) {
        self.entry.clear();
        self.run = 0;
        self.scanned = false;
        self.touched = false;
        self.over = None;
    }

    /// The entry is whole, unless it belongs to the shot before.
    pub fn submit(&mut self, now_ms: u64) -> Submitted {
        if self.is_rest_of_shot(now_ms) {
            return Submitted::Dropped;
        }
        if !self.touched {
            return Submitted::Empty;
        }
        self.count(now_ms);
        let keys = self.entry.chars().count() + 1;
        let all = usize::try_from(self.run).is_ok_and(|run| run >= keys);
        let scanned = self.scanned || all && self.run >= SHORTEST_KEYS;
        let over = self.over.is_some();
        if over && !scanned {
            return Submitted::TooLong;
        }
        let code = strip(&self.entry).to_owned();
        self.clear();
        self.shot_ms = Some(now_ms);
        match (code.is_empty() || over, scanned) {
            (true, _) => Submitted::Dropped,
            (false, true) => Submitted::Scanned(code),
            (false, false) => Submitted::Typed(code),
        }
    }

    /// Time goes on: a shot ends, and a lone `?` becomes a wish for help.
    pub fn pass(&mut self, now_ms: u64, forgets: bool) -> bool {
        if self
            .shot_ms
            .is_some_and(|at| now_ms.saturating_sub(at) > PAUSE_MS)
        {
            self.shot_ms = None;
        }
        let still_ms = now_ms.saturating_sub(self.last_ms);
        if self.entry == "?" && still_ms > LONE_MS {
            self.clear();
            return true;
        }
        // The Enter of what was refused may be late; it is none of a person.
        let only_noise = self.entry.is_empty() && self.over.is_none() && still_ms > PAUSE_MS;
        let late = still_ms > FORGET_MS;
        if only_noise || late && self.over == Some(TooLong::Scanned) {
            self.empty();
        }
        if forgets && late {
            self.clear();
        }
        false
    }

    /// A key came, however fast.
    fn count(&mut self, now_ms: u64) {
        let fast = now_ms.saturating_sub(self.last_ms) <= FAST_MS;
        if fast {
            self.run = self.run.saturating_add(1);
        } else {
            self.run = 1;
            self.run_from = self.entry.chars().count();
        }
        if self.run == BURST_KEYS {
            self.scanned = true;
            // What a hand had left in front of it is no part of the scan.
            self.entry = self.entry.chars().skip(self.run_from).collect();
            self.run_from = 0;
        }
        self.last_ms = now_ms;
        self.touched = true;
    }

    /// Whether what comes now belongs to the shot before; then the shot lasts on.
    fn is_rest_of_shot(&mut self, now_ms: u64) -> bool {
        let Some(at) = self.shot_ms else { return false };
        if now_ms.saturating_sub(at) > PAUSE_MS {
            self.shot_ms = None;
            return false;
        }
        self.shot_ms = Some(now_ms);
        true
    }
}

/// What was longer than an entry may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooLong {
    /// A scan: it is refused whole.
    Scanned,
    /// What a person types: what is too much is not taken, what stands there stays.
    Typed,
}

/// What an Enter gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// A code that a scanner sent.
    Scanned(String),
    /// What a person typed.
    Typed(String),
    /// There was nothing at all: the Enter of a person.
    Empty,
    /// It belongs to the shot before, to a scan of nothing, or to one that was refused.
    Dropped,
    /// What a person typed is longer than anything can be; it stays, to be shortened.
    TooLong,
}

/// The code without what the scanner puts around it.
fn strip(entry: &str) -> &str {
    let code = entry.trim();
    let mut characters = code.chars();
    let identifier = (characters.next(), characters.next(), characters.next());
    match identifier {
        (Some(']'), Some(kind), Some(modifier))
            if kind.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
        {
            characters.as_str().trim()
        }
        _ => code,
    }
}

#[cfg(test)]
mod tests;

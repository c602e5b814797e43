//! What a key means, before any screen knows of it.

use serde::{Deserialize, Serialize};

use super::state::Screen;

/// What a person wants of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// A character: typed, or part of a scan.
    Type(char),
    /// The entry is whole; without an entry: do the chosen thing.
    Submit,
    /// Take the last character away.
    Erase,
    /// Away with the entry, the help, the dialog.
    Back,
    /// The next one of a few: a field, a language.
    Next,
    /// Another lane or line.
    Move(Direction),
    /// A page of a list.
    Page(Direction),
    /// The very first or last line of a list.
    Far(Direction),
    /// Another screen.
    Show(Screen),
    /// Help on the screen.
    Help,
    /// Nobody works here any more.
    SignOut,
    /// End.
    Leave,
    /// Draw everything anew.
    Redraw,
    /// Write the recording to a file.
    Record,
}

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
}

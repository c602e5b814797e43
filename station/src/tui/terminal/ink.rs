//! Cells as bytes for the terminal.
//!
//! Colours are the sixteen that every colour terminal has, by their own codes (30 to 37, 90 to 97): the library's
//! way (`38;5;N`) means blinking or bold to a terminal that knows no more than sixteen. Where a cell has no colour
//! no code of colour is written.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Clears the screen.
pub(super) const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";

const MODIFIERS: [(Modifier, u8); 5] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
];

/// What makes the screen, which shows `before`, show `after`.
pub(super) fn changes(before: &Buffer, after: &Buffer) -> Vec<u8> {
    let mut text = String::new();
    let mut worn = (Color::Reset, Color::Reset, Modifier::empty());
    let mut next = None;
    for (x, y, cell) in before.diff(after) {
        if next != Some((x, y)) {
            place(&mut text, (x, y));
        }
        next = Some((x.saturating_add(1), y));
        let wears = (cell.fg, cell.bg, cell.modifier);
        if wears != worn {
            dress(&mut text, cell);
            worn = wears;
        }
        text.push_str(cell.symbol());
    }
    if worn != (Color::Reset, Color::Reset, Modifier::empty()) {
        text.push_str("\x1b[0m");
    }
    text.into_bytes()
}

fn place(text: &mut String, (x, y): (u16, u16)) {
    // Writing into a text never fails.
    let _written = write!(text, "\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1);
}

fn add(text: &mut String, code: u8) {
    let _written = write!(text, ";{code}");
}

/// All that the cell wears, from nothing on.
fn dress(text: &mut String, cell: &Cell) {
    text.push_str("\x1b[0");
    for (modifier, code) in MODIFIERS {
        if cell.modifier.contains(modifier) {
            add(text, code);
        }
    }
    let colours = [(cell.fg, 0), (cell.bg, 10)];
    for (code, ground) in colours.map(|(colour, ground)| (foreground(colour), ground)) {
        if let Some(code) = code {
            add(text, code + ground);
        }
    }
    text.push('m');
}

/// The code of a foreground; that of the background is ten more. None for no colour of its own, and for those
/// beyond the sixteen, which the theme does not have.
const fn foreground(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::Gray => 37,
        Color::DarkGray => 90,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        Color::White => 97,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;
    use crate::tui::theme::{Look, Theme};

    fn written(theme: Theme, look: Look) -> String {
        let before = Buffer::empty(Rect::new(0, 0, 8, 2));
        let mut after = before.clone();
        after.set_string(2, 1, "码ab", theme.style(look));
        String::from_utf8(changes(&before, &after)).unwrap()
    }

    #[test]
    fn colours_are_the_sixteen_and_end_with_what_wears_them() {
        // A wide character takes two columns, and only one cell: the place of what follows is told.
        assert_eq!(
            written(Theme::Colours, Look::Good),
            "\x1b[2;3H\x1b[0;1;30;42m码\x1b[2;5Hab\x1b[0m"
        );
        assert_eq!(
            written(Theme::Monochrome, Look::Bad),
            "\x1b[2;3H\x1b[0;1;7m码\x1b[2;5Hab\x1b[0m"
        );
        assert_eq!(
            written(Theme::Colours, Look::Plain),
            "\x1b[2;3H码\x1b[2;5Hab"
        );
    }

    #[test]
    fn what_has_not_changed_is_not_written() {
        let shown = Buffer::with_lines(["PASS", "FAIL"]);
        assert!(changes(&shown, &shown).is_empty());
    }
}

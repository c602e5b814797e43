//! Keys to commands: the only place that knows keys.
//!
//! A character is never a command, since a scanner types characters: commands are on function keys, arrows,
//! Enter, Esc, Tab. A lone `?` becomes help once it is clear that no scan follows it.

use super::command::{Command, Direction};
use super::event::Key;
use super::state::Screen;

/// The function keys of the screens, for the hints at the bottom.
pub const SCREEN_KEYS: [(u8, Screen); 6] = [
    (1, Screen::Line),
    (2, Screen::Batch),
    (3, Screen::Device),
    (4, Screen::Alarms),
    (5, Screen::Lane),
    (6, Screen::Log),
];

/// The function key that signs out.
pub const SIGN_OUT_KEY: u8 = 9;

/// The function key that leaves.
pub const LEAVE_KEY: u8 = 10;

/// What the key means; none where it means nothing.
#[must_use]
pub fn command(key: Key) -> Option<Command> {
    Some(match key {
        // Scanners end a line in either way.
        Key::Enter | Key::Char('\r' | '\n') => Command::Submit,
        Key::Char(character) => Command::Type(character),
        Key::Escape => Command::Back,
        Key::Backspace => Command::Erase,
        Key::Tab => Command::Next,
        Key::Up => Command::Move(Direction::Up),
        Key::Down => Command::Move(Direction::Down),
        Key::Left => Command::Move(Direction::Left),
        Key::Right => Command::Move(Direction::Right),
        Key::PageUp => Command::Page(Direction::Up),
        Key::PageDown => Command::Page(Direction::Down),
        Key::Home => Command::Far(Direction::Up),
        Key::End => Command::Far(Direction::Down),
        Key::F(SIGN_OUT_KEY) => Command::SignOut,
        Key::F(LEAVE_KEY) | Key::Interrupt => Command::Leave,
        Key::F(12) => Command::Help,
        Key::F(number) => {
            let screen = SCREEN_KEYS.iter().find(|(key, _)| *key == number)?.1;
            Command::Show(screen)
        }
        Key::Redraw => Command::Redraw,
        Key::Record => Command::Record,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_does_anything_by_itself() {
        for character in (0_u8..=255).map(char::from) {
            let meaning = command(Key::Char(character));
            let expected = match character {
                '\r' | '\n' => Command::Submit,
                other => Command::Type(other),
            };
            assert_eq!(meaning, Some(expected));
        }
    }

    #[test]
    fn each_screen_has_its_key() {
        for (key, screen) in SCREEN_KEYS {
            assert_eq!(command(Key::F(key)), Some(Command::Show(screen)));
        }
        assert_eq!(command(Key::F(11)), None);
    }
}

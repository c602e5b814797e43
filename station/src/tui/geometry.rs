//! Where things are, for those who draw and for the mouse: pure arithmetic on the terminal's size.

use unicode_width::UnicodeWidthStr as _;

use super::command::Command;
use super::keymap::{LEAVE_KEY, SCREEN_KEYS, SIGN_OUT_KEY};
use super::vocabulary;
use crate::words::{Language, Phrase};

/// The smallest terminal that everything is laid out for: columns and rows.
pub const SMALLEST: (u16, u16) = (80, 24);

/// Most lanes that are laid out, at the smallest terminal as at every other.
pub const MOST_LANES: usize = 32;

/// Whether a terminal is large enough for everything.
#[must_use]
pub const fn is_enough((width, height): (u16, u16)) -> bool {
    width >= SMALLEST.0 && height >= SMALLEST.1
}

/// Rows of the batch's header.
pub const HEADER_ROWS: u16 = 3;
/// Rows about the chosen lane, below the lanes.
pub const FOCUS_ROWS: u16 = 4;
/// The row of keys, notices and what is being typed.
pub const FOOTER_ROWS: u16 = 1;

/// A lane's cell is never smaller: columns and rows.
const CELL: (u16, u16) = (20, 2);
/// A cell of this size shows its verdict in block letters.
pub const ROOMY: (u16, u16) = (36, 9);

/// A part of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Place {
    /// Whether the point is in it.
    #[must_use]
    pub const fn has(&self, (column, row): (u16, u16)) -> bool {
        column >= self.x
            && row >= self.y
            && column < self.x.saturating_add(self.width)
            && row < self.y.saturating_add(self.height)
    }

    /// One of its rows; empty where it has not so many.
    #[must_use]
    pub const fn row(&self, row: u16) -> Self {
        let height = if row < self.height { 1 } else { 0 };
        Self {
            y: self.y.saturating_add(row),
            height,
            ..*self
        }
    }

    /// What is left below so many rows.
    #[must_use]
    pub const fn below(&self, rows: u16) -> Self {
        let rows = if rows > self.height {
            self.height
        } else {
            rows
        };
        Self {
            y: self.y.saturating_add(rows),
            height: self.height - rows,
            ..*self
        }
    }

    /// Its first rows.
    #[must_use]
    pub const fn top(&self, rows: u16) -> Self {
        let height = if rows > self.height {
            self.height
        } else {
            rows
        };
        Self { height, ..*self }
    }

    /// So many columns of it, from that one on.
    #[must_use]
    pub fn columns(&self, from: u16, width: u16) -> Self {
        let from = from.min(self.width);
        Self {
            x: self.x.saturating_add(from),
            width: width.min(self.width - from),
            ..*self
        }
    }
}

/// The whole terminal.
#[must_use]
pub const fn whole((width, height): (u16, u16)) -> Place {
    Place {
        x: 0,
        y: 0,
        width,
        height,
    }
}

/// What is between header and footer.
#[must_use]
pub const fn body(size: (u16, u16)) -> Place {
    let all = whole(size).below(HEADER_ROWS);
    all.top(all.height.saturating_sub(FOOTER_ROWS))
}

/// The last row.
#[must_use]
pub const fn footer((width, height): (u16, u16)) -> Place {
    Place {
        x: 0,
        y: height.saturating_sub(FOOTER_ROWS),
        width,
        height: FOOTER_ROWS,
    }
}

/// How lanes are laid out: in rows, from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    area: Place,
    /// How many stand side by side.
    pub columns: u16,
    /// Columns and rows of a cell, its gap to the right among them.
    pub cell: (u16, u16),
    lanes: usize,
}

impl Grid {
    /// The grid for so many lanes; none where the terminal is too small for them.
    #[must_use]
    pub fn of(size: (u16, u16), lanes: usize) -> Option<Self> {
        let body = body(size);
        let area = body.top(body.height.saturating_sub(FOCUS_ROWS));
        let count = u16::try_from(lanes.max(1)).ok()?;
        let fitting = (1..=count).filter_map(|columns| {
            let rows = count.div_ceil(columns);
            let cell = (area.width / columns, area.height / rows);
            (cell.0 >= CELL.0 && cell.1 >= CELL.1).then_some((columns, cell))
        });
        // The one whose tighter side is the roomiest; the fewer columns of equals.
        let room = |cell: (u16, u16)| {
            let width = u32::from(cell.0) * 100 / u32::from(ROOMY.0);
            let height = u32::from(cell.1) * 100 / u32::from(ROOMY.1);
            width.min(height)
        };
        let (columns, cell) = fitting.min_by_key(|(_, cell)| u32::MAX - room(*cell))?;
        Some(Self {
            area,
            columns,
            cell,
            lanes,
        })
    }

    /// Where a lane's cell is, without the gap at its right.
    #[must_use]
    pub fn place(&self, lane: usize) -> Option<Place> {
        let lane = u16::try_from(lane).ok().filter(|_| lane < self.lanes)?;
        Some(Place {
            x: self.area.x + lane % self.columns * self.cell.0,
            y: self.area.y + lane / self.columns * self.cell.1,
            width: self.cell.0.saturating_sub(1),
            height: self.cell.1,
        })
    }

    /// The lane at that point.
    #[must_use]
    pub fn lane_at(&self, at: (u16, u16)) -> Option<usize> {
        (0..self.lanes).find(|lane| self.place(*lane).is_some_and(|place| place.has(at)))
    }
}

/// A key and its word, at the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where it begins.
    pub x: u16,
    /// How wide it is.
    pub width: u16,
    /// The key.
    pub key: String,
    /// The word.
    pub word: &'static str,
    /// What a press of the mouse on it does.
    pub command: Command,
}

/// The hints at the bottom, as far as they fit: the most needed first.
#[must_use]
pub fn hints((width, _): (u16, u16), language: Language) -> Vec<Hint> {
    let screens = SCREEN_KEYS.iter().map(|(key, screen)| {
        let word = language.say(vocabulary::screen(*screen));
        (format!("F{key}"), word, Command::Show(*screen))
    });
    let rest = [
        ("?".to_owned(), language.say(Phrase::KeyHelp), Command::Help),
        (
            format!("F{SIGN_OUT_KEY}"),
            language.say(Phrase::KeySignOut),
            Command::SignOut,
        ),
        (
            format!("F{LEAVE_KEY}"),
            language.say(Phrase::KeyLeave),
            Command::Leave,
        ),
    ];
    let all: Vec<_> = screens.chain(rest).collect();
    let wide = |gap: u16, names: bool| {
        let mut x = 0_u16;
        all.iter()
            .map(|(key, word, command)| {
                let word = if names { *word } else { "" };
                let width = columns(key) + if names { 1 + columns(word) } else { 0 };
                let hint = Hint {
                    x,
                    width,
                    key: key.clone(),
                    word,
                    command: *command,
                };
                x = x.saturating_add(width + gap);
                hint
            })
            .collect::<Vec<_>>()
    };
    let fits = |hints: &Vec<Hint>| {
        hints
            .last()
            .is_none_or(|last| last.x.saturating_add(last.width) <= width)
    };
    let layouts = [wide(2, true), wide(1, true), wide(1, false)];
    layouts.into_iter().find(fits).unwrap_or_default()
}

/// What a press of the mouse at the bottom does.
#[must_use]
pub fn hint_at(size: (u16, u16), language: Language, at: (u16, u16)) -> Option<Command> {
    if !footer(size).has(at) {
        return None;
    }
    let hints = hints(size, language);
    let hit = |hint: &&Hint| at.0 >= hint.x && at.0 < hint.x.saturating_add(hint.width);
    hints.iter().find(hit).map(|hint| hint.command)
}

/// How many columns the text takes.
#[must_use]
pub fn columns(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_32_lanes_fit_from_the_smallest_terminal_on() {
        for lanes in 1..=MOST_LANES {
            for size in [SMALLEST, (100, 30), (132, 43), (200, 60)] {
                let grid = Grid::of(size, lanes).unwrap_or_else(|| panic!("{lanes} at {size:?}"));
                let places: Vec<_> = (0..lanes).filter_map(|lane| grid.place(lane)).collect();
                assert_eq!(places.len(), lanes);
                for (at, place) in places.iter().enumerate() {
                    assert_eq!(grid.lane_at((place.x, place.y)), Some(at));
                    assert!(place.x + place.width <= size.0);
                    assert!(place.y + place.height <= size.1 - FOCUS_ROWS - FOOTER_ROWS);
                }
            }
        }
        assert_eq!(Grid::of((40, 10), 32), None);
    }

    #[test]
    fn few_lanes_get_room_for_block_letters() {
        let grid = Grid::of(SMALLEST, 2).unwrap();
        assert!(grid.cell.0 >= ROOMY.0 && grid.cell.1 >= ROOMY.1, "{grid:?}");
    }

    #[test]
    fn a_press_on_a_hint_is_its_key() {
        for language in Language::ALL {
            let hints = hints(SMALLEST, language);
            assert_eq!(hints.len(), 9, "{language}");
            for hint in hints {
                let at = (hint.x, SMALLEST.1 - 1);
                assert_eq!(hint_at(SMALLEST, language, at), Some(hint.command));
            }
        }
    }
}

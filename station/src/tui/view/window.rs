//! What is seen of a list that is longer than its place, and the mark that says so: one for every such list. Their
//! newest line comes first, at the bottom or at the top.

use super::canvas::Canvas;
use crate::tui::geometry::{Place, columns};
use crate::tui::theme::Look;
use crate::words::{Language, Phrase};

/// A part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many lines are newer than those that are seen.
    pub newer: usize,
    /// How many are older, those among them that are seen in part.
    pub older: usize,
    /// How many can be newer: then the oldest line is seen.
    pub most: usize,
}

impl Window {
    /// The window on so many lines, this far `away` from the newest, in so many rows. A line has as many rows as
    /// `rows_of` says of it, counted from the newest. The last row is the mark's, where not all is seen.
    pub(super) fn on(
        count: usize,
        away: usize,
        room: u16,
        rows_of: impl Fn(usize) -> usize,
    ) -> Self {
        let room = usize::from(room);
        if fitting(0..count, room, &rows_of) == count {
            return Self::default();
        }
        let room = room.saturating_sub(1);
        let most = count - fitting((0..count).rev(), room, &rows_of).max(1);
        let newer = away.min(most);
        let seen = fitting(newer..count, room, &rows_of).max(1);
        Self {
            newer,
            older: count.saturating_sub(newer + seen),
            most,
        }
    }

    /// Whether not all is seen.
    pub(super) const fn is_part(self) -> bool {
        self.most > 0
    }

    /// The rows of the place that the list has.
    pub(super) const fn list(self, place: Place) -> Place {
        if self.is_part() {
            place.top(place.height.saturating_sub(1))
        } else {
            place
        }
    }
}

/// How many of the lines fit whole, one after another.
fn fitting(
    lines: impl Iterator<Item = usize>,
    room: usize,
    rows_of: impl Fn(usize) -> usize,
) -> usize {
    let mut rows = 0_usize;
    let fits = |line: &usize| {
        rows = rows.saturating_add(rows_of(*line));
        rows <= room
    };
    lines.take_while(fits).count()
}

/// Where the newest line of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    /// At its top.
    Above,
    /// At its bottom.
    Below,
}

/// Draws the mark into the last row of the place: how many lines are above and below, and the keys that go there.
pub(super) fn mark(
    canvas: &mut Canvas<'_>,
    language: Language,
    window: Window,
    newest: Newest,
    place: Place,
) {
    if !window.is_part() {
        return;
    }
    let older = (window.older, Phrase::OlderLines);
    let newer = (window.newer, Phrase::NewerLines);
    let (above, below) = match newest {
        Newest::Above => (newer, older),
        Newest::Below => (older, newer),
    };
    let sides = [("▲", above, Phrase::KeysUp), ("▼", below, Phrase::KeysDown)];
    let sides = sides.iter().filter(|(_, (count, _), _)| *count > 0);
    let whole = sides.clone().map(|(sign, (count, which), keys)| {
        let (which, keys) = (language.say(*which), language.say(*keys));
        format!("{sign} {count} {which}: {keys}")
    });
    let whole = whole.collect::<Vec<_>>().join("   ");
    let short = sides.map(|(sign, (count, _), keys)| {
        let keys = language.say(*keys);
        format!("{sign} {count} {keys}")
    });
    let short = short.collect::<Vec<_>>().join("  ");
    let row = place.row(place.height.saturating_sub(1));
    let text = if columns(&whole) <= row.width {
        whole
    } else {
        short
    };
    // Whoever does not follow the newest line should not forget it.
    let look = if window.newer > 0 {
        Look::Strong
    } else {
        Look::Label
    };
    canvas.put(row, &text, look);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_large_as_what_fits_and_ends_where_the_oldest_line_is_seen() {
        let rows = [1, 2, 1, 3, 1, 1];
        let on = |away, room| Window::on(rows.len(), away, room, |line| rows[line]);
        let window = |newer, older, most| Window { newer, older, most };
        assert_eq!(on(7, 9), Window::default(), "all of it fits");
        // A row less: the mark takes one more, and seven are left.
        assert_eq!(on(0, 8), window(0, 2, 2));
        assert_eq!(on(1, 8), window(1, 1, 2));
        assert_eq!(on(2, 8), window(2, 0, 2));
        assert_eq!(on(9, 8), window(2, 0, 2), "no further than the oldest");
        // A line that has more rows than there are is seen all the same.
        assert_eq!(on(3, 3), window(3, 2, 4));
        assert_eq!(Window::on(0, 3, 0, |_| 1), Window::default());
        assert_eq!(Window::on(1, 3, 1, |_| 5).most, 0);
    }
}

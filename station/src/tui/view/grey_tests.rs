//! What cannot be done now looks so, and what can be done does not: by the styles on the screen, not by its words.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::samples::{person, rows, running};
use super::{draw, sample_list};
use crate::line::wishes::LineState;
use crate::tui::state::batch::DEEDS;
use crate::tui::state::sign_in::{Deed, Role};
use crate::tui::state::why_not::why_not;
use crate::tui::state::{Screen, State};
use crate::tui::theme::{Look, Theme};
use crate::tui::vocabulary;

const SIZE: (u16, u16) = (120, 40);

/// The styles of the cells where that text stands first; none where it does not.
pub(super) fn styles(state: &State, theme: Theme, text: &str) -> Option<Vec<Style>> {
    let (width, height) = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    drop(draw(state, theme, &mut buffer));
    let columns = text.chars().count();
    let rows = buffer.content.chunks(usize::from(width));
    let mut places = rows.flat_map(|row| row.windows(columns));
    let symbols = |cells: &[Cell]| cells.iter().map(Cell::symbol).collect::<String>();
    let place = places.find(|cells| symbols(cells) == text)?;
    Some(place.iter().map(Cell::style).collect())
}

#[track_caller]
fn looks_grey(state: &State, text: &str) -> bool {
    let state = &State {
        size: SIZE,
        ..state.clone()
    };
    let mut found = Vec::new();
    for theme in [Theme::Colours, Theme::Monochrome] {
        let grey = Style::reset().patch(theme.style(Look::Grey));
        let styles = styles(state, theme, text).unwrap_or_else(|| panic!("{text:?} is not seen"));
        let is_grey =
            |style: &Style| (style.fg, style.add_modifier) == (grey.fg, grey.add_modifier);
        found.push(styles.iter().filter(|style| is_grey(style)).count() * 100 / styles.len());
    }
    assert!(
        matches!(found[..], [0, 0] | [100, 100]),
        "{text:?}: {found:?}"
    );
    found == [100, 100]
}

#[test]
fn a_deed_on_the_batch_screen_is_grey_exactly_where_it_cannot_be_done() {
    let mut grey = 0;
    for role in [Role::Operator, Role::Supervisor] {
        for line in [LineState::Running, LineState::Finishing, LineState::Paused] {
            for chosen in 0..rows().len() {
                let mut state = running(4);
                state.screen = Screen::Batch;
                state.sign_in = person(role);
                state.batches.renew(rows());
                (state.batches.line, state.batches.chosen) = (line, chosen);
                for (at, deed) in DEEDS.into_iter().enumerate() {
                    // The chosen one looks so when it can be done.
                    state.batches.deed = (at + 1) % DEEDS.len();
                    let name = state.language.say(vocabulary::deed(deed));
                    let cannot = why_not(&state, deed).is_some();
                    assert_eq!(looks_grey(&state, name), cannot, "{deed:?} {line:?}");
                    state.batches.deed = at;
                    assert_eq!(looks_grey(&state, name), cannot, "{deed:?} {line:?}");
                    grey += usize::from(cannot);
                }
            }
        }
    }
    assert!(grey > 0);
}

#[test]
fn so_is_what_an_enter_would_do_at_an_alarm_or_a_board() {
    let sample = |name: &str| {
        let mut all = sample_list::all().into_iter();
        all.find(|(found, _)| found == name).unwrap().1
    };
    for (name, deed, text) in [
        ("alarms-1", Deed::Acknowledge, "Enter"),
        ("device", Deed::Reprint, "Print the label again"),
    ] {
        for role in [Role::Operator, Role::Supervisor] {
            let state = State {
                sign_in: person(role),
                ..sample(name)
            };
            let cannot = why_not(&state, deed).is_some();
            assert_eq!(cannot, role == Role::Operator);
            assert_eq!(looks_grey(&state, text), cannot, "{name} {role:?}");
        }
    }
}

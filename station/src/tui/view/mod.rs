//! What is seen, as a function of the state: nothing here changes it, reads a clock or does I/O.
//!
//! ```text
//! +--------------------------------------------+
//! | batch_bar: product, batch, progress, health |  3 rows on every screen
//! +--------------------------------------------+
//! | the screen: line, batch, device, alarms,    |
//! | lane or log                                 |
//! |                   dialog, help over it      |
//! +--------------------------------------------+
//! | footer: keys, a notice, what is being typed |  1 row
//! +--------------------------------------------+
//! ```

pub mod block_letters;
pub mod canvas;

mod alarm;
mod batch;
mod batch_bar;
mod device;
mod dialog;
mod footer;
mod help;
mod lane;
mod lane_detail;
mod lane_words;
mod line;
mod log;
mod port_label;
mod sign_in;
mod small_lane;
mod too_small;
mod window;

#[cfg(test)]
mod cell_tests;
#[cfg(test)]
mod chosen_tests;
#[cfg(test)]
mod footer_tests;
#[cfg(test)]
mod grey_tests;
#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod notice_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod said_samples;
#[cfg(test)]
mod sample_list;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod small_lane_tests;
#[cfg(test)]
mod snapshot_tests;
#[cfg(test)]
mod translation_tests;
#[cfg(test)]
mod window_tests;

use ratatui::buffer::Buffer;

use crate::tui::geometry;
use crate::tui::state::{Screen, State};
use crate::tui::theme::Theme;
use canvas::Canvas;
pub use window::Window;

/// What is seen of the list that one leafs through on the screen: how far there is to leaf.
#[must_use]
pub fn window(state: &State) -> Window {
    let body = geometry::body(state.size);
    match state.screen {
        Screen::Device => device::window(state, body),
        Screen::Lane => lane_detail::window(state, body),
        Screen::Log => log::window(state, body),
        Screen::Line | Screen::Batch | Screen::Alarms => Window::default(),
    }
}

/// Draws the state. Gives what had to be left out, of which tests want nothing.
pub fn draw(state: &State, theme: Theme, buffer: &mut Buffer) -> Vec<String> {
    painted(state, theme, buffer).faults().to_vec()
}

fn painted<'a>(state: &State, theme: Theme, buffer: &'a mut Buffer) -> Canvas<'a> {
    let mut canvas = Canvas::new(buffer, theme);
    let size = state.size;
    if !geometry::is_enough(size) {
        too_small::draw(&mut canvas, state);
        return canvas;
    }
    batch_bar::draw(&mut canvas, state);
    let body = geometry::body(size);
    match state.screen {
        Screen::Line => line::draw(&mut canvas, state),
        Screen::Batch => batch::draw(&mut canvas, state, body),
        Screen::Device => device::draw(&mut canvas, state, body),
        Screen::Alarms => alarm::draw(&mut canvas, state, body),
        Screen::Lane => lane_detail::draw(&mut canvas, state, body),
        Screen::Log => log::draw(&mut canvas, state, body),
    }
    footer::draw(&mut canvas, state);
    if state.sign_in.person().is_none() {
        sign_in::draw(&mut canvas, state);
    }
    if let Some(dialog) = &state.dialog {
        dialog::draw(&mut canvas, state, dialog);
    }
    if state.help {
        help::draw(&mut canvas, state);
    }
    canvas
}

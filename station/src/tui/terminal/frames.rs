//! Frames: only what has changed since the last one is written.

use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ink;
use super::outlet::Outlet;
use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::tui::view;

/// What draws frames.
#[derive(Debug)]
pub struct Frames {
    outlet: Outlet,
    theme: Theme,
    /// What the terminal shows; none where that is not known.
    shown: Option<Buffer>,
}

impl Frames {
    /// On the terminal.
    ///
    /// # Errors
    /// Where there is none.
    pub fn new(theme: Theme) -> io::Result<Self> {
        Ok(Self {
            outlet: Outlet::open()?,
            theme,
            shown: None,
        })
    }

    /// Draws the state; all of it anew where `anew`. A slow terminal is waited for as long as `goes_on`.
    ///
    /// # Errors
    /// Where the terminal is gone, or is not waited for any more.
    pub fn draw(
        &mut self,
        state: &State,
        anew: bool,
        goes_on: impl FnMut() -> bool,
    ) -> io::Result<()> {
        let area = Rect::new(0, 0, state.size.0, state.size.1);
        let mut next = Buffer::empty(area);
        // What had to be left out is for tests.
        drop(view::draw(state, self.theme, &mut next));
        let known = self.shown.take();
        let known = known.filter(|shown| !anew && shown.area == area);
        let words = known.map_or_else(
            || [ink::CLEAR, &ink::changes(&Buffer::empty(area), &next)].concat(),
            |shown| ink::changes(&shown, &next),
        );
        self.outlet.write(&words, goes_on)?;
        self.shown = Some(next);
        Ok(())
    }
}

//! What views draw on: text by place, never over other text, never torn in the middle of a wide character.
//!
//! Whatever is cut or would lie over something else is counted; tests draw every screen at every size and
//! want none. On a real terminal it is simply left out: a screen never panics.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr as _;

use crate::tui::geometry::{Place, columns};
use crate::tui::theme::{Look, Theme};

/// A screen that is being drawn.
#[derive(Debug)]
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    taken: Vec<bool>,
    faults: Vec<String>,
    /// Each text that was given, before it was broken into lines or cut.
    #[cfg(test)]
    texts: Vec<String>,
}

impl<'a> Canvas<'a> {
    /// An empty one.
    pub fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        let cells = usize::from(buffer.area.width) * usize::from(buffer.area.height);
        Self {
            buffer,
            theme,
            taken: vec![false; cells],
            faults: Vec::new(),
            #[cfg(test)]
            texts: Vec::new(),
        }
    }

    /// What was cut, or lay over something else.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// What was given to be drawn: whole texts, whatever became of them.
    #[cfg(test)]
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Something lies over all that was drawn before in this place.
    pub fn cover(&mut self, place: Place) {
        for y in place.y..place.y.saturating_add(place.height) {
            // The left half of a wide character would reach into the place.
            if let Some(before) = place
                .x
                .checked_sub(1)
                .filter(|x| self.index(*x, y).is_some())
                && self.buffer[(before, y)].symbol().width() > 1
            {
                self.buffer[(before, y)].reset();
            }
            for x in place.x..place.x.saturating_add(place.width) {
                if let Some(at) = self.index(x, y) {
                    self.taken[at] = false;
                    self.buffer[(x, y)].reset();
                }
            }
        }
    }

    /// Text that must not be cut, from the left of the place. Gives its columns.
    pub fn put(&mut self, place: Place, text: &str, look: Look) -> u16 {
        if columns(text) > place.width || place.height == 0 {
            self.faults.push(format!("cut at {place:?}: {text:?}"));
        }
        self.put_short(place, text, look)
    }

    /// Text that may end in `…`, since it is whole elsewhere. Gives its columns.
    pub fn put_short(&mut self, place: Place, text: &str, look: Look) -> u16 {
        #[cfg(test)]
        self.texts.push(text.to_owned());
        self.draw(place, &fit(text, place.width), look)
    }

    /// Text that must not be cut, at the right of the place. Gives its columns.
    pub fn put_right(&mut self, place: Place, text: &str, look: Look) -> u16 {
        let width = columns(text).min(place.width);
        let right = place.columns(place.width - width, width);
        self.put(right, text, look)
    }

    /// Text that must not be cut, in the middle of the place.
    pub fn put_middle(&mut self, place: Place, text: &str, look: Look) -> u16 {
        let width = columns(text).min(place.width);
        let middle = place.columns((place.width - width) / 2, width);
        self.put(middle, text, look)
    }

    /// A text over as many rows as it needs; gives how many. It must not need more than there are.
    pub fn put_wrapped(&mut self, place: Place, text: &str, look: Look) -> u16 {
        if wrap(text, place.width).len() > usize::from(place.height) {
            self.faults.push(format!("cut at {place:?}: {text:?}"));
        }
        self.put_wrapped_short(place, text, look)
    }

    /// The same, and the last row may end in `…`.
    pub fn put_wrapped_short(&mut self, place: Place, text: &str, look: Look) -> u16 {
        #[cfg(test)]
        self.texts.push(text.to_owned());
        let mut lines = wrap(text, place.width);
        let room = usize::from(place.height);
        if lines.len() > room
            && let Some(last) = room.checked_sub(1)
        {
            let rest = lines.split_off(last).join(" ");
            lines.push(fit(&rest, place.width));
        }
        for (row, line) in (0..place.height).zip(&lines) {
            self.draw(place.row(row), line, look);
        }
        u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .min(place.height)
    }

    /// Fills a row with a rule.
    pub fn rule(&mut self, place: Place, look: Look) {
        let line = "─".repeat(usize::from(place.width));
        self.put(place, &line, look);
    }

    fn draw(&mut self, place: Place, text: &str, look: Look) -> u16 {
        if place.height == 0 {
            return 0;
        }
        let width = columns(text);
        for x in place.x..place.x.saturating_add(width) {
            let Some(at) = self.index(x, place.y) else {
                self.faults.push(format!("outside at {place:?}: {text:?}"));
                return 0;
            };
            if self.taken[at] {
                self.faults
                    .push(format!("over other text at {place:?}: {text:?}"));
                return 0;
            }
        }
        for x in place.x..place.x.saturating_add(width) {
            if let Some(at) = self.index(x, place.y) {
                self.taken[at] = true;
            }
        }
        let style = self.theme.style(look);
        self.buffer.set_string(place.x, place.y, text, style);
        width
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        let area = self.buffer.area;
        let inside = x < area.width && y < area.height;
        inside.then(|| usize::from(y) * usize::from(area.width) + usize::from(x))
    }
}

/// The text, or as much of it as fits with `…` at its end.
#[must_use]
pub fn fit(text: &str, width: u16) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if columns(&text) <= width {
        return text;
    }
    let room = usize::from(width).saturating_sub(1);
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if kept.width() > room {
            kept.pop();
            break;
        }
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// The text, or as much of its end as fits after a `…`: for names and numbers, which differ at their end.
#[must_use]
pub fn fit_end(text: &str, width: u16) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let room = usize::from(width).saturating_sub(1);
    let mut from = text.len();
    for (at, _) in text.char_indices().rev() {
        if text[at..].width() > room {
            break;
        }
        from = at;
    }
    let mark = if width > 0 { "…" } else { "" };
    format!("{mark}{}", &text[from..])
}

/// The text in lines of that many columns: between words, but not between a figure and its unit, or anywhere
/// among characters that need no spaces.
#[must_use]
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let room = usize::from(width.max(2));
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in with_units(pieces(text)) {
        if line.width() + word.trim_end().width() > room && !line.is_empty() {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        for character in word.chars() {
            if line.width() + unicode_width::UnicodeWidthChar::width(character).unwrap_or(0) > room
                && character != ' '
            {
                lines.push(line.trim_end().to_owned());
                line.clear();
            }
            line.push(character);
        }
    }
    if !line.trim().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// A unit, or another short word, belongs to the figure before it.
fn with_units(pieces: Vec<String>) -> Vec<String> {
    /// As long as units are, with a mark after them.
    const UNIT: usize = 4;
    let mut joined: Vec<String> = Vec::new();
    for piece in pieces {
        let is_unit = piece.trim_end().chars().count() <= UNIT
            && piece.starts_with(|c: char| c.is_alphabetic() || c == '%' || c == '°');
        let figure = |before: &&mut String| {
            before.ends_with(' ') && before.trim_end().ends_with(|c: char| c.is_ascii_digit())
        };
        match joined.last_mut().filter(figure) {
            Some(before) if is_unit => before.push_str(&piece),
            _ => joined.push(piece),
        }
    }
    joined
}

/// Words with the spaces after them; each wide character is a word, with the mark after it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut open = false;
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        let wide = unicode_width::UnicodeWidthChar::width(character) == Some(2);
        let mark = matches!(
            character,
            '，' | '。' | '；' | '：' | '？' | '、' | '）' | '！'
        );
        match pieces.last_mut() {
            Some(last) if mark || character == ' ' || (open && !wide) => last.push(character),
            _ => pieces.push(character.to_string()),
        }
        open = !wide && character != ' ';
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_whole_characters() {
        assert_eq!(fit("PASS", 4), "PASS");
        assert_eq!(fit("HW-LIMIT", 5), "HW-L…");
        assert_eq!(fit("产线启动", 5), "产线…");
        assert_eq!(fit("产线启动", 4), "产…");
        assert_eq!(fit("x", 0), "");
        assert_eq!(fit("a\u{1b}[2Jb", 9), "a [2Jb");
    }

    #[test]
    fn a_figure_and_its_unit_stand_in_one_line() {
        assert_eq!(wrap("it drew 120.5 mA", 13), ["it drew", "120.5 mA"]);
        assert_eq!(
            wrap("of 98 %, at 3 boards", 5),
            ["of", "98 %,", "at 3", "board", "s"]
        );
        assert_eq!(wrap("第 3 块板", 4), ["第", "3 块", "板"]);
        // A unit of three letters, with its comma.
        assert_eq!(
            wrap("measured 115 kHz, limits", 12),
            ["measured", "115 kHz,", "limits"]
        );
    }

    #[test]
    fn of_a_name_the_end_is_kept() {
        assert_eq!(fit_end("lane-12", 7), "lane-12");
        assert_eq!(fit_end("lane-12", 4), "…-12");
        assert_eq!(fit_end("产线一", 5), "…线一");
        assert_eq!(fit_end("产线一", 4), "…一");
        assert_eq!(fit_end("lane", 1), "…");
        assert_eq!(fit_end("lane", 0), "");
    }

    #[test]
    fn text_is_wrapped_between_words() {
        let lines = wrap("Put the board aside for QA.", 12);
        assert_eq!(lines, ["Put the", "board aside", "for QA."]);
        assert_eq!(
            wrap("取出电路板；放入下一块。", 8),
            ["取出电路", "板；放入", "下一块。"]
        );
        assert_eq!(wrap("ABCDEFGHIJ", 4), ["ABCD", "EFGH", "IJ"]);
    }

    #[test]
    fn what_would_lie_over_other_text_is_left_out_and_counted() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 10, 2));
        let mut canvas = Canvas::new(&mut buffer, Theme::Monochrome);
        let place = Place {
            x: 0,
            y: 0,
            width: 10,
            height: 1,
        };
        canvas.put(place, "first", Look::Plain);
        canvas.put(place, "second", Look::Plain);
        canvas.put(place.below(1), "third", Look::Plain);
        canvas.put(place.columns(6, 4), "fourth", Look::Plain);
        assert_eq!(canvas.faults().len(), 3, "{:?}", canvas.faults());
    }
}

//! How things look: 16 colours, or none. Colour never says anything alone; words and signs do.

use ratatui::style::{Color, Modifier, Style};

use crate::verdict::{Outcome, VerdictCode};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The 16 colours that every colour terminal has.
    #[default]
    Colours,
    /// Bold and reversed only.
    Monochrome,
}

/// What something is, for how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Ordinary text.
    Plain,
    /// A label beside a value.
    Label,
    /// What counts.
    Strong,
    /// What cannot be done now.
    Grey,
    /// What is chosen.
    Chosen,
    /// A good board, all is well.
    Good,
    /// A bad board.
    Bad,
    /// The station is at fault.
    Fault,
    /// What stands still until somebody has looked.
    Held,
    /// A board in work.
    Busy,
}

impl Theme {
    /// By the environment: `NO_COLOR` set to anything, or a terminal that has none.
    #[must_use]
    pub fn of(no_color: Option<&str>, term: Option<&str>) -> Self {
        let plain = term.is_some_and(|term| {
            term == "dumb" || term.ends_with("-m") || term.ends_with("-mono") || term == "vt100"
        });
        if plain || no_color.is_some_and(|value| !value.is_empty()) {
            Self::Monochrome
        } else {
            Self::Colours
        }
    }

    /// The style.
    #[must_use]
    pub fn style(self, look: Look) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = bold.add_modifier(Modifier::REVERSED);
        if self == Self::Monochrome {
            return match look {
                Look::Plain | Look::Label | Look::Busy => plain,
                Look::Grey => plain.add_modifier(Modifier::DIM),
                Look::Strong | Look::Good => bold,
                Look::Chosen | Look::Bad | Look::Fault | Look::Held => reversed,
            };
        }
        match look {
            Look::Plain => plain,
            Look::Label => plain.fg(Color::Cyan),
            Look::Strong => bold,
            Look::Grey => plain.fg(Color::DarkGray),
            Look::Chosen => reversed,
            Look::Good => bold.fg(Color::Black).bg(Color::Green),
            Look::Bad => bold.fg(Color::White).bg(Color::Red),
            Look::Fault => bold.fg(Color::Black).bg(Color::Yellow),
            Look::Held => bold.fg(Color::White).bg(Color::Magenta),
            Look::Busy => plain.fg(Color::LightBlue),
        }
    }
}

/// How the verdict looks.
#[must_use]
pub const fn of_verdict(code: VerdictCode) -> Look {
    match code.outcome() {
        Outcome::Pass => Look::Good,
        Outcome::Fail => Look::Bad,
        Outcome::Error => Look::Fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colour_where_none_is_wanted_or_possible() {
        assert_eq!(Theme::of(None, Some("xterm-256color")), Theme::Colours);
        assert_eq!(Theme::of(Some(""), Some("linux")), Theme::Colours);
        assert_eq!(Theme::of(Some("1"), Some("xterm")), Theme::Monochrome);
        for term in ["vt100", "dumb", "xterm-mono", "linux-m"] {
            assert_eq!(Theme::of(None, Some(term)), Theme::Monochrome);
        }
        for look in [Look::Good, Look::Bad, Look::Fault, Look::Held, Look::Label] {
            let style = Theme::Monochrome.style(look);
            assert_eq!((style.fg, style.bg), (None, None), "{look:?}");
        }
    }
}

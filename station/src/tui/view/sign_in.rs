//! Nobody is signed in: a badge is awaited, or the PIN that goes with it.

use super::canvas::Canvas;
use super::dialog::framed;
use super::footer::entry;
use crate::tui::geometry::body;
use crate::tui::state::State;
use crate::tui::state::sign_in::SignIn;
use crate::tui::theme::Look;
use crate::words::Phrase;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State) {
    let language = state.language;
    let title = language.say(Phrase::SignInTitle);
    let inside = framed(canvas, body(state.size), (52, 8), title, Look::Strong);
    let wish = match &state.sign_in {
        SignIn::WantsPin { operator } => language.fill(Phrase::SignInPin, &[operator]),
        SignIn::Checking => language.say(Phrase::ScanWait).to_owned(),
        SignIn::Nobody | SignIn::Person(_) => language.say(Phrase::SignInBadge).to_owned(),
    };
    canvas.put_wrapped_short(inside.top(2), &wish, Look::Strong);
    if state.sign_in == SignIn::Nobody && !state.by_name.is_empty() {
        let hint = language.fill(Phrase::SignInByName, &[&state.by_name.join(", ")]);
        canvas.put_wrapped_short(inside.below(1).top(2), &hint, Look::Label);
    }
    if !matches!(state.sign_in, SignIn::Checking) {
        let mark = if state.is_ready_for_scan() {
            "▶"
        } else {
            "…"
        };
        let text = format!("{mark} {}", entry(state));
        canvas.put_short(inside.row(3), &text, Look::Plain);
    }
    let names: Vec<_> = crate::words::Language::ALL
        .iter()
        .map(|one| {
            if *one == language {
                format!("[{}]", one.name())
            } else {
                one.name().to_owned()
            }
        })
        .collect();
    let last = inside.row(inside.height.saturating_sub(1));
    let text = format!(
        "{}  {}",
        language.say(Phrase::LanguageHint),
        names.join(" ")
    );
    canvas.put(last, &text, Look::Label);
}

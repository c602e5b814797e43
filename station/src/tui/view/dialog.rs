//! A question over the screen, in a frame.

use super::canvas::{Canvas, fit_end, wrap};
use super::footer::entry;
use crate::tui::action::NewBatch;
use crate::tui::event::Refused;
use crate::tui::geometry::{Place, whole};
use crate::tui::state::State;
use crate::tui::state::alarms::About;
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::theme::Look;
use crate::words::{Language, Phrase};

/// Columns of a dialog.
const WIDTH: u16 = 64;

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, dialog: &Dialog) {
    let language = state.language;
    match dialog {
        Dialog::OpenBatch(batch, field) => open_batch(canvas, state, batch, *field),
        Dialog::Acknowledge { about, code, .. } => {
            let deed = if about.holds() {
                Phrase::DeedClearHold
            } else {
                Phrase::DeedAcknowledge
            };
            let whose = format!("{} {code}", what(about));
            let title = format!("{}: {}", language.say(deed), whose.trim_start());
            field(canvas, state, &title, language.say(Phrase::AskReason));
        }
        Dialog::CloseBatch { batch } => {
            let mut rows = state.batches.list.iter();
            let row = rows.find(|row| row.batch == *batch);
            let (done, target) = row.map_or((0, 0), |row| state.batches.done(row));
            let figures = [batch.clone(), done.to_string(), target.to_string()];
            let figures = figures.each_ref().map(String::as_str);
            let text = language.fill(Phrase::ConfirmClose, &figures);
            question(canvas, state, language.say(Phrase::DeedClose), &text);
        }
        Dialog::Reprint { device } => {
            let title = format!("{}: {device}", language.say(Phrase::DeedReprint));
            field(canvas, state, &title, language.say(Phrase::AskReason));
        }
        Dialog::Discard => {
            let text = language.say(Phrase::ConfirmDiscard);
            question(canvas, state, language.say(Phrase::DeedOpen), text);
        }
        Dialog::SignOut => {
            let text = language.say(Phrase::ConfirmSignOut);
            question(canvas, state, language.say(Phrase::KeySignOut), text);
        }
        Dialog::Leave => {
            let text = language.say(Phrase::ConfirmLeave);
            question(canvas, state, language.say(Phrase::KeyLeave), text);
        }
        Dialog::Refused(refused) => not_done(canvas, state, refused),
    }
}

fn what(about: &About) -> &str {
    match about {
        About::Lane(name) | About::Batch(name) | About::Board { lane: name, .. } => name,
        About::Clock => "",
    }
}

fn question(canvas: &mut Canvas<'_>, state: &State, title: &str, text: &str) {
    let language = state.language;
    let inside = framed(canvas, whole(state.size), (WIDTH, 8), title, Look::Strong);
    let keys = inside.height.saturating_sub(1);
    canvas.put_wrapped(inside.top(keys), text, Look::Plain);
    let (yes, no) = (language.say(Phrase::EnterYes), language.say(Phrase::EscNo));
    canvas.put(inside.row(keys), &format!("{yes}   {no}"), Look::Label);
}

fn field(canvas: &mut Canvas<'_>, state: &State, title: &str, label: &str) {
    let inside = framed(canvas, whole(state.size), (WIDTH, 8), title, Look::Strong);
    canvas.put(inside.row(0), label, Look::Label);
    canvas.put_wrapped_short(inside.below(1).top(3), &entry(state), Look::Strong);
    keys(
        canvas,
        state.language,
        inside,
        &[Phrase::EnterDone, Phrase::EscBack],
    );
}

fn keys(canvas: &mut Canvas<'_>, language: Language, inside: Place, keys: &[Phrase]) {
    let keys: Vec<_> = keys.iter().map(|key| language.say(*key)).collect();
    let last = inside.row(inside.height.saturating_sub(1));
    canvas.put(last, &keys.join("   "), Look::Label);
}

fn open_batch(canvas: &mut Canvas<'_>, state: &State, batch: &NewBatch, open: BatchField) {
    let language = state.language;
    let title = language.say(Phrase::DeedOpen);
    let inside = framed(canvas, whole(state.size), (WIDTH, 9), title, Look::Strong);
    for (at, field) in (0..).zip(BatchField::ALL) {
        let label = match field {
            BatchField::Name => Phrase::AskBatchName,
            BatchField::Profile => Phrase::AskProfile,
            BatchField::WorkOrder => Phrase::AskWorkOrder,
            BatchField::Quantity => Phrase::AskQuantity,
        };
        let row = inside.row(at);
        let scanned = state.scanner.entry().is_empty() && !field.of(batch).is_empty();
        let (value, look) = if field == open && !scanned {
            (entry(state), Look::Chosen)
        } else if field == open {
            (format!("{}_", field.of(batch)), Look::Chosen)
        } else {
            (field.of(batch).to_owned(), Look::Plain)
        };
        canvas.put(row.columns(0, 26), language.say(label), Look::Label);
        canvas.put_short(
            row.columns(27, row.width),
            &fit_end(&value, row.width - 27),
            look,
        );
    }
    let enter = match open.next() {
        Some(_) => Phrase::EnterNext,
        None => Phrase::EnterDone,
    };
    keys(
        canvas,
        language,
        inside,
        &[enter, Phrase::UpDownField, Phrase::EscBack],
    );
}

fn not_done(canvas: &mut Canvas<'_>, state: &State, refused: &Refused) {
    let language = state.language;
    let reason = language.refusal(refused.reason).to_owned();
    let technical = format!("{}: {}; {}", refused.what, refused.why, refused.next);
    let texts = [reason, language.technical(&technical)];
    let rows: usize = texts.iter().map(|text| wrap(text, WIDTH - 4).len()).sum();
    let rows = u16::try_from(rows).unwrap_or(16).min(16) + 4;
    let title = language.say(Phrase::NotAllowed);
    let inside = framed(canvas, whole(state.size), (WIDTH, rows), title, Look::Fault);
    let last = inside.height.saturating_sub(1);
    let mut rest = inside.top(last);
    for text in &texts {
        let used = canvas.put_wrapped_short(rest, text, Look::Plain);
        rest = rest.below(used);
    }
    canvas.put(inside.row(last), language.say(Phrase::EscBack), Look::Label);
}

/// Draws a frame in the middle; gives the place inside it.
pub(super) fn framed(
    canvas: &mut Canvas<'_>,
    around: Place,
    (width, height): (u16, u16),
    title: &str,
    look: Look,
) -> Place {
    let (width, height) = (width.min(around.width), height.min(around.height));
    let frame = Place {
        x: around.x + (around.width - width) / 2,
        y: around.y + (around.height - height) / 2,
        width,
        height,
    };
    canvas.cover(frame);
    let inner = usize::from(width.saturating_sub(2));
    let title = super::canvas::fit(&format!(" {title} "), width.saturating_sub(4));
    let title_columns = usize::from(crate::tui::geometry::columns(&title));
    canvas.put(frame.columns(0, 2), "┌─", Look::Label);
    canvas.put(frame.columns(2, width), &title, look);
    let rest = inner.saturating_sub(1 + title_columns);
    let from = u16::try_from(2 + title_columns).unwrap_or(width);
    let line = format!("{}┐", "─".repeat(rest));
    canvas.put(frame.row(0).columns(from, width), &line, Look::Label);
    for row in 1..height.saturating_sub(1) {
        canvas.put(frame.row(row).columns(0, 1), "│", Look::Label);
        canvas.put(frame.row(row).columns(width - 1, 1), "│", Look::Label);
    }
    let last = frame.row(height.saturating_sub(1));
    canvas.put(last, &format!("└{}┘", "─".repeat(inner)), Look::Label);
    let inside = frame.below(1).columns(2, width.saturating_sub(4));
    inside.top(height.saturating_sub(2))
}

//! What was said, in a language.

use super::event::{AdapterChange, NotLetIn, Refused};
use super::scanner::MAX_CHARS;
use super::seconds;
use super::state::lanes::ShownVerdict;
use super::state::said::Said;
use super::told::{Gone, Told};
use super::vocabulary;
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase, RefusalReason};

/// One line of it.
#[must_use]
pub fn text(language: Language, said: &Said) -> String {
    match said {
        Said::Told(told) => told_text(language, told),
        Said::LineStarted { batch } => language.fill(Phrase::LineStarted, &[batch]),
        Said::LineEnded(fault) => line_ended(language, fault.as_deref()),
        Said::SignedIn { operator, role } => {
            let role = language.say(vocabulary::role(*role));
            language.fill(Phrase::SignedIn, &[operator, role])
        }
        Said::Refused(refused) => not_done(language, refused),
        Said::RecordingKept(file) => language.fill(Phrase::RecordingKept, &[file]),
        Said::RecordingLost(why) => {
            let lost = language.say(Phrase::RecordingLost);
            format!("{lost} {}", language.technical(why))
        }
        Said::CannotNow { deed, why } => {
            let deed = language.say(vocabulary::deed(*deed));
            format!("{deed}: {}", vocabulary::why_not(language, why.clone()))
        }
        Said::Verdict { lane, verdict } => concluded(language, lane, verdict),
        Said::Held { lane, held } => {
            let cause = language.cause(held.code, &held.cause);
            let name = if held.of_batch { &held.name } else { lane };
            format!(
                "{name}: {}: {}: {cause}",
                language.say(Phrase::Held),
                held.code
            )
        }
        Said::HoldCleared { name, who, reason } => {
            let goes_on = language.fill(Phrase::DidClear, &[name]);
            format!("{goes_on} ({who}: {reason})")
        }
        Said::Port { lane, fault } => format!("{lane}: {}", language.port_fault(fault).0),
        Said::Adapter { lane, change } => adapter_changed(language, lane, change),
        Said::UnknownBoard(wanted) => language.fill(Phrase::UnknownBoard, &[wanted]),
        Said::BadgeInField => language.refusal(Some(RefusalReason::BadgeTyped)).to_owned(),
        Said::NoReason => language.say(Phrase::NoReason).to_owned(),
        Said::ScanTooLong => language.fill(Phrase::ScanTooLong, &[&MAX_CHARS.to_string()]),
        Said::EntryTooLong => language.fill(Phrase::EntryTooLong, &[&MAX_CHARS.to_string()]),
        Said::QuestionStands => language.say(Phrase::QuestionStands).to_owned(),
        Said::SignInToLeave => language.say(Phrase::SignInToLeave).to_owned(),
    }
}

fn told_text(language: Language, told: &Told) -> String {
    match told {
        Told::LabelTaken { serial, lane } => language.fill(Phrase::LabelTaken, &[serial, lane]),
        Told::LabelOdd(text) => language.fill(Phrase::LabelOdd, &[text]),
        Told::NoLabel(text) => language.fill(Phrase::NoLabel, &[text]),
        Told::LabelOfLane { lane, waits } => language.fill(Phrase::LabelOfLane, &[lane, waits]),
        Told::WaitsNoLonger(lane) => language.fill(Phrase::WaitsNoLonger, &[lane]),
        Told::ScanAgain(lane) => language.fill(Phrase::ScanAgain, &[lane]),
        Told::NobodyWaits => language.say(Phrase::NobodyWaits).to_owned(),
        Told::LabelWaits { serial, why } => {
            language.fill(Phrase::LabelWaits, &[serial, &language.technical(why)])
        }
        Told::LabelFailed { serial, why } => {
            language.fill(Phrase::LabelFailed, &[serial, &language.technical(why)])
        }
        Told::NotLetIn { why, wait_s } => not_let_in(language, why, *wait_s),
        Told::SignedOut(gone) => language.say(signed_out(*gone)).to_owned(),
        Told::Did(did) => vocabulary::did(language, did),
        Told::Trouble { trouble, says } => {
            let trouble = language.trouble(*trouble);
            format!("{trouble} {}", language.technical(says))
        }
    }
}

fn adapter_changed(language: Language, lane: &str, change: &AdapterChange) -> String {
    let AdapterChange {
        before,
        now,
        belongs_to,
    } = change;
    match belongs_to {
        Some(home) => language.fill(Phrase::CableSwapped, &[lane, now, home]),
        None => language.fill(Phrase::AdapterChanged, &[lane, now, before]),
    }
}

fn line_ended(language: Language, fault: Option<&str>) -> String {
    let ended = language.say(Phrase::LineEndedLog);
    let Some(fault) = fault else {
        return ended.to_owned();
    };
    let to_do = language.say(Phrase::LineFault);
    format!("{ended}. {to_do} {}", language.technical(fault))
}

fn not_done(language: Language, refused: &Refused) -> String {
    let technical = language.technical(&format!("{}: {}", refused.what, refused.why));
    format!("{} {technical}", language.refusal(refused.reason))
}

fn concluded(language: Language, lane: &str, verdict: &ShownVerdict) -> String {
    let word = language.say(vocabulary::outcome(verdict.code));
    let board = verdict.serial.as_deref().or(verdict.uid.as_deref());
    let mut text = format!("{lane}  {word}  {}", board.unwrap_or("-"));
    if verdict.code != VerdictCode::Pass {
        let detail = language.detail(verdict.code, &verdict.detail);
        text = format!("{text}  {}  {detail}", verdict.code);
    }
    format!("{text}  {} s", seconds(verdict.took_ms))
}

const fn signed_out(gone: Gone) -> Phrase {
    match gone {
        Gone::Left => Phrase::SignedOut,
        Gone::Idle => Phrase::SignedOutIdle,
        Gone::Disabled => Phrase::SignInDisabled,
    }
}

fn not_let_in(language: Language, why: &NotLetIn, wait_s: u64) -> String {
    let why = vocabulary::not_let_in(language, why);
    if wait_s == 0 {
        return why;
    }
    let wait = language.fill(Phrase::SignInWait, &[&wait_s.to_string()]);
    format!("{why} {wait}")
}

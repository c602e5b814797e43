//! Which phrase says what of the state: outcomes, roles, steps, deeds.

use super::event::{Did, NotLetIn};
use super::state::Screen;
use super::state::sign_in::{Deed, Role};
use super::state::why_not::WhyNot;
use crate::line::wishes::{LineState, Obstacle};
use crate::verdict::{Outcome, VerdictCode};
use crate::words::{Help, Language, Phrase};

/// What was done.
#[must_use]
pub fn did(language: Language, did: &Did) -> String {
    match did {
        Did::OpenedBatch { batch, boards: 1 } => language.fill(Phrase::DidOpenOne, &[batch]),
        Did::OpenedBatch { batch, boards } => {
            language.fill(Phrase::DidOpen, &[batch, &boards.to_string()])
        }
        Did::ClosedBatch(batch) => language.fill(Phrase::DidClose, &[batch]),
        Did::Cleared(name) => language.fill(Phrase::DidClear, &[name]),
        Did::AcceptedClock => language.say(Phrase::DidAcceptClock).to_owned(),
        Did::Printed(device) => language.fill(Phrase::DidPrint, &[device]),
    }
}

/// Why somebody was not let in.
#[must_use]
pub fn not_let_in(language: Language, why: &NotLetIn) -> String {
    let phrase = match why {
        NotLetIn::Unknown => Phrase::SignInUnknown,
        NotLetIn::Disabled => Phrase::SignInDisabled,
        NotLetIn::NoPin => Phrase::SignInNoPin,
        NotLetIn::WrongPin => Phrase::SignInWrongPin,
        NotLetIn::TooSoon => Phrase::SignInTooSoon,
        NotLetIn::NotDigits => Phrase::SignInNotDigits,
        NotLetIn::Fault(why) => {
            let technical = language.technical(why);
            return format!("{} {technical}", language.refusal(None));
        }
    };
    language.say(phrase).to_owned()
}

/// The outcome's word.
#[must_use]
pub const fn outcome(code: VerdictCode) -> Phrase {
    match code.outcome() {
        Outcome::Pass => Phrase::Pass,
        Outcome::Fail => Phrase::Fail,
        Outcome::Error => Phrase::Error,
    }
}

/// The outcome's sign, which stands beside its word: colour alone says nothing.
#[must_use]
pub const fn sign(code: VerdictCode) -> &'static str {
    match code.outcome() {
        Outcome::Pass => "✔",
        Outcome::Fail => "✘",
        Outcome::Error => "!",
    }
}

/// The role's word.
#[must_use]
pub const fn role(role: Role) -> Phrase {
    match role {
        Role::Operator => Phrase::RoleOperator,
        Role::Supervisor => Phrase::RoleSupervisor,
        Role::SecurityOfficer => Phrase::RoleSecurityOfficer,
        Role::Auditor => Phrase::RoleAuditor,
    }
}

/// The step's words: 0 to 8.
#[must_use]
pub const fn step(step: u8) -> Phrase {
    match step {
        0 => Phrase::StepAwaitingBoard,
        1 => Phrase::StepIdentified,
        2 => Phrase::StepAttested,
        3 => Phrase::StepMeasured,
        4 => Phrase::StepKeyBound,
        5 => Phrase::StepIssued,
        6 => Phrase::StepInstalled,
        7 => Phrase::StepProven,
        _ => Phrase::StepCommitted,
    }
}

/// The screen's name.
#[must_use]
pub const fn screen(screen: Screen) -> Phrase {
    match screen {
        Screen::Line => Phrase::ScreenLine,
        Screen::Batch => Phrase::ScreenBatch,
        Screen::Device => Phrase::ScreenDevice,
        Screen::Alarms => Phrase::ScreenAlarms,
        Screen::Lane => Phrase::ScreenLane,
        Screen::Log => Phrase::ScreenLog,
    }
}

/// The screen's help.
#[must_use]
pub const fn help(screen: Screen) -> Help {
    match screen {
        Screen::Line => Help::Line,
        Screen::Batch => Help::Batch,
        Screen::Device => Help::Device,
        Screen::Alarms => Help::Alarms,
        Screen::Lane => Help::Lane,
        Screen::Log => Help::Log,
    }
}

/// The deed's words.
#[must_use]
pub const fn deed(deed: Deed) -> Phrase {
    match deed {
        Deed::Start => Phrase::DeedStart,
        Deed::Pause => Phrase::DeedPause,
        Deed::OpenBatch => Phrase::DeedOpen,
        Deed::CloseBatch => Phrase::DeedClose,
        Deed::Acknowledge => Phrase::DeedAcknowledge,
        Deed::Reprint => Phrase::DeedReprint,
    }
}

/// Why something is grey.
#[must_use]
pub fn why_not(language: Language, why: WhyNot) -> String {
    let phrase = match why {
        WhyNot::TakesRole(takes) => {
            return language.fill(Phrase::TakesRole, &[language.say(role(takes))]);
        }
        WhyNot::LabelAwaited(lane) => {
            return language.fill(Phrase::LabelAwaited, &[&lane]);
        }
        WhyNot::InTheWay(Obstacle::BoardsFinish) => Phrase::BoardsFinish,
        WhyNot::InTheWay(Obstacle::NoOpenBatch) => Phrase::NeedsOpenBatch,
        WhyNot::InTheWay(Obstacle::BatchFull) => Phrase::BatchIsFull,
        WhyNot::InTheWay(Obstacle::LineRuns) => Phrase::NeedsPause,
        WhyNot::InTheWay(Obstacle::LineStands) => Phrase::LineNotRunning,
        WhyNot::NobodySignedIn => Phrase::SignInFirst,
        WhyNot::NothingHeld => Phrase::NoHold,
        WhyNot::NoPrinter => Phrase::NoPrinter,
        WhyNot::NoSerial => Phrase::BoardWithoutSerial,
    };
    language.say(phrase).to_owned()
}

/// What the line does.
#[must_use]
pub const fn line(line: LineState) -> Phrase {
    match line {
        LineState::Paused => Phrase::Paused,
        LineState::Running => Phrase::Running,
        LineState::Finishing => Phrase::Finishing,
        LineState::Full => Phrase::BatchIsFull,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_board_is_no_boards() {
        let said = |language, boards| {
            let batch = "B-1".to_owned();
            did(language, &Did::OpenedBatch { batch, boards })
        };
        let one = [
            (Language::English, "for 1 board."),
            (Language::Spanish, "para 1 placa."),
            (Language::German, "für 1 Platine."),
            (Language::Chinese, "共 1 块板。"),
        ];
        for (language, end) in one {
            assert!(said(language, 1).ends_with(end), "{language}");
            assert!(said(language, 2).contains(" 2 "), "{language}");
        }
        assert!(said(Language::English, 2).ends_with("for 2 boards."));
    }
}

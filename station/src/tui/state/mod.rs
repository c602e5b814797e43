//! All that the terminal shows, as plain data: a view is a function of it, a recording is a copy of it.

pub mod alarms;
pub mod batch;
pub mod device;
pub mod dialog;
pub mod freshness;
pub mod lanes;
pub mod log;
pub mod said;
pub mod sign_in;
pub mod why_not;

use serde::{Deserialize, Serialize};

use crate::tui::action::NewBatch;
use crate::tui::command::Command;
use crate::tui::scanner::Scanner;
use crate::words::Language;
use alarms::{About, Alarm, Alarms};
use batch::Batches;
use device::Device;
use dialog::Dialog;
use lanes::Lanes;
use log::Log;
use said::Said;
use sign_in::SignIn;

/// How long a notice stands, in milliseconds.
pub const NOTICE_MS: u64 = 8_000;

/// How long a question must stand before an Enter answers it, in milliseconds: nobody reads faster.
pub const READ_MS: u64 = REPEAT_MS;

/// The key that leaves is held down where it comes again within so many milliseconds.
const REPEAT_MS: u64 = 700;

/// A screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Screen {
    /// All lanes.
    #[default]
    Line,
    /// Batches.
    Batch,
    /// One board's past.
    Device,
    /// What somebody must look at.
    Alarms,
    /// One lane.
    Lane,
    /// What happened.
    Log,
}

impl Screen {
    /// Every screen, in the order of their keys.
    pub const ALL: [Self; 6] = [
        Self::Line,
        Self::Batch,
        Self::Device,
        Self::Alarms,
        Self::Lane,
        Self::Log,
    ];
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The language.
    pub language: Language,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Milliseconds of a clock that never goes back.
    pub monotonic_ms: u64,
    /// UTC in milliseconds.
    pub utc_ms: u64,
    /// The screen that is shown.
    pub screen: Screen,
    /// Whether help lies over it.
    pub help: bool,
    /// Who works here.
    pub sign_in: SignIn,
    /// Whose ID alone signs them in, for telling those who try a station out.
    pub by_name: Vec<String>,
    /// A question that must be answered first.
    pub dialog: Option<Dialog>,
    /// What was being filled in when that question came over it; a no goes back to it.
    pub beneath: Option<Dialog>,
    /// When that question began to stand, until there was time to read it.
    pub asked_ms: Option<u64>,
    /// When an Enter last came that was no answer to it.
    pub entered_ms: Option<u64>,
    /// A key that is obeyed once it is clear that no scan begins with it, and when it came.
    pub held: Option<(Command, u64)>,
    /// The batch that the station was last asked to open, until it is open: where it refuses, nobody types it again.
    pub draft: Option<NewBatch>,
    /// What is being typed or scanned.
    pub scanner: Scanner,
    /// Whether the station can print labels.
    pub has_printer: bool,
    /// The lanes.
    pub lanes: Lanes,
    /// The batches, the one in work among them.
    pub batches: Batches,
    /// What somebody must look at.
    pub alarms: Alarms,
    /// The board that was looked up.
    pub device: Device,
    /// What happened.
    pub log: Log,
    /// The last word of the station to a person, and until when it stands.
    pub notice: Option<Notice>,
    /// Whether HSM and ledger are well.
    pub health: Health,
    /// When it was told last that somebody touches keys.
    pub present_ms: u64,
    /// Whether the program is on its way out.
    pub leaving: Leaving,
    /// When a key wished for that last.
    pub leave_key_ms: u64,
}

/// Whether the program is on its way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaving {
    /// It is not.
    #[default]
    Stays,
    /// Once boards in work are in a safe state.
    Safely,
    /// It waits for no board any more.
    AtOnce,
}

/// A word to the person at the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// It.
    pub said: Said,
    /// Whether something went wrong.
    pub bad: bool,
    /// When it goes away.
    pub until_ms: u64,
}

/// Whether HSM and ledger are well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The HSM.
    pub hsm: bool,
    /// The ledger.
    pub ledger: bool,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            hsm: true,
            ledger: true,
        }
    }
}

impl State {
    /// Whether a label that is scanned now would be a board's: whoever scans it is who began the line.
    #[must_use]
    pub fn gives_labels(&self) -> bool {
        let head = self.batches.head.as_ref();
        let person = self.sign_in.person();
        head.zip(person)
            .is_some_and(|(head, person)| head.begun_by == person.operator)
    }

    /// Whether a scan would be taken now.
    #[must_use]
    pub fn is_ready_for_scan(&self) -> bool {
        let has_mind = self.sign_in != SignIn::Checking && self.asked_ms.is_none();
        self.scanner.is_ready() && has_mind && !self.is_leave_key_down()
    }

    /// Whether the program is on its way out, and the key that had it go may still be held down.
    #[must_use]
    pub fn is_leave_key_down(&self) -> bool {
        let since_ms = self.monotonic_ms.saturating_sub(self.leave_key_ms);
        self.is_leaving() && since_ms < REPEAT_MS
    }

    /// Whether a question stands for so short a time that an Enter is no answer to it.
    #[must_use]
    pub fn is_asked_just_now(&self) -> bool {
        let since = |at| self.monotonic_ms.saturating_sub(at);
        let recent = |at: u64| since(at) < READ_MS;
        let entered = self.entered_ms.is_some_and(recent);
        self.asked_ms.is_some_and(|at| entered || recent(at))
    }

    /// Whether the program is on its way out.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving != Leaving::Stays
    }

    /// Whether the last row shows what is being typed.
    #[must_use]
    pub fn shows_entry(&self) -> bool {
        let in_dialog = self.dialog.is_some() || self.sign_in.person().is_none();
        // That something is too long is told where it stands.
        let told = self.scanner.over().is_some() && self.notice.is_some();
        !in_dialog && self.scanner.is_typing() && !told
    }

    /// Whether the batch of the line takes no board until somebody has cleared its hold: as the alarms say, which
    /// follow the ledger whether a line works or not.
    #[must_use]
    pub fn batch_is_held(&self) -> bool {
        let batch = self.batches.head.as_ref().map(|head| &head.batch);
        let holds = |alarm: &Alarm| match (&alarm.about, batch) {
            (About::Batch(held), Some(batch)) => held == batch && !alarm.acknowledged,
            _ => false,
        };
        self.alarms.list.iter().any(holds)
    }

    /// Whether the last row shows the keys.
    #[must_use]
    pub fn shows_hints(&self) -> bool {
        !self.shows_entry() && self.notice.is_none() && !self.is_leaving()
    }

    /// Says something to the person at the terminal, and keeps it in the log.
    pub fn say(&mut self, said: Said, bad: bool) {
        self.log.add(self.utc_ms, bad, said.clone());
        self.tell(said, bad);
    }

    /// Takes away what stands there, where it is that: it is true no longer. The log keeps it.
    pub fn unsay(&mut self, is_over: impl FnOnce(&Said) -> bool) {
        self.notice.take_if(|notice| is_over(&notice.said));
    }

    /// Says something that is worth nothing later.
    pub fn tell(&mut self, said: Said, bad: bool) {
        self.notice = Some(Notice {
            said,
            bad,
            until_ms: self.monotonic_ms.saturating_add(NOTICE_MS),
        });
    }
}

//! That whoever counts a batch's failed boards counts the same ones: its list, its view and the screen.

use super::*;
use crate::cli::run::batch_rows;
use crate::ledger::EventStore as _;
use crate::ledger::LedgerHandle;
use crate::ledger::event::{Event, Fact, RevocationReason};
use crate::ledger::fixture::{board, events, new_ledger_at, opening};
use crate::ledger::standing::Durability;
use crate::station_home::home_with_operators;
use crate::verdict::VerdictCode::{self, *};

/// The batch that is counted, and one before it.
const B: &str = "B-1";
const BEFORE: &str = "B-0";

/// A home with a ledger.
struct Books {
    folder: tempfile::TempDir,
    ledger: LedgerHandle,
    sessions: u8,
}

/// A UID beside a verdict, by the board's number: the one that was proven, and the one that was claimed.
type Named = (Option<u8>, Option<u8>);

fn verdict(code: VerdictCode, (proven, claimed): Named) -> Fact {
    let uid_of = |number: Option<u8>| number.map(|number| board(number.into()).uid);
    let mut fact = board(0).verdict_without_certificate(code);
    if let Fact::VerdictReached {
        uid, claimed_uid, ..
    } = &mut fact
    {
        (*uid, *claimed_uid) = (uid_of(proven), uid_of(claimed));
    }
    fact
}

fn opened(number: u8) -> Fact {
    board(number.into()).session_opened()
}

fn appraised(number: u8) -> Fact {
    board(number.into()).appraised(number)
}

impl Books {
    fn new() -> Self {
        let folder = home_with_operators(&[]);
        let ledger = new_ledger_at(&folder.path().join("ledger.sqlite"));
        for name in [BEFORE, B] {
            ledger.open_batch(opening(name, 20)).unwrap();
        }
        Self {
            folder,
            ledger,
            sessions: 0,
        }
    }

    fn record(&self, events: Vec<Event>) {
        self.ledger
            .record(events, Durability::Checkpointed)
            .unwrap();
    }

    /// A session in which that happens; its name.
    fn session(&mut self, batch: &str, facts: impl IntoIterator<Item = Fact>) -> u8 {
        self.sessions += 1;
        self.goes_on(self.sessions, batch, facts);
        self.sessions
    }

    /// More happens in the session of that name.
    fn goes_on(&self, name: u8, batch: &str, facts: impl IntoIterator<Item = Fact>) {
        let named = |event| Event {
            session: Some(Hex(vec![name; 16])),
            ..event
        };
        self.record(events(batch, facts).into_iter().map(named).collect());
    }

    fn pass(&mut self, batch: &str, number: u8) {
        self.session(batch, board(number.into()).whole_way_showing(number));
    }

    /// One that claims a UID, proves it, and comes to that.
    fn proves(&mut self, batch: &str, number: u8, code: VerdictCode) {
        let named = (Some(number), Some(number));
        let facts = [opened(number), appraised(number), verdict(code, named)];
        self.session(batch, facts);
    }

    /// One that claims a UID, proves nothing, and comes to that.
    fn claims(&mut self, batch: &str, number: u8, code: VerdictCode) {
        self.session(batch, [opened(number), verdict(code, (None, Some(number)))]);
    }

    /// One that claims a UID, proves that of the board with the next number, and comes to that.
    fn claims_one_and_proves_the_next(&mut self, batch: &str, number: u8, verdict: Fact) {
        self.session(batch, [opened(number), appraised(number + 1), verdict]);
    }

    fn revokes(&mut self, batch: &str, number: u8) {
        let reason = RevocationReason::CessationOfOperation;
        self.session(batch, [board(number.into()).revoked(reason)]);
    }

    /// What the list, the batch's own view and the screen say of the batch.
    fn counted(&self) -> [u64; 3] {
        let home = StationHome::open(self.folder.path()).unwrap();
        let listed = batch_view::all(&home).unwrap();
        let mut listed = listed.into_iter();
        let (listed, failed) = listed.find(|(one, _)| one.batch.as_str() == B).unwrap();
        let shown = details(&home, &listed.batch).unwrap();
        let listed = BatchView::new(listed, failed);
        assert_eq!(shown.view.failed, shown.counts.failed);
        let rows = batch_rows(&home).unwrap();
        let row = rows.iter().find(|row| row.batch == B).unwrap();
        [listed.failed, shown.counts.failed, row.failed]
    }
}

/// What it is about, how many boards failed, and what happens.
type Case = (&'static str, u64, fn(&mut Books));

/// Each of these comes to a batch of its own, since one that is counted too often hides one that is left out.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of boards")]
fn the_list_the_view_and_the_screen_count_the_same_failed_boards() {
    let cases: &[Case] = &[
        ("failed before it proved a UID", 1, |books| {
            books.claims(B, 1, LinkLost);
        }),
        ("turned away before its session was opened", 1, |books| {
            books.session(B, [verdict(ProductMismatch, (None, Some(1)))]);
        }),
        ("failed once", 1, |books| books.proves(B, 1, HwLimit)),
        ("failed twice, once without proving a UID", 1, |books| {
            books.proves(B, 1, HwLimit);
            books.claims(B, 1, LinkLost);
        }),
        ("failed, then passed", 0, |books| {
            books.claims(B, 1, LinkLost);
            books.proves(B, 1, HwLimit);
            books.pass(B, 1);
        }),
        ("the station was at fault", 0, |books| {
            books.claims(B, 1, StationHsm);
            books.proves(B, 2, StationHsm);
        }),
        ("failed, and at last the station was at fault", 0, |books| {
            books.proves(B, 1, HwLimit);
            books.proves(B, 1, StationHsm);
        }),
        ("provisioned in another batch", 0, |books| {
            books.pass(BEFORE, 1);
            books.proves(B, 1, AlreadyProvisioned);
        }),
        ("failed in another batch", 0, |books| {
            books.proves(BEFORE, 1, HwLimit);
            books.proves(B, 2, StationHsm);
        }),
        ("passed, and an impostor claims its UID", 0, |books| {
            books.pass(B, 1);
            books.claims(B, 1, AttSignature);
        }),
        (
            "an impostor beside whose code no UID is proven",
            1,
            |books| {
                let named = (Some(1), Some(2));
                books.session(B, [opened(2), verdict(AttSignature, named)]);
                books.proves(B, 1, StationHsm);
            },
        ),
        ("claims one UID and proves another", 1, |books| {
            books.claims_one_and_proves_the_next(B, 1, verdict(AttUid, (Some(2), Some(1))));
            books.proves(B, 2, HwLimit);
        }),
        ("proved a UID that its verdict does not name", 1, |books| {
            books.claims_one_and_proves_the_next(B, 1, verdict(LinkLost, (None, Some(1))));
            books.proves(B, 2, FwVersion);
        }),
        (
            "what it proved counts before what it claimed later",
            0,
            |books| {
                books.proves(B, 1, StationHsm);
                books.claims(B, 1, LinkLost);
            },
        ),
        (
            "what an old record claims in its opening alone",
            1,
            |books| {
                books.session(B, [opened(1), verdict(LinkLost, (None, None))]);
            },
        ),
        (
            "what was proven by evidence alone counts first",
            0,
            |books| {
                let code = verdict(Aborted, (None, Some(1)));
                books.session(B, [opened(1), appraised(1), code]);
                books.claims(B, 1, LinkLost);
            },
        ),
        ("proven without an opening", 0, |books| {
            books.session(B, [appraised(1), verdict(Aborted, (Some(1), None))]);
            books.claims(B, 1, LinkLost);
        }),
        ("passed, and was revoked", 1, |books| {
            books.pass(B, 1);
            books.revokes(B, 1);
        }),
        (
            "revoked before it was found to be another batch's",
            0,
            |books| {
                books.pass(BEFORE, 1);
                books.revokes(B, 1);
                books.proves(B, 1, AlreadyProvisioned);
            },
        ),
        ("the session that began last was over first", 1, |books| {
            let early = books.session(B, [opened(1), appraised(1)]);
            books.proves(B, 1, HwLimit);
            books.goes_on(early, B, [verdict(Aborted, (Some(1), Some(1)))]);
        }),
        (
            "interrupted, and one that never said who it is",
            0,
            |books| {
                books.session(B, [opened(1)]);
                books.session(B, [verdict(LinkNoise, (None, None))]);
            },
        ),
    ];
    for (what, failed, happens) in cases {
        let mut books = Books::new();
        happens(&mut books);
        assert_eq!(books.counted(), [*failed; 3], "{what}");
    }
    // And all of them, each with boards of its own, would be as many: here those of one ledger.
    let mut books = Books::new();
    books.pass(B, 1);
    for number in 2..6 {
        books.claims(B, number, LinkLost);
    }
    books.pass(B, 2);
    books.proves(B, 6, HwLimit);
    books.proves(BEFORE, 7, HwLimit);
    assert_eq!(books.counted(), [4; 3]);
}

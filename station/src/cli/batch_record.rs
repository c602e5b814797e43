//! What the ledger holds of a batch, as the manifest and the batch's own view need it: board by board, so
//! that a large batch is never whole in memory.

use std::collections::BTreeSet;
use std::path::Path;

use firmware_proto::Uid;

use super::failure::Failure;
use super::sessions_by_board::{BoardSessions, Brief, SessionNames, Sessions, SessionsByBoard};
use crate::encoding::Hex;
use crate::ledger::event::{Event, Fact};
use crate::ledger::leaf::Leaf;
use crate::ledger::reader::Kinds;
use crate::ledger::{LedgerError, Reader};
use crate::manifest::assemble::{BatchHead, LogProof, NotExportable, Operators};
use crate::manifest::board_rows::{self, Noted};
use crate::manifest::statement::{BoardRow, SessionRow};
use crate::names::BatchId;
use crate::words::RefusalReason;

/// The boards of a batch, by their sessions.
pub(crate) struct BatchBoards<'reader> {
    reader: &'reader Reader,
    head: BatchHead,
    /// The tree that entries outside the batch are proven in; none where nobody asks for proofs.
    size: Option<u64>,
    boards: SessionsByBoard,
    /// Scrappings in the batch.
    scrapped: Vec<Noted>,
    /// Sessions in which nobody said who it is.
    pub(crate) unidentified_sessions: u64,
}

impl<'reader> BatchBoards<'reader> {
    /// Finds the boards of a batch, open or closed.
    pub(crate) fn of(reader: &'reader Reader, batch: &BatchId) -> Result<Self, Failure> {
        let nothing = LogProof::none();
        Self::read(reader, batch, (nothing, None), false, &std::env::temp_dir())
    }

    /// The same for a manifest: the batch must be closed, under a checkpoint. What does not fit into memory waits
    /// in that folder.
    pub(crate) fn to_export(
        reader: &'reader Reader,
        batch: &BatchId,
        with_measurements: bool,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let known = reader.batch(batch)?.ok_or_else(|| unknown(batch))?;
        let closed_at = known
            .closed_at
            .ok_or_else(|| not_exportable(&NotExportable::StillOpen(batch.clone())))?;
        let checkpoint = reader
            .latest_checkpoint()?
            .filter(|note| note.size > closed_at);
        let checkpoint = checkpoint.ok_or_else(|| {
            let why = "no checkpoint covers the batch's closing yet";
            Failure::station("the manifest cannot be made", why, "give the command again")
        })?;
        let opening = reader.opening()?;
        let proof = LogProof {
            origin: opening.key.name().to_owned(),
            vkey: opening.key.to_string(),
            checkpoint: checkpoint.note,
            ..LogProof::none()
        };
        let mut boards = Self::read(
            reader,
            batch,
            (proof, Some(checkpoint.size)),
            with_measurements,
            folder,
        )?;
        let mut accepted = std::mem::take(&mut boards.head.clock_accepted);
        for noted in &mut accepted {
            noted.proof = boards.proof_of(noted.index)?;
        }
        boards.head.clock_accepted = accepted;
        let (first, end) = (boards.head.opening.index, closed_at + 1);
        let range = reader.range_proof(first..end, checkpoint.size)?;
        boards.head.proof.range = range.unwrap_or_default();
        Ok(boards)
    }

    fn read(
        reader: &'reader Reader,
        batch: &BatchId,
        (proof, size): (LogProof, Option<u64>),
        with_measurements: bool,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let mut own = reader.kinds_of_batch(Kinds::OfBatch, batch).map(noted);
        let opening = own.next().ok_or_else(|| unknown(batch))??;
        let mut operators = Operators::default();
        operators.add(&opening.event.fact);
        let (mut terms, mut last) = (None, opening.clone());
        let (mut holds_cleared, mut scrapped) = (Vec::new(), Vec::new());
        for noted in own {
            let noted = noted?;
            operators.add(&noted.event.fact);
            match &noted.event.fact {
                Fact::BatchTermsRecorded(_) => terms = Some(noted.clone()),
                Fact::BatchHoldCleared { .. } => holds_cleared.push(noted.clone()),
                Fact::BoardScrapped(_) => scrapped.push(noted.clone()),
                _ => {}
            }
            last = noted;
        }
        let station = reader.opening()?;
        let mut head = BatchHead {
            batch: batch.clone(),
            station: station.station,
            development: station.development,
            opening,
            terms,
            last,
            operators,
            clock_accepted: Vec::new(),
            holds_cleared,
            scrapped_apart: Vec::new(),
            cleared: Vec::new(),
            proof,
            with_measurements,
        };
        by_people(reader, &mut head)?;
        let boards = find_sessions(reader, &mut head, folder)?;
        Ok(Self {
            reader,
            head,
            size,
            unidentified_sessions: boards.unidentified(),
            boards,
            scrapped,
        })
    }

    /// What a manifest says of the batch besides its boards.
    pub(crate) fn head(&self) -> &BatchHead {
        &self.head
    }

    /// Gives the sessions that belong to no board, in the ledger's order.
    pub(crate) fn each_unidentified(
        &mut self,
        mut take: impl FnMut(SessionRow) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let frame = self.head.frame();
        while let Some(nobodys) = self.boards.next_unidentified()? {
            let events = self.of_sessions(&nobodys)?;
            for session in board_rows::unidentified(&frame, &events) {
                take(session)?;
            }
        }
        Ok(())
    }

    /// Makes the rows, one after another by UID. The head then has the scrappings of boards that have no row.
    pub(crate) fn each(
        mut self,
        mut take: impl FnMut(BoardRow) -> Result<(), Failure>,
    ) -> Result<BatchHead, Failure> {
        let frame = self.head.frame();
        let uid = |one: &Noted| one.event.fact.uid().cloned();
        let mut without_row: BTreeSet<Uid> = self.scrapped.iter().filter_map(uid).collect();
        while let Some(board) = self.boards.next_board()? {
            let events = self.events(&board)?;
            let row = board_rows::row(&frame, &board.uid, &events);
            let nothing = || not_exportable(&NotExportable::NoSession(board.uid.clone()));
            without_row.remove(&board.uid);
            take(row.ok_or_else(nothing)?)?;
        }
        let apart = |one: &Noted| uid(one).is_some_and(|uid| without_row.contains(&uid));
        self.head.scrapped_apart = self.scrapped.into_iter().filter(apart).collect();
        Ok(self.head)
    }

    /// Everything that a board's row is made of, in the ledger's order.
    fn events(&self, board: &BoardSessions) -> Result<Vec<Noted>, Failure> {
        let mut events = self.of_sessions(&board.sessions)?;
        for leaf in self.reader.kinds_of_board(Kinds::OfBoard, &board.uid) {
            let mut noted = noted(leaf)?;
            noted.proof = self.proof_of(noted.index)?;
            events.push(noted);
        }
        events.sort_by_key(|noted| noted.index);
        Ok(events)
    }

    /// All that happened in these sessions, in no order.
    fn of_sessions(&self, sessions: &SessionNames) -> Result<Vec<Noted>, Failure> {
        let kinds = if self.head.with_measurements {
            Kinds::OfSessionMeasured
        } else {
            Kinds::OfSession
        };
        let mut events = Vec::new();
        for name in &sessions.names {
            for leaf in self.reader.kinds_of_session(kinds, name) {
                events.push(noted(leaf)?);
            }
        }
        for index in &sessions.apart {
            let leaf = self.reader.entry(*index)?.leaf.encode().map_err(damaged)?;
            events.push(noted(Ok((*index, leaf)))?);
        }
        Ok(events)
    }

    /// The proof of what is not in the batch's range.
    fn proof_of(&self, index: u64) -> Result<Option<Vec<Hex>>, Failure> {
        let within = self.head.opening.index..=self.head.last.index;
        let Some(size) = self.size.filter(|_| !within.contains(&index)) else {
            return Ok(None);
        };
        let path = self.reader.inclusion(index, size)?;
        Ok(path.map(|path| path.into_iter().map(Hex::from).collect()))
    }
}

/// Whose each session is, and who worked.
fn find_sessions(
    reader: &Reader,
    head: &mut BatchHead,
    folder: &Path,
) -> Result<SessionsByBoard, Failure> {
    let mut sessions = Sessions::new(folder);
    for leaf in reader.kinds_of_batch(Kinds::Sessions, &head.batch) {
        let (index, bytes) = leaf?;
        let brief: Brief = serde_json::from_slice(&bytes).map_err(damaged)?;
        if let Some(actor) = &brief.actor {
            head.operators.insert(actor);
        }
        sessions.add(index, &brief)?;
    }
    sessions.sorted(folder)
}

/// What people did since the batch was opened, whatever batch it was for: holds that were cleared, clocks
/// that were accepted.
fn by_people(reader: &Reader, head: &mut BatchHead) -> Result<(), Failure> {
    for leaf in reader.events_of_kinds(Kinds::ByPeople, head.opening.index) {
        let noted = noted(leaf)?;
        match &noted.event.fact {
            Fact::HoldCleared { lane, .. } => head.cleared.push((lane.clone(), noted.index)),
            Fact::ClockAccepted { .. } => head.clock_accepted.push(noted),
            _ => {}
        }
    }
    Ok(())
}

/// There is no such batch.
pub(crate) fn unknown(batch: &BatchId) -> Failure {
    Failure::usage(
        format_args!("there is no batch {batch}"),
        "none of that name was ever opened on this station",
        "see station batch list",
    )
    .because(RefusalReason::BatchUnknown)
}

/// There is no manifest of that batch.
pub(crate) fn not_exportable(reason: &NotExportable) -> Failure {
    let text = reason.to_string();
    let (why, to_do) = text
        .split_once("; ")
        .unwrap_or((&text, "see station batch show"));
    match reason {
        NotExportable::NoSession(_) | NotExportable::SecondUid { .. } => {
            Failure::station("the manifest cannot be made", why, to_do)
        }
        NotExportable::Unknown(_) | NotExportable::StillOpen(_) => {
            Failure::usage("the manifest cannot be made", why, to_do)
        }
    }
}

/// Reads one leaf.
pub(crate) fn event(leaf: Result<(u64, Vec<u8>), LedgerError>) -> Result<(u64, Event), Failure> {
    let (index, bytes) = leaf?;
    let leaf = Leaf::decode(&bytes).map_err(damaged)?;
    Ok((index, leaf.into_event()))
}

/// The same, with its text.
fn noted(leaf: Result<(u64, Vec<u8>), LedgerError>) -> Result<Noted, Failure> {
    let (index, bytes) = leaf?;
    let event = Leaf::decode(&bytes).map_err(damaged)?.into_event();
    Ok(Noted {
        index,
        leaf: String::from_utf8(bytes).map_err(damaged)?,
        proof: None,
        event,
    })
}

pub(super) fn damaged(error: impl std::fmt::Display) -> Failure {
    Failure::station("cannot read the ledger", error, "run station ledger verify")
}

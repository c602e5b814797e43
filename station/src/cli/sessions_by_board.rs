//! The sessions of a batch, each with the board that it belongs to: sorted in files, since a batch has as many as
//! boards and more, and the events of one do not follow each other.

use std::path::Path;

use firmware_proto::Uid;
use serde::{Deserialize, Serialize};

use super::batch_record::{damaged, not_exportable};
use super::failure::Failure;
use super::manifest_export::no_room;
use crate::encoding::Hex;
use crate::ledger::event::Actor;
use crate::manifest::assemble::NotExportable;
use crate::manifest::board_rows::SessionUid;
use crate::manifest::sorting::Sorter;
use crate::manifest::spool::Spool;
use crate::verdict::VerdictCode;

/// As much of a leaf as says whose session it is, and who worked.
#[derive(Serialize, Deserialize)]
pub(super) struct Brief {
    kind: String,
    #[serde(default, skip_serializing)]
    session: Option<Hex>,
    #[serde(default)]
    uid: Option<Uid>,
    #[serde(default)]
    claimed_uid: Option<Uid>,
    #[serde(default)]
    code: Option<VerdictCode>,
    #[serde(default, skip_serializing)]
    pub(super) actor: Option<Actor>,
}

impl Brief {
    fn tell(&self, whose: &mut SessionUid) {
        let (uid, claimed) = (self.uid.as_ref(), self.claimed_uid.as_ref());
        match (self.kind.as_str(), claimed, self.code) {
            ("session-opened", Some(claimed), _) => whose.opened(claimed),
            ("evidence-appraised", _, Some(code)) => drop(whose.appraised(code, uid)),
            ("verdict-reached", _, Some(code)) => whose.judged(code, uid, claimed),
            _ => {}
        }
    }
}

/// Events of sessions on their way to their boards.
pub(super) struct Sessions {
    /// What the events say, by session and index.
    by_session: Sorter,
    by_board: Sorter,
    /// Those in which nobody said who it is.
    unidentified: Sorter,
}

/// Where the events of sessions are.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SessionNames {
    /// Of sessions with a name.
    pub(super) names: Vec<Hex>,
    /// Verdicts of no session, by index.
    pub(super) apart: Vec<u64>,
}

impl SessionNames {
    /// Adds a session that has that name; or a verdict without one, at that index.
    fn add(&mut self, name: &[u8], index: u64) {
        if name.is_empty() {
            self.apart.push(index);
        } else {
            self.names.push(Hex(name.to_vec()));
        }
    }
}

/// Where the events of one board are.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct BoardSessions {
    pub(super) uid: Uid,
    pub(super) sessions: SessionNames,
}

/// The boards, in the order in which their first sessions ended: what lies side by side in the ledger is read at once.
pub(super) struct SessionsByBoard {
    spool: Spool,
    unidentified: Spool,
}

/// Bytes of an index.
const INDEX_BYTES: usize = size_of::<u64>();

impl Sessions {
    /// None yet; files will be in that folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            by_session: Sorter::new(folder),
            by_board: Sorter::new(folder),
            unidentified: Sorter::new(folder),
        }
    }

    /// Adds an event.
    pub(super) fn add(&mut self, index: u64, brief: &Brief) -> Result<(), Failure> {
        if let Some(name) = &brief.session {
            let told = serde_json::to_vec(brief).map_err(damaged)?;
            let record = keyed(&name.0, index, &told)?;
            return self.by_session.push(&record).map_err(no_room);
        }
        let mut whose = SessionUid::default();
        brief.tell(&mut whose);
        self.keep(&whose, index, &[])
    }

    /// Keeps a session that ended there, or a verdict of none: it has no name.
    fn keep(&mut self, whose: &SessionUid, index: u64, name: &[u8]) -> Result<(), Failure> {
        let kept = if let Some(uid) = whose.uid() {
            self.by_board.push(&keyed(uid.as_bytes(), index, name)?)
        } else {
            let record = [&index.to_be_bytes()[..], name].concat();
            self.unidentified.push(&record)
        };
        kept.map_err(no_room)
    }

    /// All have come.
    pub(super) fn sorted(mut self, folder: &Path) -> Result<SessionsByBoard, Failure> {
        let by_session = std::mem::replace(&mut self.by_session, Sorter::new(folder));
        let mut whose = SessionUid::default();
        groups(by_session, |name, index, told, is_last| {
            let brief: Brief = serde_json::from_slice(told).map_err(damaged)?;
            brief.tell(&mut whose);
            if whose.is_contradicted() {
                let session = Hex(name.to_vec());
                return Err(not_exportable(&NotExportable::SecondUid { session, index }));
            }
            if is_last {
                self.keep(&std::mem::take(&mut whose), index, name)?;
            }
            Ok(())
        })?;
        let mut by_first_event = Sorter::new(folder);
        let mut board = None;
        groups(self.by_board, |uid, first, name, is_last| {
            let (_, board_so_far) = board.get_or_insert((
                first,
                BoardSessions {
                    uid: Uid::from_bytes(uid).map_err(damaged)?,
                    sessions: SessionNames::default(),
                },
            ));
            board_so_far.sessions.add(name, first);
            if is_last && let Some((first, board)) = board.take() {
                let board = serde_json::to_vec(&board).map_err(damaged)?;
                let record = [&first.to_be_bytes()[..], &board].concat();
                by_first_event.push(&record).map_err(no_room)?;
            }
            Ok(())
        })?;
        Ok(SessionsByBoard {
            spool: by_first_event.sorted().map_err(no_room)?,
            unidentified: self.unidentified.sorted().map_err(no_room)?,
        })
    }
}

impl SessionsByBoard {
    /// How many sessions there are in which nobody said who it is.
    pub(super) fn unidentified(&self) -> u64 {
        self.unidentified.len()
    }

    /// The next session in which nobody said who it is, in the order in which they ended.
    pub(super) fn next_unidentified(&mut self) -> Result<Option<SessionNames>, Failure> {
        let mut record = Vec::new();
        if !self.unidentified.next(&mut record).map_err(no_room)? {
            return Ok(None);
        }
        let (index, name) = record
            .split_first_chunk()
            .unwrap_or((&[0; INDEX_BYTES], &[]));
        let mut session = SessionNames::default();
        session.add(name, u64::from_be_bytes(*index));
        Ok(Some(session))
    }

    /// The next board.
    pub(super) fn next_board(&mut self) -> Result<Option<BoardSessions>, Failure> {
        let mut record = Vec::new();
        if !self.spool.next(&mut record).map_err(no_room)? {
            return Ok(None);
        }
        let board = record.get(INDEX_BYTES..).unwrap_or_default();
        serde_json::from_slice(board).map(Some).map_err(damaged)
    }
}

/// Gives the records one after another by key and index: the key, the index, the rest, and whether it is the key's
/// last.
fn groups(
    records: Sorter,
    mut take: impl FnMut(&[u8], u64, &[u8], bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut records = records.sorted().map_err(no_room)?;
    let (mut record, mut next) = (Vec::new(), Vec::new());
    let mut any = records.next(&mut record).map_err(no_room)?;
    while any {
        any = records.next(&mut next).map_err(no_room)?;
        let (key, index, rest) = unkeyed(&record);
        let is_last = !any || unkeyed(&next).0 != key;
        take(key, index, rest, is_last)?;
        std::mem::swap(&mut record, &mut next);
    }
    Ok(())
}

/// A record that is sorted by a key of any length, then by index.
fn keyed(key: &[u8], index: u64, rest: &[u8]) -> Result<Vec<u8>, Failure> {
    let length = u16::try_from(key.len()).map_err(damaged)?;
    Ok([&length.to_be_bytes(), key, &index.to_be_bytes(), rest].concat())
}

/// Its key, its index and the rest.
fn unkeyed(record: &[u8]) -> (&[u8], u64, &[u8]) {
    let (length, rest) = record.split_first_chunk().unwrap_or((&[0; 2], &[]));
    let length = usize::from(u16::from_be_bytes(*length));
    let (key, rest) = rest.split_at_checked(length).unwrap_or_default();
    let (index, rest) = rest
        .split_first_chunk::<INDEX_BYTES>()
        .unwrap_or((&[0; INDEX_BYTES], &[]));
    (key, u64::from_be_bytes(*index), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(number: u8) -> Uid {
        Uid::from_bytes(&[number; 8]).unwrap()
    }

    fn brief(text: &str) -> Brief {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn events_of_sessions_that_overlap_go_to_their_boards() {
        let folder = std::env::temp_dir();
        let mut sessions = Sessions::new(&folder);
        let (one, two) = (uid(1), uid(2));
        // Session bb claims the first board and proves to be the second.
        let events = [
            format!(r#"{{"kind":"session-opened","session":"bb","claimed_uid":"{one}"}}"#),
            format!(r#"{{"kind":"session-opened","session":"aa","claimed_uid":"{one}"}}"#),
            format!(
                r#"{{"kind":"evidence-appraised","session":"bb","code":"PASS","uid":"{two}"}}"#
            ),
            r#"{"kind":"verdict-reached","session":"aa","code":"LINK-LOST"}"#.to_owned(),
            format!(r#"{{"kind":"verdict-reached","code":"LINK-LOST","claimed_uid":"{two}"}}"#),
            r#"{"kind":"verdict-reached","code":"LINK-LOST"}"#.to_owned(),
            r#"{"kind":"verdict-reached","session":"cc","code":"LINK-LOST"}"#.to_owned(),
        ];
        for (index, event) in (10..).zip(&events) {
            sessions.add(index, &brief(event)).unwrap();
        }
        let mut boards = sessions.sorted(&folder).unwrap();
        assert_eq!(boards.unidentified(), 2);
        let nobodys = [(); 3].map(|()| boards.next_unidentified().unwrap());
        let names = |names: &[u8], apart: &[u64]| SessionNames {
            names: names.iter().map(|name| Hex(vec![*name])).collect(),
            apart: apart.to_vec(),
        };
        assert_eq!(
            nobodys,
            [Some(names(&[], &[15])), Some(names(&[0xcc], &[])), None]
        );
        // The second board's session was over first.
        let found = [(); 3].map(|()| boards.next_board().unwrap());
        let board = |uid: &Uid, name: u8, apart: &[u64]| BoardSessions {
            uid: uid.clone(),
            sessions: names(&[name], apart),
        };
        assert_eq!(
            found,
            [
                Some(board(&two, 0xbb, &[14])),
                Some(board(&one, 0xaa, &[])),
                None
            ]
        );
    }

    #[test]
    fn a_session_that_proves_two_uids_is_nobody_s() {
        let folder = std::env::temp_dir();
        let (one, two) = (uid(1), uid(2));
        let mut sessions = Sessions::new(&folder);
        for (index, uid) in [(10, &one), (11, &one), (12, &two), (13, &one)] {
            let event = format!(
                r#"{{"kind":"evidence-appraised","session":"bb","code":"PASS","uid":"{uid}"}}"#
            );
            sessions.add(index, &brief(&event)).unwrap();
        }
        let refused = sessions.sorted(&folder).map(drop).unwrap_err().to_string();
        assert!(
            refused.contains("session bb proves a second UID in the ledger's entry 12"),
            "{refused}"
        );
    }
}

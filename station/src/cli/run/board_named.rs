//! Which board a person means who looks one up: by what they typed, or by a label that holds more than one name.

use std::collections::BTreeMap;

use firmware_proto::Uid;

use crate::cli::device;
use crate::cli::failure::Failure;
use crate::ledger::Reader;
use crate::ledger::reader::DeviceOverview;

/// Boards by their UID.
type Boards = BTreeMap<Uid, DeviceOverview>;

/// The one board that is meant; none where the ledger knows none, or more than one is named.
///
/// 1. The code as it is: a serial or a UID.
/// 2. The same all in capitals, or all in small letters, where one board alone has that.
/// 3. Its parts: a label may hold UID and serial, and more that names no board. Parts that name two boards name none:
///    the label is another board's, or of neither.
pub(super) fn meant(reader: &Reader, code: &str) -> Result<Option<DeviceOverview>, Failure> {
    let whole = named(reader, code)?;
    if !whole.is_empty() {
        return Ok(the_only(whole));
    }
    let parts: Vec<&str> = code
        .split(separates)
        .filter(|part| !part.is_empty())
        .collect();
    let mut boards = Boards::new();
    for part in &parts {
        boards.extend(named(reader, part)?);
    }
    let found = the_only(boards);
    Ok(found.filter(|found| !parts.iter().any(|part| is_other_uid(part, &found.uid))))
}

/// Whether the character stands in no UID and in no serial.
fn separates(character: char) -> bool {
    !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_' | '.')
}

fn named(reader: &Reader, text: &str) -> Result<Boards, Failure> {
    let by_uid = |found: DeviceOverview| (found.uid.clone(), found);
    if let Some(found) = device::known(reader, text)? {
        return Ok(Boards::from([by_uid(found)]));
    }
    let mut boards = Boards::new();
    for other in [text.to_ascii_uppercase(), text.to_ascii_lowercase()] {
        boards.extend(device::known(reader, &other)?.map(by_uid));
    }
    Ok(boards)
}

fn the_only(mut boards: Boards) -> Option<DeviceOverview> {
    let first = boards.pop_first();
    first.filter(|_| boards.is_empty()).map(|(_, found)| found)
}

/// Whether it is a UID as long as the board's, and another one: known to the ledger or not.
fn is_other_uid(part: &str, of_board: &Uid) -> bool {
    uid(part)
        .is_some_and(|uid| uid.as_bytes().len() == of_board.as_bytes().len() && uid != *of_board)
}

/// The UID that the text is, in capitals or small letters; none where it is none.
pub(super) fn uid(text: &str) -> Option<Uid> {
    serde_json::from_value(text.to_ascii_uppercase().into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::{Event, session_name};
    use crate::ledger::fixture::{board, event, new_ledger_at, opening};
    use crate::ledger::standing::Durability;

    /// Which board is found by each code, in a ledger with the boards 1 and 2.
    fn found(codes: &[&str]) -> Vec<Option<Uid>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let store = new_ledger_at(&path);
        store.open_batch(opening("B-1", 4)).unwrap();
        for number in [1, 2_u8] {
            let session = firmware_proto::SessionId::from_bytes([number; 16]);
            let of_session = |fact| Event {
                session: Some(session_name(session)),
                ..event("B-1", fact)
            };
            let facts = board(number.into()).whole_way_showing(number).into_iter();
            let events = facts.map(of_session).collect();
            store.record(events, Durability::Durable).unwrap();
        }
        let reader = Reader::open(&path).unwrap();
        let uid_of = |code: &&str| meant(&reader, code).unwrap().map(|found| found.uid);
        codes.iter().map(uid_of).collect()
    }

    fn uid(number: u32) -> Uid {
        board(number).uid
    }

    #[test]
    fn a_board_is_found_by_what_its_label_holds() {
        let codes = [
            "SA-000001".to_owned(),
            uid(1).to_string(),
            format!("{}/SA-000001", uid(1)),
            format!("SENSOR-A;SA-000001;{};B-1", uid(1)),
            format!("{}|SA-000001", uid(1).to_string().to_lowercase()),
            format!("SA-000001\u{1d}{}", uid(1)),
            "WO-1, SA-000001".to_owned(),
        ];
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        assert_eq!(found(&codes), vec![Some(uid(1)); codes.len()]);
    }

    #[test]
    fn a_label_that_names_two_boards_names_none() {
        let codes = [
            "SA-000001/SA-000002".to_owned(),
            format!("{}/SA-000002", uid(1)),
            // A board that the ledger does not know.
            format!("{}/SA-000002", uid(7)),
            "SA-000009/WO-1".to_owned(),
            "/".to_owned(),
            String::new(),
        ];
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        assert_eq!(found(&codes), vec![None; codes.len()]);
    }

    #[test]
    fn a_serial_in_small_letters_is_found() {
        let codes = ["sa-000002", "Sa-000002", "x/sa-000002"];
        assert_eq!(found(&codes), vec![Some(uid(2)); 3]);
    }
}

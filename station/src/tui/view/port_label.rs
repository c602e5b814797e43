//! What tells a lane's port from those of the other lanes, where there is no room for all of it.
//!
//! ```text
//! /dev/ttyUSB7                                          ttyUSB7, USB7 or 7
//! /dev/serial/by-path/pci-0000:00:14.0-usb-0:2.17:1.0   2.17 or 17
//! ```

use super::canvas::fit_end;
use crate::tui::geometry::columns;
use crate::tui::state::lanes::Lane;

/// What stands between the parts of a port's path.
const BETWEEN: [char; 3] = ['/', '-', ':'];

/// The part of each lane's port that the others do not begin or end with as well, in the order of the lanes.
pub(super) fn labels<'a>(lanes: &'a [Lane]) -> Vec<&'a str> {
    let ports = || lanes.iter().map(|lane| lane.port.as_str());
    let first = ports().next().unwrap_or_default();
    let begins = ports().fold(first, |common, port| {
        let same = |(a, b): &((usize, char), char)| a.1 == *b;
        let ends = common.char_indices().zip(port.chars()).take_while(same);
        let end = ends.last().map_or(0, |((at, c), _)| at + c.len_utf8());
        &common[..end]
    });
    let begins = begins.rfind(BETWEEN).map_or(0, |at| at + 1);
    let ends = ports().fold(first, |common, port| {
        let same = |(a, b): &((usize, char), char)| a.1 == *b;
        let begin = common.char_indices().rev().zip(port.chars().rev());
        let begin = begin.take_while(same).last();
        &common[begin.map_or(common.len(), |((at, _), _)| at)..]
    });
    let ends = ends.find(BETWEEN).map_or(0, |at| ends.len() - at);
    let own = |port: &str| begins < port.len().saturating_sub(ends);
    if !ports().all(own) {
        return ports().map(last_part).collect();
    }
    let label = |port: &'a str| &port[begins..port.len() - ends];
    ports().map(label).collect()
}

/// The name of a port's file.
fn last_part(port: &str) -> &str {
    port.rsplit('/').next().unwrap_or(port)
}

/// As much of a port as there is room for: all of it, the name of its file, or what tells it from the others.
pub(super) fn fitting(port: &str, label: &str, room: u16) -> String {
    let whole = [port, last_part(port)].into_iter();
    let mut whole = whole.filter(|port| columns(port) <= room);
    whole
        .next()
        .map_or_else(|| tail(label, room), str::to_owned)
}

/// As much of a label's end as there is room for, from where a number or a word begins if one does.
pub(super) fn tail(label: &str, room: u16) -> String {
    let kind = |c: char| match c {
        '0'..='9' => 0,
        _ if c.is_uppercase() => 1,
        _ if c.is_alphanumeric() => 2,
        _ => 3,
    };
    let mut before = None;
    for (at, c) in label.char_indices() {
        let begins = before.is_none_or(|before| kind(before) != kind(c) && kind(before) != 1)
            || kind(c) == 0 && before.is_some_and(|before| kind(before) != 0);
        before = Some(c);
        if begins && kind(c) < 3 && columns(&label[at..]) <= room {
            return label[at..].to_owned();
        }
    }
    fit_end(label, room)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lanes(ports: &[&str]) -> Vec<Lane> {
        let lane = |port: &&str| Lane {
            port: (*port).to_owned(),
            ..Lane::default()
        };
        ports.iter().map(lane).collect()
    }

    #[test]
    fn a_label_is_what_the_other_ports_do_not_share() {
        for (ports, wanted) in [
            (
                &["/dev/ttyUSB0", "/dev/ttyUSB10"][..],
                &["ttyUSB0", "ttyUSB10"][..],
            ),
            (
                &[
                    "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.1:1.0-port0",
                    "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.11:1.0-port0",
                ],
                &["2.1", "2.11"],
            ),
            (
                &["/tmp/line-7/lane-01", "/tmp/line-7/lane-02"],
                &["01", "02"],
            ),
            (&["/dev/ttyUSB0"], &["ttyUSB0"]),
            (&["/dev/ttyUSB0", "/dev/ttyUSB0"], &["ttyUSB0", "ttyUSB0"]),
            (&["COM3", "COM12"], &["COM3", "COM12"]),
            (&["/dev/a-b", "/dev/a-b-b"], &["a-b", "a-b-b"]),
            (&["", "/dev/ttyS0"], &["", "ttyS0"]),
        ] {
            assert_eq!(labels(&lanes(ports)), wanted, "{ports:?}");
        }
        assert_eq!(labels(&[]), Vec::<&str>::new());
    }

    #[test]
    fn a_tail_begins_where_a_word_or_a_number_does() {
        for (label, room, wanted) in [
            ("ttyUSB31", 8, "ttyUSB31"),
            ("ttyUSB31", 7, "USB31"),
            ("ttyUSB31", 3, "31"),
            ("1.4.3", 4, "4.3"),
            ("2.17", 3, "17"),
            ("Left", 3, "…ft"),
            ("123456", 4, "…456"),
        ] {
            assert_eq!(tail(label, room), wanted, "{label} in {room}");
        }
    }

    proptest! {
        #[test]
        fn any_ports_have_labels_that_are_part_of_them(
            ports in prop::collection::vec("[a-z0-9/:é-]{0,12}", 1..6), room in 0_u16..9,
        ) {
            let ports: Vec<_> = ports.iter().map(String::as_str).collect();
            let lanes = lanes(&ports);
            let labels = labels(&lanes);
            prop_assert_eq!(labels.len(), ports.len());
            for (label, port) in labels.iter().zip(&ports) {
                prop_assert!(port.contains(label), "{} of {}", label, port);
                prop_assert!(columns(&tail(label, room)) <= room);
            }
        }

        #[test]
        fn ports_that_differ_have_labels_that_differ(
            parts in prop::collection::hash_set("[a-z0-9.]{1,6}", 2..6),
            before in "/[a-z/:-]{0,6}", after in "([:-][a-z0-9]{0,4})?",
        ) {
            let ports: Vec<_> = parts.iter().map(|part| format!("{before}{part}{after}")).collect();
            let ports: Vec<_> = ports.iter().map(String::as_str).collect();
            let lanes = lanes(&ports);
            let labels: std::collections::HashSet<_> = labels(&lanes).into_iter().collect();
            prop_assert_eq!(labels.len(), ports.len());
        }
    }
}

//! A change on either side is seen.

use super::*;
use crate::experience::Experience;
use crate::report::{Ended, Presentation};

const CATALOGUE: &str = r#"
    schema = 1
    [[defect]]
    name = "old"
    expected = "FW-VERSION"
    fault = { kind = "firmware-version", component = "APP", version = "2.4.0" }
    [[defect]]
    name = "again"
    expected = "ALREADY-PROVISIONED"
    fault = { kind = "comes-back" }
    [[defect]]
    name = "clone"
    expected = "UID-REUSED"
    fault = { kind = "clone" }
    [[defect]]
    name = "babbler"
    expected = "LINK-NOISE"
    fault = { kind = "hostile", peer = "babbler" }
    [[defect]]
    name = "deaf"
    expected = "LINK-VERSION"
    fault = { kind = "other-version", version = 9 }
    [[defect]]
    name = "unplugged"
    expected = "PASS"
    fault = { kind = "port-vanishes", cuts = [{ step = "answer-measurements", phase = "after" }] }
    [[defect]]
    name = "silent"
    expected = "none"
    fault = { kind = "hostile", peer = "silent" }
"#;

fn board(uid: &str, defect: Option<&str>) -> ReportLine {
    let catalogue = Catalogue::parse("test", CATALOGUE).unwrap();
    let defect = defect.map(|name| {
        (
            name.to_owned(),
            vec![catalogue.defect(name).unwrap().fault.clone()],
        )
    });
    let is_provisioned = defect.as_ref().is_none_or(|(name, _)| name == "again");
    let is_heard = defect
        .as_ref()
        .is_none_or(|(name, _)| ["old", "again", "clone"].contains(&name.as_str()));
    let experience = Experience {
        identified: is_heard,
        locked: is_provisioned,
        lifecycle: if is_provisioned { 0x3000 } else { 0x2000 },
        certificate_serial: is_provisioned.then(|| "aa".to_owned()),
        ..Experience::default()
    };
    let presentation = Presentation {
        uid: uid.to_owned(),
        claimed_uid: uid.to_owned(),
        device: 0,
        lane: "lane0".to_owned(),
        seed: 7,
        defect,
        ended: Ended::Farewell,
        met: true,
        ms: 1,
        wire_faults: <_>::default(),
    };
    ReportLine::new(presentation, &experience)
}

fn said(uid: Option<&str>, verdict: &str, code: &str) -> StationLine {
    StationLine {
        uid: uid.map(str::to_owned),
        uid_proven: Some(true),
        lane: Some("lane0".to_owned()),
        verdict: verdict.to_owned(),
        code: code.to_owned(),
        certificate_serial: (verdict == "PASS").then(|| "aa".to_owned()),
    }
}

fn a_good_run() -> (Vec<StationLine>, Vec<ReportLine>) {
    let station = vec![
        said(Some("A1"), "PASS", "PASS"),
        said(Some("B2"), "FAIL", "FW-VERSION"),
        said(None, "FAIL", "LINK-NOISE"),
        said(Some("D4"), "PASS", "ALREADY-PROVISIONED"),
    ];
    let simulator = vec![
        board("A1", None),
        board("B2", Some("old")),
        board("C3", Some("babbler")),
        board("D4", None),
        board("D4", Some("again")),
        board("E5", Some("silent")),
    ];
    (station, simulator)
}

fn differences(station: &[StationLine], simulator: &[ReportLine]) -> Vec<String> {
    let catalogue = Catalogue::parse("test", CATALOGUE).unwrap();
    compare(station, simulator, &catalogue).differences
}

#[test]
fn a_good_run_is_good_with_one_line_a_uid_or_with_all() {
    let (mut station, simulator) = a_good_run();
    assert_eq!(differences(&station, &simulator), [""; 0]);
    station.insert(0, said(Some("D4"), "PASS", "PASS"));
    assert_eq!(differences(&station, &simulator), [""; 0]);
}

#[test]
fn nameless_boards_take_their_lines_in_the_order_in_which_they_were_put_in() {
    // The UIDs are in the other order, and the second board might have got the first one's code.
    let first = board("B2", Some("babbler"));
    let second = ReportLine {
        device: 1,
        defect: Some("deaf+babbler".to_owned()),
        ..board("A1", Some("babbler"))
    };
    let said = |code| said(None, "FAIL", code);
    let lines = [said("LINK-NOISE"), said("LINK-VERSION")];
    let boards = [first, second];
    assert_eq!(differences(&lines, &boards), [""; 0]);
    let lost = differences(&lines[1..], &boards);
    assert_eq!(lost.len(), 1, "{lost:?}");
}

#[test]
fn a_board_whose_port_goes_may_have_a_second_verdict_and_no_third() {
    let boards = [ReportLine {
        defect: Some("unplugged+old".to_owned()),
        ..board("A1", Some("old"))
    }];
    let unproven = StationLine {
        uid_proven: Some(false),
        ..said(Some("A1"), "FAIL", "FW-VERSION")
    };
    let lost = || said(Some("A1"), "FAIL", "LINK-LOST");
    assert_eq!(differences(&[lost(), unproven.clone()], &boards), [""; 0]);
    let third = [lost(), unproven.clone(), unproven.clone()];
    assert_eq!(differences(&third, &boards).len(), 1);
    // Another board has one.
    let boards = [board("A1", Some("old"))];
    let lines = [said(Some("A1"), "FAIL", "FW-VERSION"), unproven];
    assert_eq!(differences(&lines, &boards).len(), 1);
}

#[test]
fn a_clone_does_not_hide_the_board_that_it_copies() {
    let boards = [
        board("A1", None),
        board("A1", Some("again")),
        board("A1", Some("clone")),
        board("A1", Some("clone")),
    ];
    let again = || said(Some("A1"), "PASS", "ALREADY-PROVISIONED");
    let clone = || said(Some("A1"), "FAIL", "UID-REUSED");
    let pass = || said(Some("A1"), "PASS", "PASS");
    assert_eq!(differences(&[again(), clone()], &boards), [""; 0]);
    let all = [pass(), again(), clone(), clone()];
    assert_eq!(differences(&all, &boards), [""; 0]);
    // The board itself comes back after its clone.
    let later = [boards[0].clone(), boards[2].clone(), boards[1].clone()];
    assert_eq!(differences(&[clone(), again()], &later), [""; 0]);
    for lost in [
        &[clone()][..],
        &[again()],
        &[clone(), again()],
        &[pass(), pass()],
    ] {
        assert!(!differences(lost, &boards).is_empty(), "{lost:?}");
    }
    let unproven = StationLine {
        uid_proven: Some(false),
        ..said(Some("A1"), "FAIL", "FW-VERSION")
    };
    let boards = [board("A1", None), board("A1", Some("old"))];
    assert!(!differences(&[unproven], &boards).is_empty());
}

#[test]
fn every_single_difference_is_seen() {
    type Change = fn(&mut Vec<StationLine>, &mut Vec<ReportLine>);
    let changes: &[(&str, Change)] = &[
        ("another code", |station, _| {
            station[1].code = "FW-COMPONENT".to_owned();
        }),
        ("a line less", |station, _| drop(station.remove(0))),
        ("a nameless line less", |station, _| drop(station.remove(2))),
        ("a line too many", |station, _| {
            station.push(said(Some("F6"), "PASS", "PASS"));
        }),
        ("one UID twice", |station, _| {
            station.push(said(Some("A1"), "PASS", "PASS"));
        }),
        ("a board less", |_, simulator| drop(simulator.remove(1))),
        ("a refused board is locked", |_, simulator| {
            simulator[1].locked = true;
        }),
        ("a passed board is not locked", |_, simulator| {
            simulator[0].locked = false;
        }),
        ("a passed board has debug open", |_, boards| {
            boards[0].lifecycle = "0x4000".to_owned();
        }),
        ("another certificate", |_, boards| {
            boards[0].certificate_serial = Some("bb".to_owned());
        }),
        ("no certificate", |_, boards| {
            boards[0].certificate_serial = None;
        }),
        ("told that it failed", |_, boards| {
            boards[0].told_passed = Some(false);
        }),
        ("a silent board is heard", |station, _| {
            station.push(said(Some("E5"), "FAIL", "LINK-LOST"));
        }),
        ("an unknown defect", |_, boards| {
            boards[1].defect = Some("older".to_owned());
        }),
    ];
    for (name, change) in changes {
        let (mut station, mut simulator) = a_good_run();
        change(&mut station, &mut simulator);
        assert!(!differences(&station, &simulator).is_empty(), "{name}");
    }
}

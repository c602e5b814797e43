//! Whatever comes, in whatever order.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
pub(super) enum Input {
    Scan(&'static str),
    Escape,
    SignOut,
    Wait(u64),
    Disable(&'static str),
    /// The register is unreadable, or readable again.
    Break,
    Mend,
    /// The ledger takes nothing, or everything again.
    Lock,
    Unlock,
}

fn input() -> impl Strategy<Value = Input> {
    let scans = vec![
        "BADGE-so-1",
        "BADGE-op-1",
        "BADGE-op-2",
        "BADGE-op-3",
        "BADGE-of-nobody",
        "op-1",
        "op-3",
    ];
    prop_oneof![
        4 => prop::sample::select(scans).prop_map(Input::Scan),
        6 => Just(Input::Scan("4711")),
        1 => Just(Input::Scan("0815")),
        1 => Just(Input::Scan("12")),
        1 => Just(Input::Escape),
        1 => Just(Input::SignOut),
        1 => prop::sample::select(vec![1_000, 31_000, IDLE_MS + 1]).prop_map(Input::Wait),
        1 => prop::sample::select(vec!["op-1", "op-2"]).prop_map(Input::Disable),
        1 => Just(Input::Break),
        2 => Just(Input::Mend),
        1 => Just(Input::Lock),
        2 => Just(Input::Unlock),
    ]
}

pub(super) fn give(station: &mut Station, input: &Input) {
    let aside = station.file.with_extension("aside");
    match input {
        Input::Scan(text) => station.scan(text),
        Input::Escape => station.escape(),
        Input::SignOut => {
            if station.state.sign_in.person().is_some() {
                station.wish(Action::SignOut);
            }
        }
        Input::Wait(ms) => station.pass(*ms),
        Input::Disable(name) => station.disable(name),
        Input::Break if !aside.exists() => {
            std::fs::rename(&station.file, &aside).unwrap();
            crate::station_home::write_new(&station.file, b"{").unwrap();
        }
        Input::Mend if aside.exists() => std::fs::rename(&aside, &station.file).unwrap(),
        Input::Break | Input::Mend => {}
        Input::Lock => station.is_locked = true,
        Input::Unlock => station.is_locked = false,
    }
    // What was refused is read, and put away.
    if station.state.dialog.is_some() {
        station.escape();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes, the screen shows whom the clerk has work, and both as the ledger says.
    #[test]
    fn who_is_shown_is_who_works(inputs in prop::collection::vec(input(), 1..40)) {
        let mut station = Station::staffed();
        for input in &inputs {
            give(&mut station, input);
            prop_assert!(station.agrees(), "{input:?}: {:?} {:?} {:?}", station.both(),
                station.people.machine.state(), station.state.sign_in);
            station.look();
            prop_assert!(station.agrees(), "a look after {input:?}: {:?}", station.both());
            let owed: Vec<_> = station.people.owed.iter().map(said).collect();
            let last = owed.last().or(station.recorded.last());
            let last = last.and_then(|last| last.strip_prefix('+'));
            let (works, _) = station.both();
            prop_assert_eq!(works.as_deref(), last);
        }
    }
}

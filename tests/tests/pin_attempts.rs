//! How often a PIN is shown to the token, counted between the station and its PKCS#11 module.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::prepared_station::PreparedStation;
use acceptance::soft_token;
use acceptance::station_process::run;

/// OpenSC's module that hands every call on and writes it down.
const SPIES: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so",
    "/usr/lib64/pkcs11-spy.so",
    "/usr/lib/pkcs11-spy.so",
    "/usr/local/lib/pkcs11-spy.so",
];

/// How many calls of that function were written down.
fn calls(log: &Path, function: &str) -> usize {
    let text = std::fs::read(log).expect("the spy has written");
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines()
        .filter(|line| {
            line.split_once(": ")
                .is_some_and(|(_, name)| name == function)
        })
        .count()
}

#[test]
fn a_wrong_pin_reaches_the_token_once_and_a_right_one_too() {
    let Some(spy) = SPIES.iter().find(|path| Path::new(path).exists()) else {
        panic!("no pkcs11-spy.so: install OpenSC (Debian: opensc-pkcs11)");
    };
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let file = station.home().join("station.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let module = soft_token::module().display().to_string();
    assert!(text.contains(&module));
    std::fs::write(&file, text.replace(&module, spy)).unwrap();
    let pin = std::fs::read_to_string(station.token().pin_file()).unwrap();
    for (number, (shown, status)) in [("314159\n", 3), (pin.as_str(), 0)].into_iter().enumerate() {
        std::fs::write(station.token().pin_file(), shown).unwrap();
        let log = folder.path().join(format!("calls-{number}"));
        let mut doctor = station.command(["doctor"]);
        doctor
            .env("PKCS11SPY", &module)
            .env("PKCS11SPY_OUTPUT", &log);
        run(&mut doctor).code(status);
        assert!(calls(&log, "C_Initialize") > 0, "the spy heard nothing");
        assert_eq!(calls(&log, "C_Login"), 1, "with PIN number {number}");
    }
}

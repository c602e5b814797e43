//! The room's border: a text in, a profile or every fault out.

use firmware_proto::SecurityLifecycle;
use proptest::prelude::*;

use super::*;

pub(super) const SENSOR_A: &str = include_str!("../../../fixtures/profiles/sensor-a.toml");

pub(super) fn sensor_a() -> Profile {
    Profile::parse("sensor-a.toml", SENSOR_A).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn reads_the_sample() {
    let profile = sensor_a();
    assert_eq!(profile.product.as_str(), "SENSOR-A");
    assert_eq!(profile.firmware.len(), 2);
    assert_eq!(profile.measurements.len(), 13);
    assert_eq!(profile.attestation.keys.roots.len(), 1);
    assert_eq!(profile.lock_state, SecurityLifecycle::SECURED);
    assert_eq!(profile.digest, sha256(SENSOR_A.as_bytes()));
    assert_eq!(
        profile.attestation.lifecycle_before[0].to_string(),
        "psa-rot-provisioning"
    );
}

#[track_caller]
pub(super) fn check_fault(from: &str, to: &str, expected: &str) {
    assert!(SENSOR_A.contains(from), "{from}");
    let text = SENSOR_A.replacen(from, to, 1);
    let faults = Profile::parse("p.toml", &text).unwrap_err().to_string();
    assert!(faults.contains(expected), "{faults}");
    assert!(
        faults.lines().all(|line| line.starts_with("p.toml:")),
        "{faults}"
    );
}

#[test]
fn names_the_place_of_every_fault() {
    check_fault(
        "schema = 1",
        "schema = 2",
        "p.toml:3: schema: outside 1..=1",
    );
    check_fault("schema = 1", "schema = ", "p.toml:3: ");
    check_fault("schema = 1", "schema = 1\nschema = 1", "p.toml:4: ");
    check_fault(
        "schema = 1",
        "schema = 1\ncolour = 1",
        "p.toml:4: colour: unknown key",
    );
    check_fault("\"C2\"", "\"c2\"", "p.toml:6: hardware_revisions[0]: ");
    check_fault("SA-######", "SA-", "serial_pattern: not a serial pattern");
    check_fault(
        "lock_state = 0x3000",
        "lock_state = 0x2000",
        "outside attestation.lifecycle_after",
    );
    check_fault(
        "client_id = 1",
        "client_id = 2147483648",
        "attestation.client_id: outside",
    );
    check_fault(
        "[\"secured\"]",
        "[\"non-psa-rot-debug\"]",
        "holds a debug state",
    );
    check_fault(
        "[\"secured\"]",
        "[{ first = 0x3000, last = 0xffff }]",
        "holds a debug state",
    );
    check_fault(
        "[\"secured\"]",
        "[\"locked\"]",
        "lifecycle_after[0]: not a state of RFC 9783",
    );
}

#[test]
fn certified_keys_are_told_apart_by_the_instance_id() {
    let change = |text: &str| {
        let flag = "instance_id_is_key_digest = ";
        text.replacen(&format!("{flag}true"), &format!("{flag}false"), 1)
    };
    let refused = Profile::parse("p.toml", &change(SENSOR_A)).unwrap_err();
    assert!(
        refused.to_string().contains("by the instance ID alone"),
        "{refused}"
    );
    let roots = SENSOR_A.find("roots = ").unwrap();
    let end = SENSOR_A.find("[[firmware]]").unwrap();
    let list = format!(
        "allow_list = {{ file = \"c.csv\", sha256 = \"{}\" }}\n",
        "0a".repeat(32)
    );
    let listed = [&SENSOR_A[..roots], &list, &SENSOR_A[end..]].concat();
    Profile::parse("p.toml", &change(&listed)).unwrap();
}

#[test]
fn somebody_must_vouch_for_attestation_keys() {
    let roots = SENSOR_A.find("roots = ").unwrap();
    let end = SENSOR_A.find("[[firmware]]").unwrap();
    let without_roots = [&SENSOR_A[..roots], &SENSOR_A[end..]].concat();
    let faults = |text: &str| Profile::parse("p.toml", text).unwrap_err().to_string();
    assert!(faults(&without_roots).contains("lacks the key \"roots\""));
    let list = format!(
        "allow_list = {{ file = \"c.csv\", sha256 = \"{}\" }}\n",
        "0a".repeat(32)
    );
    let listed = without_roots.replacen("[[firmware]]", &format!("{list}[[firmware]]"), 1);
    let keys = Profile::parse("p.toml", &listed).unwrap().attestation.keys;
    assert_eq!(keys.allow_list.unwrap().file, "c.csv");
    assert!(keys.roots.is_empty() && !keys.require_crl);
    for file in ["../c.csv", "/c.csv", ".c", "", "a/b"] {
        let bad = listed.replacen("\"c.csv\"", &format!("{file:?}"), 1);
        assert!(faults(&bad).contains("not a file name"), "{file}");
    }
    check_fault(
        "hardware_type = \"1.3.6.1.4.1.32473.1.1\"\ninstance",
        "instance",
        "attestation.roots: the type of chip",
    );
    check_fault(
        "[attestation]",
        "[attestation]\nrequire_crl = 1",
        "expected true or false",
    );
    check_fault(
        "[attestation]",
        "[attestation]\nintermediates = [\"x\"]",
        "not a certificate",
    );
}

#[test]
fn refuses_what_no_board_could_meet() {
    check_fault(
        "BEGIN CERT",
        "BEGIN CART",
        "attestation.roots[0]: not a certificate",
    );
    check_fault(
        "MIIBwz",
        "MIIBxz",
        "attestation.roots[0]: not a certificate",
    );
    check_fault("\"APP\"", "\"BL\"", "firmware[1]: BL stands here twice");
    check_fault(
        "unit = \"V\"",
        "unit = \"mV\"",
        "measurement[0].unit: unknown unit",
    );
    check_fault(
        "low = 5.0",
        "low = 50.0",
        "no value lies between low and high",
    );
    check_fault("low = 5.0", "low = nan", "not a finite number");
    check_fault(
        "exact = 0\n",
        "exact = 0.5\n",
        "expected a whole number, got float",
    );
    check_fault(
        "\"vdd_core\"",
        "\"vdd_3v3\"",
        "p.toml:67: measurement[1]: vdd_3v3 stands here twice",
    );
    check_fault(
        "http://",
        "https://",
        "certificate.crl_base_uri: does not begin with http://",
    );
    check_fault(
        "organization = ",
        "organisation = ",
        "certificate.organisation: unknown key, did you mean `organization`?",
    );
    check_fault(
        "\"Example Devices\"",
        "\" x\"",
        "certificate.organization: not a name",
    );
}

#[test]
fn tells_all_faults_at_once_in_the_order_of_lines() {
    let text = SENSOR_A
        .replacen("SA-######", "none", 1)
        .replacen("client_id = 1", "client = 1", 1)
        .replacen("\"Hz\"", "\"Herz\"", 1);
    let faults = Profile::parse("p.toml", &text).unwrap_err().faults;
    let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "serial_pattern",
            "attestation.client",
            "measurement[3].unit"
        ]
    );
    assert!(faults.iter().all(|fault| !fault.hint.is_empty()));
}

#[test]
fn a_misspelt_key_is_one_fault_that_says_which_was_meant() {
    let faults = |from: &str, to: &str| {
        let text = SENSOR_A.replacen(from, to, 1);
        Profile::parse("p.toml", &text).unwrap_err().to_string()
    };
    let said = faults("hardware_revisions =", "hardware_revision =");
    let first = "p.toml:6: hardware_revision: unknown key, did you mean `hardware_revisions`?; ";
    assert!(said.starts_with(first), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let said = faults("common_name", "comon_name");
    assert!(said.contains("did you mean `common_name`?"), "{said}");
    // A key that is there was not meant, and one that is unlike any other is to go.
    let said = faults("schema = 1", "schema = 1\nschemas = 1\ncolour = 1");
    assert!(!said.contains("did you mean"), "{said}");
    // What lacks, with nothing like it there, is told where its table begins.
    let said = faults("client_id = 1", "");
    assert!(
        said.contains("attestation lacks the key \"client_id\""),
        "{said}"
    );
}

#[test]
fn rules_of_firmware_can_be_met_and_compared() {
    check_fault(
        ">=2.5.0, <2.6.0",
        "2.5.x",
        "firmware[1].allowed: not a range",
    );
    check_fault(
        ">=2.5.0, <2.6.0",
        ">=2.6.0",
        "firmware[1]: no pinned version is allowed, so no board could pass",
    );
    check_fault(
        "minimum_security_counter = 7",
        "minimum_security_counter = 8",
        "no pinned version is allowed",
    );
    check_fault(
        "minimum_security_counter = 7",
        "minimum_security_counter = 4294967296",
        "outside 0..=4294967295",
    );
    check_fault(
        ", security_counter = 6",
        "",
        "firmware[1].versions[0]: has no security counter to compare",
    );
    check_fault(
        "version = \"2.5.0\"",
        "version = \"v2.5\"",
        "firmware[1].versions[0]: \"v2.5\" can't be compared with `allowed`",
    );
    check_fault(
        "version = \"2.5.0\"",
        "version = \"2.5.1\"",
        "2.5.1 stands here twice",
    );
    check_fault("\"2.4.1\"", "\"2.5.1\"", "no pinned version is allowed");
    check_fault(
        "reason = \"",
        "reason = \"\\u0007",
        "firmware[1].known_bad[0].reason: not 1 to 64",
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,400}") {
        prop_assert!(Profile::parse("p.toml", &text).is_err());
    }

    #[test]
    fn no_changed_sample_makes_it_panic(position: usize, byte in 0x20_u8..0x7f) {
        let mut bytes = SENSOR_A.as_bytes().to_vec();
        let position = position % bytes.len();
        bytes[position] = byte;
        let text = String::from_utf8(bytes).unwrap();
        if let Err(faults) = Profile::parse("p.toml", &text) {
            prop_assert!(!faults.faults.is_empty());
        }
    }
}

/// The keys that the reader asks for in each table: it names them all to whoever writes one too many.
fn known_keys(from: &str, to: &str) -> Vec<String> {
    assert!(SENSOR_A.contains(from), "{from}");
    let text = SENSOR_A.replacen(from, to, 1);
    let faults = Profile::parse("p.toml", &text).unwrap_err().faults;
    let odd = faults.iter().find(|fault| fault.key.ends_with("zzqx"));
    let hint = &odd.unwrap_or_else(|| panic!("{faults:?}")).hint;
    let (_, known) = hint.split_once("known here: ").unwrap();
    known.split(", ").map(str::to_owned).collect()
}

#[test]
fn every_key_is_documented_and_no_other() {
    const DOCUMENT: &str = include_str!("../../../docs/profile.md");
    let tables = [
        ("## Top level", "schema = 1", "schema = 1\nzzqx = 1"),
        (
            "## [attestation]",
            "[attestation]",
            "[attestation]\nzzqx = 1",
        ),
        (
            "### An allow-list",
            "hardware_type = \"1.3.6.1.4.1.32473.1.1\"",
            "allow_list = { file = \"a.csv\", zzqx = 1 }",
        ),
        (
            "### A range of lifecycles",
            "[\"secured\"]",
            "[{ first = 0x3000, last = 0x3000, zzqx = 1 }]",
        ),
        ("## [[firmware]]", "[[firmware]]", "[[firmware]]\nzzqx = 1"),
        ("### A version", "{ version", "{ zzqx = 1, version"),
        (
            "### A version that is known to be bad",
            "{ version = \"2.4.1\"",
            "{ zzqx = 1, version = \"2.4.1\"",
        ),
        (
            "## [[measurement]]",
            "[[measurement]]",
            "[[measurement]]\nzzqx = 1",
        ),
        (
            "## [random_source]",
            "[random_source]",
            "[random_source]\nzzqx = 1",
        ),
        (
            "## [certificate]",
            "[certificate]",
            "[certificate]\nzzqx = 1",
        ),
        ("## [stop_rules]", "[stop_rules]", "[stop_rules]\nzzqx = 1"),
        ("## [label]", "[label]", "[label]\nzzqx = 1"),
    ];
    let sections = DOCUMENT.split("\n#").skip(1);
    let sections: Vec<_> = sections.map(|section| format!("#{section}")).collect();
    assert_eq!(sections.len(), tables.len());
    for (heading, from, to) in tables {
        let section = sections
            .iter()
            .find(|section| section.lines().next() == Some(heading));
        let section = section.unwrap_or_else(|| panic!("{heading} is missing"));
        let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
        let mut documented: Vec<_> = section.lines().filter_map(row).collect();
        let mut known = known_keys(from, to);
        documented.sort();
        known.sort();
        assert_eq!(documented, known, "{heading}");
    }
}

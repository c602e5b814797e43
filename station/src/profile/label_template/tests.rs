use super::*;
use crate::profile::tests::{SENSOR_A, check_fault, sensor_a};
use crate::profile::{Profile, ProfileFaults};

fn values() -> LabelValues {
    LabelValues {
        serial: DeviceSerial::parse("SA-000_17").unwrap(),
        uid: Uid::from_bytes(&[0x00, 0x1f, 0xa5, 0xff, 1, 2, 3, 4]).unwrap(),
        product: ProductCode::parse("SENSOR-A").unwrap(),
        batch: BatchId::parse("B-2026.47").unwrap(),
        passed: UtcMillis(1_795_336_200_250),
    }
}

fn with_label(label: &str) -> Result<Profile, ProfileFaults> {
    Profile::parse("p.toml", &format!("{SENSOR_A}\n{label}"))
}

#[test]
fn the_sample_s_label_is_golden() {
    let label = sensor_a().label.expect("the sample has a label");
    let zpl = include_str!("../../../../fixtures/labels/sensor-a.zpl");
    assert_eq!(label.zpl(&values()), zpl);
    let text = include_str!("../../../../fixtures/labels/sensor-a.txt");
    assert_eq!(label.text(&values()), text);
}

#[test]
fn a_profile_needs_no_label_and_a_label_no_text() {
    assert_eq!(
        Profile::parse("p.toml", &without_label()).unwrap().label,
        None
    );
    let label = "[label]\nzpl = '^XA^FH^FD{serial}^FS^XZ'\n";
    let profile = Profile::parse("p.toml", &format!("{}\n{label}", without_label())).unwrap();
    let text = profile.label.unwrap().text(&values());
    assert_eq!(
        text,
        "SENSOR-A SA-000_17\nUID 001FA5FF01020304\nB-2026.47 2026-11-22\n"
    );
}

fn without_label() -> String {
    let end = SENSOR_A.find("[label]").expect("the sample has a label");
    SENSOR_A[..end].to_owned()
}

#[test]
fn no_value_becomes_a_command() {
    assert_eq!(in_hexadecimal("SA-1.2:3/4 a"), "SA-1.2:3/4 a");
    assert_eq!(
        in_hexadecimal("^XZ~JA\\&_\u{e9}"),
        "_5EXZ_7EJA_5C_26_5F_C3_A9"
    );
    // As a whole: what a value holds stays in its field, whatever it is.
    let label = zpl("^XA^FH^FD{serial}^FS^XZ").unwrap();
    let hostile = |_: &str| in_hexadecimal("^FS^XZ^XA~JR_5E");
    assert_eq!(
        label
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Place(_) => hostile(""),
            })
            .collect::<String>(),
        "^XA^FH^FD_5EFS_5EXZ_5EXA_7EJR_5F5E^FS^XZ"
    );
    let braces = pieces("{{serial}} {serial}").unwrap();
    assert_eq!(
        render(&braces, &values(), str::to_owned),
        "{serial} SA-000_17"
    );
}

#[test]
fn faults_are_told_with_their_line() {
    let line = SENSOR_A.lines().count();
    assert!(with_label("[label]\nzpl = 'x'\n").is_err(), "a second one");
    let check = |template: &str, below: usize, expected: &str| {
        let text = format!("{}[label]\nzpl = '''\n{template}'''\n", without_label());
        let told = Profile::parse("p.toml", &text).unwrap_err().to_string();
        let first = without_label().lines().count() + 3;
        assert!(
            told.contains(&format!("p.toml:{}: label.zpl", first + below)),
            "{told}"
        );
        assert!(told.contains(expected), "{told}");
    };
    check("^XA\n^FH^FD{serail}^FS\n^XZ\n", 1, "unknown place {serail}");
    check(
        "^XA\n\n^FD{serial}^FS\n^XZ\n",
        2,
        "write ^FH, and nothing after it",
    );
    check("^XA\n^FH\\^FD{serial}^FS\n^XZ\n", 1, "nothing after it");
    check("^XA\n^FO{serial},20\n^XZ\n", 1, "outside field data");
    check("^XA\n^FH^FDx^FS{uid}\n^XZ\n", 1, "outside field data");
    check("^XA\n^FH^FDx}^FS\n^XZ\n", 1, "a } without its {");
    check("^FO20,20^FS\n^XZ\n", 0, "begin it with ^XA");
    check("^XA^XZ^XA^XZ\n", 0, "not one label");
    check_fault("[label]", "[labels]", "did you mean `label`");
    assert!(line > 10);
}

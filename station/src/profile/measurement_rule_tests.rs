//! What may stand in a profile about measurements and the random source.

use super::Profile;
use super::tests::{SENSOR_A, check_fault, sensor_a};

#[test]
fn faults_of_limits_are_told() {
    check_fault(
        "unit = \"V\"",
        "unit = \"mV\"",
        "measurement[0].unit: unknown unit",
    );
    check_fault("kind = \"mask\"", "kind = \"bits\"", "kind: unknown kind");
    check_fault(
        "kind = \"text\"",
        "integer = true\nkind = \"text\"",
        "`kind` says it already",
    );
    check_fault(
        "pattern = \"2.1.#\"",
        "low = 1",
        "`low` has no meaning for kind \"text\"",
    );
    check_fault("pattern = \"2.1.#\"", "", "lacks the key \"pattern\"");
    check_fault(
        "exact = 0",
        "low = 2\nhigh = 1",
        "no value lies between low and high",
    );
    check_fault("exact = 0", "exact = 0.5", "expected a whole number");
    check_fault(
        "marginal_high = 0.23",
        "marginal_high = 0.26",
        "outside 0.1 to 0.25",
    );
    check_fault("min_readings = 8\n", "", "min_readings lacks");
    check_fault("min_readings = 8", "min_readings = 17", "outside 2..=16");
    check_fault(
        "deviation_high = 2.0",
        "deviation_high = 0.001",
        "no mean or deviation could pass",
    );
    check_fault(
        "clear = 0xf0000000",
        "clear = 0xf0000010",
        "both set and clear",
    );
    check_fault(
        "set = 0x00000c30",
        "set = 0x100000000",
        "outside 0..=4294967295",
    );
    check_fault(
        "present = [0x1d, 0x76]",
        "present = [0x1d, 0x80]",
        "outside 0..=127",
    );
    check_fault(
        "present = [0x1d, 0x76]",
        "present = [0x1d, 0x1d]",
        "stands here twice",
    );
    check_fault(
        "kind = \"text\"",
        "kind = \"text\"\nunit = \"V\"",
        "only numbers have a unit",
    );
    check_fault("min_entropy = 6.0", "min_entropy = 9.0", "outside 0.1 to 8");
    check_fault("samples = 512", "samples = 100", "outside 512..=2048");
    check_fault("samples = 512", "", "lacks the key \"samples\"");
}

/// Batches that are open keep the profile that they were opened with.
#[test]
fn profiles_of_old_are_still_read() {
    let old = "unit = \"none\"\ninteger = true\nlow = 0\nhigh = 0";
    let text = SENSOR_A.replacen("kind = \"integer\"\nexact = 0", old, 1);
    let profile = Profile::parse("p.toml", &text).unwrap();
    assert_eq!(profile.measurements, sensor_a().measurements);
}

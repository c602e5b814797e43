//! Self-tests judged by the sample profile, and what may stand in a profile about them.

use firmware_proto::{AddressMap, Digest, Measurement, Unit, Value};
use proptest::prelude::*;

use super::tests::{SENSOR_A, sensor_a};
use super::*;
use crate::verdict::VerdictCode;

fn measurement(name: &str, value: Value, unit: Unit) -> Measurement {
    Measurement {
        name: name.try_into().unwrap(),
        value,
        unit,
    }
}

fn digest_of(text: &str) -> Value {
    Value::Digest(Digest::from_bytes(*sha256(text.as_bytes()).as_bytes()))
}

fn text(text: &str) -> Value {
    Value::Text(text.try_into().unwrap())
}

fn readings(list: &[f32]) -> Value {
    Value::Readings(list.iter().copied().collect())
}

fn bus(list: &[u8]) -> Value {
    let mut map = AddressMap::default();
    for address in list {
        map.insert(*address);
    }
    Value::Bus(map)
}

/// Some of them right on a limit.
fn good() -> SelfTest {
    let t_die = [24.0, 24.1, 23.9, 24.2, 24.0, 23.8, 24.1, 23.9];
    let measurements = vec![
        measurement("vdd_3v3", Value::Real(3.135), Unit::Volt),
        measurement("vdd_core", Value::Real(1.155), Unit::Volt),
        measurement("i_sleep", Value::Real(2e-6), Unit::Ampere),
        measurement("f_hse", Value::Real(8.0004e6), Unit::Hertz),
        measurement("r_pullup", Value::Real(4700.0), Unit::Ohm),
        measurement("t_boot", Value::Real(0.23), Unit::Second),
        measurement("t_die", readings(&t_die), Unit::Celsius),
        measurement("flash_errors", Value::Integer(0), Unit::None),
        measurement("fuses", Value::Mask(0x0000_0c33), Unit::None),
        measurement("rom", text("2.1.4"), Unit::None),
        measurement(
            "option_bytes",
            digest_of("SENSOR-A option bytes"),
            Unit::None,
        ),
        measurement("flash_cal", digest_of("SENSOR-A calibration 2"), Unit::None),
        measurement("i2c1", bus(&[0x1d, 0x76]), Unit::None),
    ];
    SelfTest {
        measurements,
        noise: (0..=255).cycle().take(512).collect(),
    }
}

fn place(self_test: &SelfTest, name: &str) -> usize {
    let mut names = self_test.measurements.iter();
    names.position(|one| one.name == name).unwrap()
}

fn judged(change: impl FnOnce(&mut SelfTest)) -> JudgedMeasurements {
    let mut self_test = good();
    change(&mut self_test);
    judge_measurements(&sensor_a(), &self_test)
}

fn judged_with(name: &str, value: Value) -> JudgedMeasurements {
    judged(|test| {
        let place = place(test, name);
        test.measurements[place].value = value;
    })
}

#[track_caller]
fn check(name: &str, value: Value, code: VerdictCode, detail: &str) {
    let judged = judged_with(name, value);
    let said = format!("{name}: {detail}");
    assert_eq!((judged.code, judged.detail), (code, said));
}

#[test]
fn limits_belong_to_the_good_range() {
    let judged = judged(|_| {});
    let got = (judged.code, judged.rows.len(), judged.detail.as_str());
    assert_eq!(
        got,
        (VerdictCode::Pass, 13, "13 measurements within limits")
    );
    assert_eq!(judged.rows[0].low.as_deref(), Some("3.135"));
    assert_eq!(judged.marginal().count(), 0);
    let t_die = &judged.rows[6];
    assert_eq!((t_die.value.as_str(), t_die.readings.len()), ("24", 8));
    assert_eq!(t_die.deviation.as_deref(), Some("0.13093123"));
    let limits = "limits 5 to 45, mean 8 to 42, deviation 0.01 to 2, 8 readings or more";
    assert_eq!(t_die.limits.as_deref(), Some(limits));
    assert_eq!(judged.random_source.unwrap().code, VerdictCode::Pass);
}

#[test]
fn names_value_and_limits_of_numbers() {
    use VerdictCode::{HwInfinite, HwLimit, HwNotANumber, HwType};

    let limits = "limits 3.135 to 3.465";
    let volt = |value, code, got: &str| {
        check(
            "vdd_3v3",
            Value::Real(value),
            code,
            &format!("got {got} V, {limits}"),
        );
    };
    volt(3.13, HwLimit, "3.13");
    volt(3.4651, HwLimit, "3.4651");
    volt(f32::NAN, HwNotANumber, "NaN");
    volt(f32::INFINITY, HwInfinite, "inf");
    volt(f32::NEG_INFINITY, HwInfinite, "-inf");
    let one = Value::Integer(1);
    check("flash_errors", one.clone(), HwLimit, "got 1, limits 0 to 0");
    check(
        "vdd_3v3",
        one,
        HwType,
        "got the whole number 1, expected a real number",
    );
    let real = Value::Real(0.0);
    check(
        "flash_errors",
        real,
        HwType,
        "got the real number 0, expected a whole number",
    );
    check(
        "rom",
        Value::Mask(1),
        HwType,
        "got the mask 0x00000001, expected a text",
    );
    check(
        "fuses",
        text("x"),
        HwType,
        "got the text \"x\", expected a mask",
    );
    check(
        "i2c1",
        digest_of(""),
        HwType,
        "got a digest, expected a bus scan",
    );
    check(
        "t_die",
        Value::Real(24.0),
        HwType,
        "got the real number 24, expected several readings",
    );
    check(
        "option_bytes",
        readings(&[1.0]),
        HwType,
        "got 1 readings, expected a digest",
    );
}

#[test]
fn another_unit_says_which() {
    let judged = judged(|test| test.measurements[4].unit = Unit::Volt);
    assert_eq!(judged.code, VerdictCode::HwUnit);
    assert_eq!(judged.detail, "r_pullup: got 4700 V, expected the unit Ohm");
}

#[test]
fn sensors_must_live_and_not_too_wildly() {
    use VerdictCode::{HwInfinite, HwLimit, HwNotANumber, HwReadings, HwStuck, HwWild};

    let all = "limits 5 to 45, mean 8 to 42, deviation 0.01 to 2, 8 readings or more";
    let eight = |odd: f32| readings(&[24.0, 24.1, 23.9, 24.2, 24.0, 23.8, 24.1, odd]);
    check(
        "t_die",
        readings(&[24.0; 7]),
        HwReadings,
        "got 7 readings, at least 8",
    );
    check(
        "t_die",
        readings(&[]),
        HwReadings,
        "got 0 readings, at least 8",
    );
    let said = format!("got NaN Celsius, {all}");
    check("t_die", eight(f32::NAN), HwNotANumber, &said);
    let said = format!("got inf Celsius, {all}");
    check("t_die", eight(f32::INFINITY), HwInfinite, &said);
    let said = "8 readings around 24.5 Celsius deviate by 0, at least 0.01";
    check("t_die", readings(&[24.5; 8]), HwStuck, said);
    let said = "8 readings around 25.525 Celsius deviate by 4.2747593, at most 2";
    check("t_die", eight(36.1), HwWild, said);
    let hot =
        |middle: f32| readings(&[-0.2, 0.2, 0.1, -0.1, 0.0, 0.2, -0.2, 0.0].map(|n| middle + n));
    let said = format!("got 45.2 Celsius, {all}");
    check("t_die", hot(45.0), HwLimit, &said);
    let said = "got a mean of 43 Celsius, limits 8 to 42";
    check("t_die", hot(43.0), HwLimit, said);
    let warm = judged_with("t_die", hot(41.0));
    assert_eq!(warm.code, VerdictCode::Pass);
    let said = format!("t_die: got 41 Celsius, {all}: passes, close to a limit");
    assert_eq!(warm.marginal().collect::<Vec<_>>(), [said]);
}

#[test]
fn the_marginal_band_passes_and_is_flagged() {
    let boots = |seconds| judged_with("t_boot", Value::Real(seconds));
    for (seconds, code, marginal) in [
        (0.23, VerdictCode::Pass, 0),
        (0.230_01, VerdictCode::Pass, 1),
        (0.25, VerdictCode::Pass, 1),
        (0.250_01, VerdictCode::HwLimit, 0),
    ] {
        let judged = boots(seconds);
        assert_eq!(
            (judged.code, judged.marginal().count()),
            (code, marginal),
            "{seconds}"
        );
    }
    let judged = boots(0.24);
    assert_eq!(
        judged.detail,
        "13 measurements within limits, 1 close to one"
    );
}

#[test]
fn masks_texts_digests_and_buses() {
    use VerdictCode::{HwBus, HwDigest, HwMask, HwText};

    let said = "got 0x80000830, lacks 0x00000400, must not have 0x80000000";
    check("fuses", Value::Mask(0x8000_0830), HwMask, said);
    check(
        "rom",
        text("2.0.9"),
        HwText,
        "got \"2.0.9\", expected 2.1.#",
    );
    check(
        "rom",
        text("2.1.4\n"),
        HwText,
        "got \"2.1.4\\n\", expected 2.1.#",
    );
    let other = digest_of("other");
    let got = judged_with("option_bytes", other.clone());
    assert_eq!(got.code, HwDigest);
    let ends = [
        "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
        ", expected ",
    ];
    assert!(
        ends.iter().all(|part| got.detail.contains(part)),
        "{}",
        got.detail
    );
    let got = judged_with("flash_cal", other);
    assert!(
        got.detail.ends_with(", none of the 2 expected"),
        "{}",
        got.detail
    );
    let said = "got 0x1d, nobody at 0x76";
    check("i2c1", bus(&[0x1d]), HwBus, said);
    let said = "got 0x1d 0x1e 0x50 0x76, nobody expected at 0x50";
    check("i2c1", bus(&[0x1d, 0x1e, 0x50, 0x76]), HwBus, said);
    assert_eq!(
        judged_with("i2c1", bus(&[0x1d, 0x1e, 0x76])).code,
        VerdictCode::Pass
    );
    check("i2c1", bus(&[]), HwBus, "got none, nobody at 0x1d 0x76");
}

#[test]
fn a_self_test_has_each_measurement_once_and_no_others() {
    use VerdictCode::{HwDoubled, HwMissing, HwUnknown};

    let missing = judged(|test| drop(test.measurements.remove(0)));
    assert_eq!(
        (missing.code, missing.detail.as_str()),
        (HwMissing, "vdd_3v3: missing")
    );
    let doubled = judged(|test| test.measurements.push(test.measurements[0].clone()));
    let said = "vdd_3v3: given more than once";
    assert_eq!((doubled.code, doubled.detail.as_str()), (HwDoubled, said));
    let unknown = judged(|test| {
        let magic = measurement("ma\ngic", Value::Integer(1), Unit::None);
        test.measurements.push(magic);
    });
    let said = "ma\\ngic: the profile knows no such measurement";
    let got = (unknown.code, unknown.rows.len(), unknown.detail.as_str());
    assert_eq!(got, (HwUnknown, 14, said));
    let empty = judged(|test| test.measurements.clear());
    let got = (empty.code, empty.rows.len(), empty.detail.as_str());
    assert_eq!(got, (HwMissing, 13, "vdd_3v3: missing; 12 more"));
}

#[test]
fn the_random_source_must_be_healthy() {
    let noise = |samples: Vec<u8>| judged(|test| test.noise = samples);
    let said = |judged: JudgedMeasurements| (judged.code, judged.detail);
    let missing = said(noise(Vec::new()));
    let expected = "random source: 0 samples of 512".to_owned();
    assert_eq!(missing, (VerdictCode::HwMissing, expected));
    let stuck = said(noise(vec![7; 512]));
    let expected = "random source: one value 512 times in a row, 5 are too many".to_owned();
    assert_eq!(stuck, (VerdictCode::HwRng, expected));
    let biased = said(noise([1, 2, 1, 3].repeat(128)));
    let expected = "random source: one value 256 times in 512, 25 are too many".to_owned();
    assert_eq!(biased, (VerdictCode::HwRng, expected));
}

#[test]
fn the_gravest_is_told() {
    let all = judged(|test| {
        test.measurements.remove(0);
        test.measurements[0].unit = Unit::Ohm;
        test.noise.fill(0);
    });
    assert_eq!(all.code, VerdictCode::HwRng);
    assert!(all.detail.ends_with("; 2 more"), "{}", all.detail);
}

#[test]
fn a_profile_that_asks_for_no_samples_judges_none() {
    let (from, to) = (
        SENSOR_A.find("# Raw samples").unwrap(),
        SENSOR_A.find("[certificate]").unwrap(),
    );
    let text = [&SENSOR_A[..from], &SENSOR_A[to..]].concat();
    let profile = Profile::parse("p.toml", &text).unwrap();
    let judged = judge_measurements(
        &profile,
        &SelfTest {
            noise: Vec::new(),
            ..good()
        },
    );
    assert_eq!(
        (judged.code, judged.random_source),
        (VerdictCode::Pass, None)
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f32>().prop_map(Value::Real),
        any::<i64>().prop_map(Value::Integer),
        prop::collection::vec(any::<f32>(), 0..=16).prop_map(|list| readings(&list)),
        any::<u32>().prop_map(Value::Mask),
        "[ -~]{0,32}".prop_map(|one| text(&one)),
        any::<[u8; 32]>().prop_map(|bytes| Value::Digest(Digest::from_bytes(bytes))),
        prop::collection::vec(0_u8..128, 0..20).prop_map(|list| bus(&list)),
    ]
}

proptest! {
    /// Nothing makes it panic, and what is not a good value of the rule's type never passes.
    #[test]
    fn only_good_values_pass(place in 0_usize..13, value in any_value()) {
        let (mut test, kind) = (good(), std::mem::discriminant(&value));
        let same = std::mem::discriminant(&test.measurements[place].value) == kind;
        test.measurements[place].value = value;
        let judged = judge_measurements(&sensor_a(), &test);
        prop_assert_eq!(judged.rows.len(), 13);
        prop_assert_eq!(judged.code, judged.rows[place].code);
        prop_assert!(same || judged.code == VerdictCode::HwType);
    }

    /// The marginal band lies within the limits, whatever the value.
    #[test]
    fn what_is_marginal_passes(value in any::<f32>()) {
        let judged = judged_with("t_boot", Value::Real(value));
        let row = &judged.rows[5];
        prop_assert!(!row.marginal || row.code == VerdictCode::Pass);
        prop_assert_eq!(row.code == VerdictCode::Pass, (0.1..=0.25).contains(&value));
    }
}

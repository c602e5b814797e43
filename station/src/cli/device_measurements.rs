//! A board's measurements as the ledger has them, in words.

use std::fmt::Write as _;

use firmware_proto::Uid;

use super::batch_record;
use super::counted::counted;
use super::failure::Failure;
use super::short_digests::short_digests;
use crate::ledger::Reader;
use crate::ledger::event::{Fact, MeasurementRecord, RandomSourceRecord};
use crate::verdict::VerdictCode;

/// Those of the board's last self-test.
pub(super) fn last(reader: &Reader, uid: &Uid) -> Result<Vec<MeasurementRecord>, Failure> {
    let mut last = Vec::new();
    for leaf in reader.history(uid) {
        if let Fact::MeasurementsJudged { measurements, .. } = batch_record::event(leaf)?.1.fact {
            last = measurements;
        }
    }
    Ok(last)
}

/// One measurement: value, limits, and what came of it.
pub(super) fn in_words(measurement: &MeasurementRecord) -> String {
    let MeasurementRecord {
        name, value, unit, ..
    } = measurement;
    let mut said = match (value.as_str(), unit.as_str()) {
        ("", _) => name.clone(),
        (value, "none") => format!("{name} {value}"),
        (value, unit) => format!("{name} {value} {unit}"),
    };
    if let Some(deviation) = &measurement.deviation {
        let count = measurement.readings.len();
        let _ = write!(said, " (mean of {count}, deviation {deviation})");
    }
    match (&measurement.limits, &measurement.low, &measurement.high) {
        (Some(limits), ..) => {
            let _ = write!(said, ", {limits}");
        }
        (None, Some(low), Some(high)) => {
            let _ = write!(said, ", limits {low} to {high}");
        }
        _ => {}
    }
    if measurement.code != VerdictCode::Pass {
        let _ = write!(said, ": {}", measurement.code);
    } else if measurement.marginal {
        said.push_str(": close to a limit");
    }
    short_digests(&said)
}

/// A self-test in one line: how many, and what is not simply good.
pub(super) fn summary(
    code: VerdictCode,
    measurements: &[MeasurementRecord],
    random_source: Option<&RandomSourceRecord>,
) -> String {
    let count = counted(measurements.len(), "measurement", "measurements");
    let mut said = format!("{count} judged, {code}");
    let odd = |one: &&MeasurementRecord| one.code != VerdictCode::Pass || one.marginal;
    for measurement in measurements.iter().filter(odd) {
        let _ = write!(said, "; {}", in_words(measurement));
    }
    if let Some(source) = random_source.filter(|source| source.code != VerdictCode::Pass) {
        let (run, count) = (source.longest_run, source.highest_count);
        let _ = write!(
            said,
            "; random source, {} samples, a run of {run} (too many: {}), \
             one value {count} times in a window (too many: {}): {}",
            source.samples.0.len(),
            source.repetition_cutoff,
            source.proportion_cutoff,
            source.code
        );
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Base64Bytes;

    fn measurement(name: &str, code: VerdictCode) -> MeasurementRecord {
        MeasurementRecord {
            name: name.to_owned(),
            value: "41".to_owned(),
            unit: "Celsius".to_owned(),
            low: Some("5".to_owned()),
            high: Some("45".to_owned()),
            code,
            limits: None,
            readings: Vec::new(),
            deviation: None,
            marginal: false,
        }
    }

    #[test]
    fn only_what_is_not_simply_good_is_told() {
        let good = measurement("t_case", VerdictCode::Pass);
        let bad = measurement("t_oil", VerdictCode::HwLimit);
        let close = MeasurementRecord {
            limits: Some("limits 5 to 45, 2 readings or more".to_owned()),
            readings: vec!["40".to_owned(), "42".to_owned()],
            deviation: Some("1.4".to_owned()),
            marginal: true,
            ..measurement("t_die", VerdictCode::Pass)
        };
        let source = RandomSourceRecord {
            samples: Base64Bytes(vec![0; 3]),
            longest_run: 3,
            repetition_cutoff: 2,
            highest_count: 0,
            proportion_cutoff: 25,
            code: VerdictCode::HwRng,
        };
        let said = summary(VerdictCode::HwRng, &[good, bad, close], Some(&source));
        assert_eq!(
            said,
            "3 measurements judged, HW-RNG; t_oil 41 Celsius, limits 5 to 45: HW-LIMIT; \
             t_die 41 Celsius (mean of 2, deviation 1.4), limits 5 to 45, 2 readings or more: close to a limit; \
             random source, 3 samples, a run of 3 (too many: 2), one value 0 times in a window (too many: 25): HW-RNG"
        );
    }
}

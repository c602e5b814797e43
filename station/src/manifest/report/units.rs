//! Numbers as people read them: in a unit with a prefix, with as many digits as tell them apart.

/// A unit with a prefix, for values of one size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    factor: f64,
    /// The unit as it is shown; empty for plain numbers.
    pub(super) unit: String,
}

/// Prefixes of the SI that boards need, the largest first.
const PREFIXES: &[(f64, &str)] = &[
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
];

impl Scale {
    /// The scale for values of that size in a unit of the profile.
    #[must_use]
    pub(super) fn of(unit: &str, size: f64) -> Self {
        let plain = |unit: &str| Self {
            factor: 1.0,
            unit: unit.to_owned(),
        };
        let symbol = match unit {
            "none" => return plain(""),
            "Celsius" => return plain("°C"),
            "Percent" => return plain("%"),
            "Ohm" => "Ω",
            "V" | "A" | "Hz" | "s" | "W" | "F" => unit,
            other => return plain(other),
        };
        let fits = |(factor, _): &&(f64, &str)| size.abs() >= *factor;
        let (factor, prefix) = PREFIXES
            .iter()
            .find(fits)
            .or(PREFIXES.last())
            .copied()
            .filter(|_| size.abs() > 0.0)
            .unwrap_or((1.0, ""));
        Self {
            factor: 1.0 / factor,
            unit: format!("{prefix}{symbol}"),
        }
    }

    /// A value on this scale.
    #[must_use]
    pub(super) fn apply(&self, value: f64) -> f64 {
        value * self.factor
    }

    /// A value on this scale, told apart from values that differ by a hundredth of `span`.
    #[must_use]
    pub(super) fn show(&self, value: f64, span: f64) -> String {
        number(self.apply(value), self.apply(span))
    }
}

/// A number, told apart from others that differ by a hundredth of `span`; without zeros at its end.
#[must_use]
pub(super) fn number(value: f64, span: f64) -> String {
    let mut digits: usize = 2;
    let mut span = span.abs();
    while span > 0.0 && span < 1.0 && digits < 12 {
        span *= 10.0;
        digits += 1;
    }
    let shown = format!("{value:.digits$}");
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    match shown {
        "" | "-" | "-0" => "0".to_owned(),
        shown => shown.to_owned(),
    }
}

/// A part of a whole in percent, with one digit; a dash of nothing.
#[must_use]
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let rounded = (part * 1000 + whole / 2) / whole;
    // Never rounded up to all, nor down to nothing.
    let tenths = match rounded {
        0 if part > 0 => 1,
        1000 if part < whole => 999,
        rounded => rounded,
    };
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A duration as people say it.
#[must_use]
pub(super) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_prefix_of_their_size() {
        let micro = Scale::of("A", 30e-6);
        assert_eq!(
            (micro.show(10.844e-6, 28e-6), micro.unit.as_str()),
            ("10.84".into(), "µA")
        );
        let mega = Scale::of("Hz", 8e6);
        assert_eq!(
            (mega.show(8_000_075.0, 800.0), mega.unit.as_str()),
            ("8.000075".into(), "MHz")
        );
        assert_eq!(Scale::of("Celsius", 5e4).unit, "°C");
        assert_eq!(Scale::of("Ohm", 4700.0).unit, "kΩ");
        assert_eq!(Scale::of("none", 3.0).unit, "");
        assert_eq!(Scale::of("V", 0.0).show(0.0, 0.0), "0");
    }

    #[test]
    fn a_percentage_never_claims_more_than_there_is() {
        assert_eq!(percent(999_999, 1_000_000), "99.9 %");
        assert_eq!(percent(1, 1_000_000), "0.1 %");
        assert_eq!(percent(18, 24), "75.0 %");
        assert_eq!(percent(1, 6), "16.7 %");
        assert_eq!(percent(24, 24), "100.0 %");
        assert_eq!(percent(0, 0), "–");
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        let shown = [900, 59_900, 61_000, 3_700_000, 90_000_000].map(duration);
        assert_eq!(
            shown,
            ["900 ms", "59.9 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]
        );
    }
}

//! Ranges of firmware versions: `>=2.5.0, <2.6.0`.

use std::fmt;

use crate::firmware_image::ImageVersion;

/// Most comparisons of a range.
const MAX_COMPARISONS: usize = 4;

/// Comparisons that a version has to meet, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    comparisons: Vec<Comparison>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    bound: ImageVersion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Equal,
    Less,
    More,
}

/// In the order in which they are tried: `>=` before `>`.
const OPERATORS: [(&str, Operator); 5] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::More),
];

impl VersionRange {
    /// Reads a range.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<_> = text.split(',').map(str::trim).collect();
        if parts.len() > MAX_COMPARISONS {
            return Err("more than four comparisons");
        }
        let comparisons = parts
            .into_iter()
            .map(comparison)
            .collect::<Result<_, _>>()?;
        Ok(Self { comparisons })
    }

    /// Whether the version meets every comparison.
    #[must_use]
    pub fn contains(&self, version: ImageVersion) -> bool {
        self.comparisons.iter().all(|one| one.holds(version))
    }
}

fn comparison(text: &str) -> Result<Comparison, &'static str> {
    let wrong = "not a range such as \">=2.5.0, <2.6.0\"";
    let split = |(sign, operator): &(&str, Operator)| Some((*operator, text.strip_prefix(sign)?));
    let (operator, bound) = OPERATORS.iter().find_map(split).ok_or(wrong)?;
    let bound = ImageVersion::parse(bound.trim_start()).map_err(|_| wrong)?;
    Ok(Comparison { operator, bound })
}

impl Comparison {
    /// A bound without a build number means every build of that version.
    fn holds(self, mut version: ImageVersion) -> bool {
        if self.bound.build == 0 {
            version.build = 0;
        }
        match self.operator {
            Operator::AtLeast => version >= self.bound,
            Operator::AtMost => version <= self.bound,
            Operator::Equal => version == self.bound,
            Operator::Less => version < self.bound,
            Operator::More => version > self.bound,
        }
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.comparisons.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let sign = OPERATORS
                .iter()
                .find(|(_, operator)| *operator == one.operator)
                .map_or("", |(sign, _)| sign);
            write!(f, "{comma}{sign}{}", one.bound)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        let parsed = VersionRange::parse(range).unwrap();
        assert_eq!(parsed.to_string(), range);
        let contains = |version: &&str| parsed.contains(ImageVersion::parse(version).unwrap());
        assert!(inside.iter().all(contains), "{range}");
        assert!(!outside.iter().any(contains), "{range}");
    }

    #[test]
    fn bounds_are_numbers_and_a_bound_without_build_means_every_build() {
        check(
            ">=2.5.0, <2.6.0",
            &["2.5.0", "2.5.10", "2.5.65535+4294967295", "2.5.0+1"],
            &["2.4.99", "2.6.0", "2.6.0+1", "10.5.0"],
        );
        check("<=2.5.1", &["2.5.1", "2.5.1+7", "0.0.0"], &["2.5.2"]);
        check(">2.5.1", &["2.5.2", "2.10.0"], &["2.5.1", "2.5.1+9"]);
        check("<=2.5.1+7", &["2.5.1", "2.5.1+7"], &["2.5.1+8"]);
        check("=2.5.1", &["2.5.1", "2.5.1+3"], &["2.5.0"]);
    }

    #[test]
    fn refuses_what_people_may_read_differently() {
        for text in [
            "",
            "2.5.1",
            "~2.5",
            ">=2.5",
            ">=2.5.0 <2.6.0",
            ">=02.5.0",
            "==2.5.0",
            ">=2.5.0,",
        ] {
            assert!(VersionRange::parse(text).is_err(), "{text}");
        }
        assert!(VersionRange::parse(">1.0.0,>1.0.0,>1.0.0,>1.0.0,>1.0.0").is_err());
    }
}

//! Several defects in one board: written down with `also`, or drawn from the catalogue by the seed.
//!
//! Nobody can write down the verdict of every combination. Of a drawn one it is known all the same
//! that a board with any defect that must be refused must be refused.

use serde::Deserialize;

use crate::blueprint::Blueprint;
use crate::conduct::Conduct;
use crate::defect::{Catalogue, Defect, NO_VERDICT};
use crate::fault::Fault;
use crate::seed::{Purpose, Seed, below};
use crate::wire_fault::WireFaults;

/// Stands between the names of a combination's parts.
pub const JOINT: char = '+';

/// Most defects that one board may have.
const MOST_PARTS: u32 = 8;

/// What a board may get besides, where one of its defects concerns the line, power or pace: it is given up
/// before anything was found out about it, or after the order to lock.
const GIVEN_UP: [&str; 4] = ["LINK-LOST", "LINK-NOISE", "LINK-PROTOCOL", "IN-DOUBT"];

/// Codes of boards that pass.
const PASSED: [&str; 2] = ["PASS", "ALREADY-PROVISIONED"];

/// How often devices without an assignment have several defects at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Combined {
    /// How many of a thousand have some.
    pub per_thousand: u32,
    /// How many defects one of them has at least; with 1, single ones are drawn too.
    #[serde(default = "two")]
    pub least: u32,
    /// How many defects one of them has at most.
    pub most: u32,
}

const fn two() -> u32 {
    2
}

impl Combined {
    pub(crate) fn check(&self) -> Result<(), String> {
        let sane = self.per_thousand <= 1_000
            && (1..=self.most).contains(&self.least)
            && self.most <= MOST_PARTS;
        sane.then_some(()).ok_or_else(|| {
            format!("combined: 0 <= per-thousand <= 1000, 1 <= least <= most <= {MOST_PARTS}")
        })
    }
}

impl Defect {
    /// Everything that is wrong.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&self.fault).chain(&self.also)
    }

    /// Whether it says of which other board it is a copy or a return.
    #[must_use]
    pub fn needs_another_board(&self) -> bool {
        self.is_clone() || self.comes_back()
    }

    /// Whether its verdict has nothing to do with other boards that have it.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        let shared = |fault: &Fault| {
            matches!(
                fault,
                Fault::SharedKey {}
                    | Fault::SharedAttestationKey {}
                    | Fault::SharedBootSeed {}
                    | Fault::SharedNonce {}
            )
        };
        !self.needs_another_board() && !self.faults().any(shared)
    }

    /// Whether the board is a copy of another one.
    #[must_use]
    pub fn is_clone(&self) -> bool {
        self.faults().any(|fault| matches!(fault, Fault::Clone {}))
    }

    /// Whether the board is one that was in the fixture before.
    #[must_use]
    pub fn comes_back(&self) -> bool {
        self.faults()
            .any(|fault| matches!(fault, Fault::ComesBack {}))
    }

    /// Whether its port goes away with its power.
    #[must_use]
    pub fn takes_port_along(&self) -> bool {
        self.faults()
            .any(|fault| matches!(fault, Fault::PortVanishes { .. }))
    }

    /// Whether a board may be given up for it, whatever else is wrong.
    fn strains_the_line(&self) -> bool {
        GIVEN_UP.contains(&self.expected.as_str()) || self.faults().any(Fault::strains_the_line)
    }

    /// What the line does to its bytes: the last fault of that kind counts.
    #[must_use]
    pub fn wire_faults(&self) -> WireFaults {
        let kind = |fault: &&Fault| matches!(fault, Fault::Wire { .. });
        let fault = self.faults().filter(kind).last();
        fault.map_or(WireFaults::default(), Fault::wire_faults)
    }

    /// Builds every fault into a board. Of several ways to behave on the wire, the last one counts.
    pub fn apply(&self, board: &mut Blueprint) -> Conduct {
        let conducts = self.faults().map(|fault| fault.apply(board));
        let dishonest = conducts.filter(|conduct| *conduct != Conduct::Honest);
        dishonest.last().unwrap_or(Conduct::Honest)
    }
}

impl Catalogue {
    /// The verdict codes that a board with the defect of that name may get; more than one only for a
    /// drawn combination. `None` where the catalogue has no such defect.
    #[must_use]
    pub fn expected_codes(&self, name: &str) -> Option<Vec<&str>> {
        if let Some(defect) = self.defect(name) {
            return Some(vec![&defect.expected]);
        }
        let parts: Option<Vec<_>> = name.split(JOINT).map(|part| self.defect(part)).collect();
        let parts = parts?;
        let codes: Vec<_> = parts.iter().map(|part| part.expected.as_str()).collect();
        let refused = |code: &&str| !PASSED.contains(code);
        let mut allowed: Vec<_> = if codes.iter().any(refused) {
            codes.into_iter().filter(refused).collect()
        } else {
            codes
        };
        if parts.iter().any(|part| part.strains_the_line()) {
            allowed.extend(GIVEN_UP);
        }
        Some(allowed)
    }

    /// Whether a refused board with the defect of that name may rightly be locked.
    #[must_use]
    pub fn may_end_locked(&self, name: &str) -> bool {
        let mut parts = name.split(JOINT).filter_map(|part| self.defect(part));
        self.defect(name)
            .is_some_and(|defect| defect.may_end_locked)
            || parts.any(|defect| defect.may_end_locked)
    }

    /// Whether a board with the defect of that name takes its port along, so that the station has a
    /// verdict each time it is there.
    #[must_use]
    pub fn takes_port_along(&self, name: &str) -> bool {
        name.split(JOINT)
            .filter_map(|part| self.defect(part))
            .any(Defect::takes_port_along)
    }

    /// A combination for that device, where the seed wants one.
    pub(crate) fn combination(&self, device: u32, seed: Seed) -> Option<Defect> {
        let combined = self.combined?;
        let mut stream = seed.stream(Purpose::Combination, device);
        if below(&mut stream, 1_000) >= combined.per_thousand {
            return None;
        }
        let may_be_part = |defect: &&Defect| {
            defect.stands_alone() && defect.expected != NO_VERDICT && defect.also.is_empty()
        };
        let mut left: Vec<&Defect> = self.defects.iter().filter(may_be_part).collect();
        let span = combined
            .most
            .saturating_sub(combined.least)
            .saturating_add(1);
        let count = combined.least.saturating_add(below(&mut stream, span));
        let mut parts = Vec::new();
        for _ in 0..count {
            let Ok(size) = u32::try_from(left.len()) else {
                break;
            };
            if size == 0 {
                break;
            }
            let place = usize::try_from(below(&mut stream, size)).unwrap_or_default();
            parts.push(left.swap_remove(place));
        }
        merge(&parts)
    }
}

/// One defect of several.
fn merge(parts: &[&Defect]) -> Option<Defect> {
    let (first, others) = parts.split_first()?;
    let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).collect();
    Some(Defect {
        name: names.join(&JOINT.to_string()),
        expected: first.expected.clone(),
        fault: first.fault.clone(),
        also: others.iter().map(|part| part.fault.clone()).collect(),
        may_end_locked: parts.iter().any(|part| part.may_end_locked),
        patience_ms: parts.iter().filter_map(|part| part.patience_ms).max(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"
        schema = 1
        [combined]
        per-thousand = 1000
        most = 3
        [[defect]]
        name = "old"
        expected = "FW-VERSION"
        fault = { kind = "firmware-version", component = "APP", version = "2.4.0" }
        [[defect]]
        name = "noisy"
        expected = "PASS"
        fault = { kind = "wire", faults = { flipped-bytes-per-million = 10 } }
        [[defect]]
        name = "slow"
        expected = "PASS"
        fault = { kind = "slow", step = "make-key", times = 2, retry-ms = 10 }
        [[defect]]
        name = "copy"
        expected = "UID-REUSED"
        fault = { kind = "clone" }
    "#;

    #[test]
    fn combinations_follow_the_seed_and_leave_out_what_needs_another_board() {
        let catalogue = Catalogue::parse("combined", CATALOGUE).unwrap();
        for device in 0..200 {
            let drawn = catalogue.combination(device, Seed(3)).unwrap();
            assert_eq!(
                Some(&drawn),
                catalogue.combination(device, Seed(3)).as_ref()
            );
            assert!((2..=3).contains(&drawn.faults().count()), "{}", drawn.name);
            assert!(!drawn.is_clone(), "{}", drawn.name);
        }
    }

    #[test]
    fn a_combination_with_a_refused_part_must_be_refused() {
        let catalogue = Catalogue::parse("combined", CATALOGUE).unwrap();
        let codes = |name| catalogue.expected_codes(name).unwrap();
        assert_eq!(codes("old"), ["FW-VERSION"]);
        assert!(codes("noisy+old").contains(&"FW-VERSION"));
        assert!(!codes("noisy+old").contains(&"PASS"));
        assert!(codes("noisy+slow").contains(&"PASS"));
        // Only what concerns the line can be hidden by it.
        assert!(codes("noisy+old").contains(&"LINK-LOST"));
        assert_eq!(codes("old+copy"), ["FW-VERSION", "UID-REUSED"]);
        assert!(catalogue.expected_codes("noisy+new").is_none());
    }

    #[test]
    fn all_faults_of_a_board_count() {
        let catalogue = Catalogue::parse("combined", CATALOGUE).unwrap();
        let part = |name| catalogue.defect(name).unwrap();
        let both = merge(&[part("noisy"), part("old")]).unwrap();
        assert_eq!(both.wire_faults().flipped_bytes_per_million, 10);
        let owner = crate::device_keys::DeviceKey::well_known("owner").point();
        let mut board = Blueprint::good(Seed(3), 0, owner);
        assert_eq!(both.apply(&mut board), Conduct::Honest);
        assert!(
            board
                .claims
                .components
                .iter()
                .any(|known| known.version == "2.4.0")
        );
    }

    #[test]
    fn numbers_out_of_range_and_names_with_a_joint_are_refused() {
        for (from, to) in [
            ("most = 3", "most = 1"),
            ("most = 3", "most = 9"),
            ("most = 3", "most = 3\nleast = 0"),
            ("= 1000", "= 1001"),
            ("\"slow\"", "\"s+w\""),
        ] {
            let text = CATALOGUE.replacen(from, to, 1);
            assert!(Catalogue::parse("combined", &text).is_err(), "{to}");
        }
    }
}

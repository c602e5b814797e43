//! The defect catalogue: named faults, the verdict that each must get, and which device of a line
//! has which.
//!
//! A TOML file, read strictly: an unknown key is an error. The expected verdicts are written by
//! hand; no program derives them from the faults.

use std::collections::BTreeSet;

use serde::Deserialize;
use thiserror::Error;

use crate::combination::{Combined, JOINT};
use crate::fault::Fault;
use crate::seed::{Purpose, Seed, below};

/// What is wrong with a catalogue, or with a line that is to be played from it.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// Not TOML, or with a key that means nothing.
    #[error("{file}: {source}")]
    Syntax {
        /// Which file.
        file: String,
        /// Where and what.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A layout of the file that this program does not know.
    #[error("{file}: schema {got} is unknown; this program reads schema 1")]
    Schema {
        /// Which file.
        file: String,
        /// What it says.
        got: u32,
    },
    /// Something in it contradicts itself.
    #[error("{file}: {what}")]
    Content {
        /// Which file.
        file: String,
        /// What, and what to do.
        what: String,
    },
}

/// One named fault.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Defect {
    /// Its name.
    pub name: String,
    /// The verdict code that a board with it must get, or `none` where nobody ever learns that it
    /// is there.
    pub expected: String,
    /// What is wrong.
    pub fault: Fault,
    /// What else is wrong with the same board.
    #[serde(default)]
    pub also: Vec<Fault>,
    /// Set where a refused board rightly ends up locked, with a certificate that the station has
    /// revoked.
    #[serde(default)]
    pub may_end_locked: bool,
    /// How long the person at the fixture waits for a verdict on such a board, if not as usual.
    pub patience_ms: Option<u32>,
}

/// Which device has which defect.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Assignment {
    /// The device's number on the line, from 0.
    pub device: u32,
    /// The defect's name.
    pub defect: String,
    /// Put in on the lane of that device, right after it.
    pub after: Option<u32>,
}

/// A defect that any device without an assignment may have.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drawn {
    /// The defect's name.
    pub defect: String,
    /// How many of a thousand have it.
    pub per_thousand: u32,
}

/// The whole file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Catalogue {
    schema: u32,
    /// The faults.
    #[serde(default, rename = "defect")]
    pub defects: Vec<Defect>,
    /// Who has them.
    #[serde(default, rename = "assign")]
    pub assignments: Vec<Assignment>,
    /// Who else may have them.
    #[serde(default)]
    pub drawn: Vec<Drawn>,
    /// Who may have several at once.
    pub combined: Option<Combined>,
}

/// One presentation of a board on a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The device's number.
    pub device: u32,
    /// Its defect; `None` for a good board.
    pub defect: Option<Defect>,
    /// The board that it comes after.
    pub after: Option<u32>,
}

impl Catalogue {
    /// Good boards only.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            schema: 1,
            defects: Vec::new(),
            assignments: Vec::new(),
            drawn: Vec::new(),
            combined: None,
        }
    }

    /// Reads a catalogue.
    pub fn parse(file: &str, text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = toml::from_str(text).map_err(|source| CatalogueError::Syntax {
            file: file.to_owned(),
            source: Box::new(source),
        })?;
        if catalogue.schema != 1 {
            return Err(CatalogueError::Schema {
                file: file.to_owned(),
                got: catalogue.schema,
            });
        }
        catalogue.check().map_err(|what| CatalogueError::Content {
            file: file.to_owned(),
            what,
        })?;
        Ok(catalogue)
    }

    /// The defect of that name.
    #[must_use]
    pub fn defect(&self, name: &str) -> Option<&Defect> {
        self.defects.iter().find(|defect| defect.name == name)
    }

    /// How many devices a line needs so that every assignment has its board.
    #[must_use]
    pub fn least_devices(&self) -> u32 {
        let assigned = self.assignments.iter().map(|entry| entry.device);
        assigned.max().map_or(0, |last| last.saturating_add(1))
    }

    /// What each lane gets, in this order. Boards go round the lanes, except those that come after
    /// another one.
    pub fn plan(
        &self,
        lanes: u32,
        devices: u32,
        seed: Seed,
    ) -> Result<Vec<Vec<Planned>>, CatalogueError> {
        if self.least_devices() > devices {
            let what = format!(
                "device {} has a defect, the line has {devices} devices; use --devices {} or more",
                self.least_devices().saturating_sub(1),
                self.least_devices(),
            );
            return Err(CatalogueError::Content {
                file: "defects".to_owned(),
                what,
            });
        }
        let mut queues = vec![Vec::new(); usize::try_from(lanes.max(1)).unwrap_or(1)];
        let (first, later): (Vec<_>, Vec<_>) = (0..devices)
            .map(|device| self.planned(device, seed))
            .partition(|planned| planned.after.is_none());
        let count = queues.len();
        for (index, planned) in first.into_iter().enumerate() {
            if let Some(queue) = queues.get_mut(index.checked_rem(count).unwrap_or(0)) {
                queue.push(planned);
            }
        }
        for planned in later {
            insert_after(&mut queues, planned);
        }
        Ok(queues)
    }

    fn planned(&self, device: u32, seed: Seed) -> Planned {
        let assigned = self.assignments.iter().find(|entry| entry.device == device);
        let defect = match assigned {
            Some(entry) => self.defect(&entry.defect).cloned(),
            None => self.combination(device, seed).or_else(|| {
                self.draw(device, seed)
                    .and_then(|name| self.defect(name))
                    .cloned()
            }),
        };
        Planned {
            device,
            defect,
            after: assigned.and_then(|entry| entry.after),
        }
    }

    fn draw(&self, device: u32, seed: Seed) -> Option<&str> {
        let mut ticket = below(&mut seed.stream(Purpose::Defect, device), 1_000);
        for drawn in &self.drawn {
            if ticket < drawn.per_thousand {
                return Some(&drawn.defect);
            }
            ticket -= drawn.per_thousand;
        }
        None
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for defect in &self.defects {
            if !names.insert(defect.name.as_str()) {
                return Err(format!(
                    "two defects are named {:?}; rename one",
                    defect.name
                ));
            }
            let is_code = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
            if defect.name.contains(JOINT) {
                return Err(format!(
                    "defect {:?}: {JOINT:?} stands between the names of drawn combinations; rename it",
                    defect.name
                ));
            }
            if defect.expected != NO_VERDICT && !defect.expected.bytes().all(is_code) {
                let (name, code) = (&defect.name, &defect.expected);
                return Err(format!(
                    "defect {name:?} expects {code:?}, no verdict code; use one, or \"none\""
                ));
            }
        }
        let mut devices = BTreeSet::new();
        for entry in &self.assignments {
            self.check_assignment(entry)?;
            if !devices.insert(entry.device) {
                return Err(format!("device {} is assigned twice", entry.device));
            }
        }
        for drawn in &self.drawn {
            if self.defect(&drawn.defect).is_none() {
                return Err(format!("no defect is named {:?}; define it", drawn.defect));
            }
        }
        self.combined.iter().try_for_each(Combined::check)
    }

    fn check_assignment(&self, entry: &Assignment) -> Result<(), String> {
        let (name, device) = (&entry.defect, entry.device);
        let Some(defect) = self.defect(name) else {
            return Err(format!(
                "no defect is named {name:?}; define it, or change device {device}"
            ));
        };
        let needs_other = defect.needs_another_board();
        match entry.after {
            None if needs_other => Err(format!(
                "device {device}: {name:?} concerns another board too; say which with `after`"
            )),
            Some(other) if other >= device => Err(format!(
                "device {device} can't come after device {other}; number it higher"
            )),
            _ => Ok(()),
        }
    }
}

/// What a defect expects whose board nobody ever hears.
pub const NO_VERDICT: &str = "none";

fn insert_after(queues: &mut [Vec<Planned>], planned: Planned) {
    for queue in queues.iter_mut() {
        let place = queue
            .iter()
            .position(|other| Some(other.device) == planned.after);
        if let Some(place) = place {
            queue.insert(place + 1, planned);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        schema = 1
        [[defect]]
        name = "old"
        expected = "FW-VERSION"
        fault = { kind = "firmware-version", component = "APP", version = "2.4.0" }
        [[defect]]
        name = "again"
        expected = "ALREADY-PROVISIONED"
        fault = { kind = "comes-back" }
        [[assign]]
        device = 1
        defect = "old"
        [[assign]]
        device = 4
        defect = "again"
        after = 0
    "#;

    #[test]
    fn boards_go_round_the_lanes_and_some_come_after_others() {
        let catalogue = Catalogue::parse("small", SMALL).unwrap();
        let queues = catalogue.plan(2, 5, Seed(7)).unwrap();
        let numbers: Vec<Vec<u32>> = queues
            .iter()
            .map(|queue| queue.iter().map(|planned| planned.device).collect())
            .collect();
        assert_eq!(numbers, [vec![0, 4, 2], vec![1, 3]]);
        assert_eq!(queues[1][0].defect.as_ref().unwrap().expected, "FW-VERSION");
        assert!(catalogue.plan(2, 4, Seed(7)).is_err());
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (from, to) in [
            ("schema = 1", "schema = 2"),
            ("device = 1", "device = 1\nextra = 1"),
            (
                "component = \"APP\"",
                "component = \"APP\", colour = \"red\"",
            ),
            ("kind = \"comes-back\"", "kind = \"comes-back\", of = 3"),
            ("defect = \"old\"", "defect = \"olt\""),
            ("name = \"again\"", "name = \"old\""),
            ("after = 0", ""),
            ("after = 0", "after = 4"),
            ("FW-VERSION", "fw-version"),
        ] {
            let text = SMALL.replacen(from, to, 1);
            assert!(Catalogue::parse("small", &text).is_err(), "{to}");
        }
    }

    #[test]
    fn drawn_defects_follow_the_seed() {
        let text = SMALL.to_owned() + "[[drawn]]\ndefect = \"old\"\nper-thousand = 300\n";
        let catalogue = Catalogue::parse("small", &text).unwrap();
        let faulty = |seed| {
            let queues = catalogue.plan(1, 200, Seed(seed)).unwrap();
            queues[0]
                .iter()
                .filter(|planned| planned.defect.is_some())
                .count()
        };
        assert_eq!(faulty(7), faulty(7));
        assert!((30..90).contains(&faulty(7)));
    }
}

//! When a lane or the batch is held: too many failures, too low a yield, one code again and again, alarms.
//!
//! The rules as the profile writes them. Who follows verdicts under them is `line::stop_watch`.

use super::toml_table::{Faults, Item};

/// Most boards that a rule may look back on.
const MAX_WINDOW: u32 = 10_000;

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The lane on which the rule tripped.
    Lane,
    /// The batch: no lane begins another board.
    Batch,
}

/// So many boards that failed, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InARow {
    /// How many trip the rule.
    pub count: u32,
    /// What is held then.
    pub holds: Holds,
}

/// So many among the last boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Among {
    /// How many trip the rule.
    pub count: u32,
    /// Among how many boards.
    pub window: u32,
    /// What is held then.
    pub holds: Holds,
}

/// The least yield that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yield {
    /// Over how many boards; fewer trip nothing.
    pub window: u32,
    /// How many of a hundred must have passed when they were put in for the first time.
    pub percent: u32,
    /// What is held when fewer did.
    pub holds: Holds,
}

/// The stop rules of a profile; each of them may lack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopRules {
    /// Failures one after another on one lane.
    pub failures_in_a_row_on_lane: Option<InARow>,
    /// Failures one after another in the batch, on whatever lanes.
    pub failures_in_a_row_in_batch: Option<InARow>,
    /// The batch's first-pass yield.
    pub first_pass_yield: Option<Yield>,
    /// The same code among the last boards of one lane: a worn fixture.
    pub same_code_on_lane: Option<Among>,
    /// Alarms about what boards attest, among the last boards of one lane where the lane is held, of the
    /// batch where that is.
    pub attestation_alarms: Option<Among>,
}

impl StopRules {
    /// Their keys in the profile, which name them in the ledger too.
    pub const KEYS: [&str; 5] = [
        "failures_in_a_row_on_lane",
        "failures_in_a_row_in_batch",
        "first_pass_yield",
        "same_code_on_lane",
        "attestation_alarms",
    ];

    pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Self {
        let Some(mut table) = faults.table(item, "write it as [stop_rules]") else {
            return Self::default();
        };
        let [lane, batch, first, same, alarms] = Self::KEYS.map(|key| table.optional(key));
        let rules = Self {
            failures_in_a_row_on_lane: lane.and_then(|item| in_a_row(faults, &item)),
            failures_in_a_row_in_batch: batch.and_then(|item| in_a_row(faults, &item)),
            first_pass_yield: first.and_then(|item| first_pass_yield(faults, &item)),
            same_code_on_lane: same.and_then(|item| among(faults, &item)),
            attestation_alarms: alarms.and_then(|item| among(faults, &item)),
        };
        table.finish(faults);
        rules
    }
}

const IN_A_ROW: &str = "for example { count = 5, holds = \"lane\" }";
const AMONG: &str = "for example { count = 3, window = 20, holds = \"lane\" }";
const YIELD: &str = "for example { window = 50, percent = 80, holds = \"batch\" }";

fn in_a_row<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<InARow> {
    let mut table = faults.table(item, IN_A_ROW)?;
    let count = table.required("count", IN_A_ROW);
    let holds = table.required("holds", IN_A_ROW);
    let count = count.and_then(|item| number(faults, &item, MAX_WINDOW, IN_A_ROW));
    let holds = holds.and_then(|item| faults.parsed(&item, IN_A_ROW, what_is_held));
    table.finish(faults);
    Some(InARow {
        count: count?,
        holds: holds?,
    })
}

fn among<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Among> {
    let mut table = faults.table(item, AMONG)?;
    let count_item = table.required("count", AMONG);
    let window = table.required("window", AMONG);
    let holds = table.required("holds", AMONG);
    let count = count_item
        .as_ref()
        .and_then(|item| number(faults, item, MAX_WINDOW, AMONG));
    let window = window.and_then(|item| number(faults, &item, MAX_WINDOW, AMONG));
    let holds = holds.and_then(|item| faults.parsed(&item, AMONG, what_is_held));
    table.finish(faults);
    let (count, window) = (count?, window?);
    if count > window {
        let hint = "let count be at most window";
        faults.at(&count_item?, "could never be reached in the window", hint);
        return None;
    }
    Some(Among {
        count,
        window,
        holds: holds?,
    })
}

fn first_pass_yield<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Yield> {
    let mut table = faults.table(item, YIELD)?;
    let window = table.required("window", YIELD);
    let percent = table.required("percent", YIELD);
    let holds = table.required("holds", YIELD);
    let window = window.and_then(|item| number(faults, &item, MAX_WINDOW, YIELD));
    let percent = percent.and_then(|item| number(faults, &item, 100, YIELD));
    let holds = holds.and_then(|item| faults.parsed(&item, YIELD, what_is_held));
    table.finish(faults);
    Some(Yield {
        window: window?,
        percent: percent?,
        holds: holds?,
    })
}

fn number<'t>(faults: &mut Faults<'t>, item: &Item<'t>, most: u32, hint: &str) -> Option<u32> {
    let value = faults.integer(item, 1..=i64::from(most), hint)?;
    u32::try_from(value).ok()
}

fn what_is_held(text: &str) -> Result<Holds, &'static str> {
    match text {
        "lane" => Ok(Holds::Lane),
        "batch" => Ok(Holds::Batch),
        _ => Err("not \"lane\" or \"batch\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    const SAMPLE: &str = include_str!("../../../fixtures/profiles/sensor-a.toml");

    fn with(rules: &str) -> Result<StopRules, String> {
        let (before, _) = SAMPLE.split_once("[stop_rules]").unwrap();
        let parsed = Profile::parse("stop.toml", &format!("{before}{rules}"));
        parsed
            .map(|profile| profile.stop_rules)
            .map_err(|faults| faults.to_string())
    }

    #[test]
    fn rules_are_read_strictly_and_may_lack() {
        assert_eq!(with(""), Ok(StopRules::default()));
        let one = with("[stop_rules]\nfailures_in_a_row_on_lane = { count = 5, holds = \"lane\" }");
        let (count, holds) = (5, Holds::Lane);
        let expected = Some(InARow { count, holds });
        assert_eq!(one.unwrap().failures_in_a_row_on_lane, expected);
        let refused = [
            (
                "failures_in_a_row = { count = 5, holds = \"lane\" }",
                "did you mean",
            ),
            (
                "failures_in_a_row_on_lane = { count = 0, holds = \"lane\" }",
                "outside",
            ),
            (
                "failures_in_a_row_on_lane = { count = 5 }",
                "lacks the key \"holds\"",
            ),
            (
                "failures_in_a_row_on_lane = { count = 5, holds = \"line\" }",
                "or \"batch\"",
            ),
            (
                "same_code_on_lane = { count = 5, window = 4, holds = \"lane\" }",
                "never be reached",
            ),
            (
                "first_pass_yield = { window = 5, percent = 101, holds = \"batch\" }",
                "outside 1..=100",
            ),
        ];
        for (rule, why) in refused {
            let said = with(&format!("[stop_rules]\n{rule}")).unwrap_err();
            assert!(said.contains(why), "{rule}: {said}");
        }
    }
}

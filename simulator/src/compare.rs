//! Joins what the station says of each board with what the board really was, by UID.
//!
//! A run is good when all of these hold:
//! 1. Every board that was put in has the verdict that the catalogue expects of its defect, `PASS`
//!    without one.
//! 2. The station has a line for no board that was never there.
//! 3. A refused board holds no locked identity, unless its defect says that it may.
//! 4. A passed board is locked, with the certificate that the station names.
//!
//! A UID that was put in several times needs as many lines from the station, in that order, or the
//! last one of each who came under it: the board itself, and whoever else used its UID. What is
//! said of the others may not take the place of a good board's line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use thiserror::Error;

use crate::defect::{Catalogue, NO_VERDICT};
use crate::report::ReportLine;

/// The code of a good board.
const PASS: &str = "PASS";

/// A file that is to be compared can't be read.
#[derive(Debug, Error)]
#[error("{file}, line {line}: {source}")]
pub struct ComparisonError {
    file: String,
    line: usize,
    #[source]
    source: serde_json::Error,
}

/// The station's last word on one board. More keys than these are welcome.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StationLine {
    /// The authentic UID, or the claimed one, or null where the board never told any.
    pub uid: Option<String>,
    /// Whether the UID was proven, where the station says so.
    #[serde(default)]
    pub uid_proven: Option<bool>,
    /// The lane.
    pub lane: Option<String>,
    /// `PASS`, `FAIL` or `ERROR`.
    pub verdict: String,
    /// The verdict code.
    pub code: String,
    /// The live certificate's serial number, where the station gives it.
    #[serde(default)]
    pub certificate_serial: Option<String>,
}

/// What the comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is not as it must be, one line each.
    pub differences: Vec<String>,
    /// Boards expected and found, by code.
    pub codes: BTreeMap<String, (u32, u32)>,
    /// How many presentations there were.
    pub boards: u32,
}

/// Reads newline-delimited JSON; empty lines don't count.
pub fn read_lines<T: for<'de> Deserialize<'de>>(
    file: &str,
    text: &str,
) -> Result<Vec<T>, ComparisonError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| ComparisonError {
                file: file.to_owned(),
                line: index + 1,
                source,
            })
        })
        .collect()
}

/// Compares.
#[must_use]
pub fn compare(
    station: &[StationLine],
    simulator: &[ReportLine],
    catalogue: &Catalogue,
) -> Comparison {
    let mut comparison = Comparison::default();
    let mut open: Vec<Option<&StationLine>> = station.iter().map(Some).collect();
    let mut groups: BTreeMap<&str, Vec<&ReportLine>> = BTreeMap::new();
    for board in simulator {
        groups.entry(&board.uid).or_default().push(board);
    }
    for line in simulator {
        comparison.boards += 1;
        // What a combination expects is counted once it is known what it got.
        if let Ok([expected]) = expected_codes(line, catalogue).as_deref() {
            comparison.expect(expected);
        }
    }
    // Boards that told their UID first, so that the nameless lines are left for the nameless
    // boards.
    let (named, mut nameless): (Vec<_>, Vec<_>) = groups
        .into_values()
        .partition(|group| group.iter().any(|board| board.identified));
    // In the order in which they were put in, which is that of their lines: several codes may fit one
    // line, and a board is not to take the line of one before it.
    nameless.sort_by_key(|group| group.iter().map(|board| board.device).min());
    for group in named.into_iter().chain(nameless) {
        comparison.compare_group(&group, &mut open, catalogue);
    }
    for line in open.into_iter().flatten() {
        comparison.count(&line.code);
        let uid = line.uid.as_deref().unwrap_or("without a UID");
        let lane = line.lane.as_deref().unwrap_or("an unnamed lane");
        comparison.differences.push(format!(
            "board {uid} on {lane}: the station says {}, but no such board was put in",
            line.code
        ));
    }
    comparison
}

impl Comparison {
    /// Whether everything is as it must be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.differences.is_empty()
    }

    /// A table for people, then the differences.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = format!("{:<22} {:>8} {:>6}\n", "verdict", "expected", "got");
        for (code, (expected, got)) in &self.codes {
            let mark = if expected == got { "" } else { "  <- differs" };
            let _infallible = writeln!(text, "{code:<22} {expected:>8} {got:>6}{mark}");
        }
        for difference in &self.differences {
            let _infallible = writeln!(text, "{difference}");
        }
        let _infallible = match self.differences.len() {
            0 => writeln!(text, "{} boards, every one as expected", self.boards),
            count => writeln!(text, "{} boards, {count} differences", self.boards),
        };
        text
    }

    fn compare_group(
        &mut self,
        group: &[&ReportLine],
        open: &mut [Option<&StationLine>],
        catalogue: &Catalogue,
    ) {
        let lines = take_lines(group, open, catalogue);
        let mut expected = Vec::new();
        for board in group {
            match expected_codes(board, catalogue) {
                Ok(codes) if codes == [NO_VERDICT] => self.count(NO_VERDICT),
                Ok(codes) => expected.push((*board, codes)),
                Err(difference) => self.differences.push(difference),
            }
        }
        if !lines.is_empty() && lines.len() < expected.len() {
            expected = self.last_words(expected, &lines);
        }
        for (index, (board, codes)) in expected.iter().enumerate() {
            match lines.get(index) {
                Some(line) => self.compare_board(board, codes, line, catalogue),
                None => self.differences.push(format!(
                    "{}: expected {}, but the station has no line for it",
                    describe(board),
                    codes.join(" or ")
                )),
            }
        }
        let twice = group.iter().any(|board| {
            let name = board.defect.as_deref();
            name.is_some_and(|name| catalogue.takes_port_along(name))
        });
        let told = expected.len();
        for (index, line) in lines.iter().enumerate().skip(told) {
            self.count(&line.code);
            let codes = expected.first().map(|(_, codes)| codes.as_slice());
            if twice && index == told && codes.is_some_and(|codes| codes.contains(&line.code)) {
                self.expect(&line.code);
                continue;
            }
            let board = group
                .last()
                .map(|board| describe(board))
                .unwrap_or_default();
            self.differences.push(format!(
                "{board}: one more line than expected, {}",
                line.code
            ));
        }
    }

    /// Takes out the words of which the station has later ones: they are not lost, only not here.
    fn last_words<'a>(
        &mut self,
        mut expected: Vec<(&'a ReportLine, Vec<String>)>,
        lines: &[&StationLine],
    ) -> Vec<(&'a ReportLine, Vec<String>)> {
        let mut kept = Vec::new();
        let mut own_word_follows = false;
        let mut lines = lines.iter().rev().peekable();
        while let Some((board, codes)) = expected.pop() {
            // The very last word is always compared.
            let next = lines.next_if(|line| codes.contains(&line.code) || kept.is_empty());
            if let Some(line) = next {
                own_word_follows |= is_of_the_board(line);
                kept.push((board, codes));
                continue;
            }
            if codes == [PASS] && !own_word_follows {
                self.differences.push(format!(
                    "{}: passed, but only has a line of somebody else with its UID",
                    describe(board)
                ));
            }
            if let [code] = codes.as_slice() {
                self.count(code);
            }
        }
        kept.reverse();
        kept
    }

    fn compare_board(
        &mut self,
        board: &ReportLine,
        expected: &[String],
        line: &StationLine,
        catalogue: &Catalogue,
    ) {
        self.count(&line.code);
        if expected.len() > 1 {
            self.expect(&line.code);
        }
        let who = describe(board);
        if !expected.contains(&line.code) {
            let expected = expected.join(" or ");
            self.differences
                .push(format!("{who}: expected {expected}, got {}", line.code));
        }
        let defect = board.defect.as_deref();
        let may_end_locked = defect.is_some_and(|name| catalogue.may_end_locked(name));
        match line.verdict.as_str() {
            "PASS" => self.check_passed(board, line, &who),
            _ if board.locked && !may_end_locked => self.differences.push(format!(
                "{who}: refused with {}, but it is locked and holds an identity",
                line.code
            )),
            _ => {}
        }
    }

    fn check_passed(&mut self, board: &ReportLine, line: &StationLine, who: &str) {
        if !board.locked || !board.lifecycle.starts_with("0x30") {
            let lifecycle = &board.lifecycle;
            self.differences.push(format!(
                "{who}: passed, but the board is not locked (lifecycle {lifecycle})"
            ));
        }
        match (&board.certificate_serial, &line.certificate_serial) {
            (None, _) => self
                .differences
                .push(format!("{who}: passed, but the board holds no certificate")),
            (Some(held), Some(said)) if held != said => self.differences.push(format!(
                "{who}: the board holds certificate {held}, the station says {said}"
            )),
            _ => {}
        }
        if board.told_passed == Some(false) {
            self.differences.push(format!(
                "{who}: passed, but the board was told that it failed"
            ));
        }
    }

    fn expect(&mut self, code: &str) {
        self.codes.entry(code.to_owned()).or_default().0 += 1;
    }

    fn count(&mut self, code: &str) {
        self.codes.entry(code.to_owned()).or_default().1 += 1;
    }
}

/// Whether a line is about the board whose UID it names, and not about a second one or an unproven claim.
fn is_of_the_board(line: &StationLine) -> bool {
    line.uid_proven != Some(false) && line.code != "UID-REUSED"
}

/// The station's lines for a UID, in their order; for boards that never told it, one nameless line
/// of their lane with the code that they expect.
fn take_lines<'a>(
    group: &[&ReportLine],
    open: &mut [Option<&'a StationLine>],
    catalogue: &Catalogue,
) -> Vec<&'a StationLine> {
    let is_named = |line: &StationLine| {
        line.uid.as_deref().is_some_and(|uid| {
            let told = |board: &&ReportLine| {
                board.uid.eq_ignore_ascii_case(uid) || board.claimed_uid.eq_ignore_ascii_case(uid)
            };
            group.iter().any(told)
        })
    };
    let mut lines = Vec::new();
    for slot in open.iter_mut() {
        if let Some(line) = slot.take_if(|line| is_named(line)) {
            lines.push(line);
        }
    }
    for board in group.iter().filter(|board| !board.identified) {
        let Ok(expected) = expected_codes(board, catalogue) else {
            continue;
        };
        let nameless = open.iter_mut().find_map(|slot| {
            slot.take_if(|line| {
                line.uid.is_none()
                    && expected.contains(&line.code)
                    && line.lane.as_ref().is_none_or(|lane| *lane == board.lane)
            })
        });
        lines.extend(nameless);
    }
    lines
}

/// More than one only for a drawn combination.
fn expected_codes(board: &ReportLine, catalogue: &Catalogue) -> Result<Vec<String>, String> {
    let Some(name) = &board.defect else {
        return Ok(vec![PASS.to_owned()]);
    };
    let codes = catalogue.expected_codes(name).ok_or_else(|| {
        format!(
            "{}: the catalogue has no such defect; give the one that the line was played from",
            describe(board)
        )
    })?;
    Ok(codes.into_iter().map(str::to_owned).collect())
}

fn describe(board: &ReportLine) -> String {
    let defect = board.defect.as_deref().unwrap_or("good");
    let (uid, device, lane) = (&board.uid, board.device, &board.lane);
    format!("board {uid} (device {device} on {lane}, {defect})")
}

#[cfg(test)]
mod tests;

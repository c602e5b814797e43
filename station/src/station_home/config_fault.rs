//! What is wrong in `station.toml`, where, and what to write instead.

use std::fmt;
use std::ops::Range;

/// A fault of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
    /// What to do.
    pub hint: String,
}

impl ConfigFault {
    /// A fault at a place of `text`; at its beginning where the place is unknown.
    pub(super) fn at(
        text: &str,
        place: Option<Range<usize>>,
        problem: impl fmt::Display,
        hint: impl fmt::Display,
    ) -> Self {
        let before = text
            .get(..place.map_or(0, |place| place.start))
            .unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let in_line = before.get(line_start..).unwrap_or_default();
        Self {
            line: before.matches('\n').count().saturating_add(1),
            column: in_line.chars().count().saturating_add(1),
            problem: problem.to_string(),
            hint: hint.to_string(),
        }
    }

    /// What the TOML reader found.
    pub(super) fn from_toml(text: &str, error: &toml::de::Error) -> Self {
        let problem = error.message().trim().to_owned();
        let hint = hint_for(&problem);
        Self::at(text, error.span(), problem.replace('\n', " "), hint)
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}; {}",
            self.line, self.column, self.problem, self.hint
        )
    }
}

impl std::error::Error for ConfigFault {}

fn hint_for(problem: &str) -> String {
    if problem.starts_with("unknown field") || problem.starts_with("unknown variant") {
        let mut quoted = problem.split('`').skip(1).step_by(2);
        let wrong = quoted.next().unwrap_or_default();
        let nearest = quoted.min_by_key(|known| distance(wrong, known));
        return match nearest {
            Some(known) if distance(wrong, known) <= 3 => {
                format!("write {known} instead, or remove it")
            }
            _ => "remove it; docs/configuration.md lists every key".to_owned(),
        };
    }
    if let Some(missing) = problem.strip_prefix("missing field") {
        return format!(
            "add {}; docs/configuration.md tells what it means",
            missing.trim()
        );
    }
    "correct it; docs/configuration.md lists every key with its values".to_owned()
}

/// Levenshtein distance of two short words.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (b, cell) in other.chars().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(a != b));
            diagonal = *cell;
            left = replaced
                .min(left.saturating_add(1))
                .min(cell.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("workers", "workers"), 0);
        assert_eq!(distance("worker", "workers"), 1);
        assert_eq!(distance("modul", "module"), 1);
        assert_eq!(distance("", "pin"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

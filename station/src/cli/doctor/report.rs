//! What the checks found: a table for people, a JSON object a line for programs.

use std::fmt::Display;

use serde::Serialize;

use crate::cli::output::Output;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Ok,
    /// It works, but somebody should look.
    Warning,
    /// It cannot be checked now.
    Skipped,
    /// The station cannot work so.
    Broken,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Skipped => "skipped",
            Self::Broken => "BROKEN",
        }
    }
}

/// One check.
#[derive(Debug, Serialize)]
struct Finding {
    check: String,
    state: State,
    detail: String,
    #[serde(rename = "do", skip_serializing_if = "String::is_empty")]
    to_do: String,
}

impl Finding {
    /// One line for people, and what to do below it.
    fn text(&self) -> String {
        let line = format!("{}: {}, {}", self.check, self.state.word(), self.detail);
        match self.to_do.as_str() {
            "" => line,
            to_do => format!("{line}\n  do: {to_do}"),
        }
    }
}

/// All checks, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    /// Adds what was found, with what to do about it.
    pub(super) fn add(
        &mut self,
        check: impl Display,
        state: State,
        detail: impl Display,
        to_do: impl Display,
    ) {
        let (check, detail, to_do) = (check.to_string(), detail.to_string(), to_do.to_string());
        self.0.push(Finding {
            check,
            state,
            detail,
            to_do,
        });
    }

    /// Adds a check that found nothing wrong.
    pub(super) fn ok(&mut self, check: impl Display, detail: impl Display) {
        self.add(check, State::Ok, detail, "");
    }

    /// Whether the station cannot work so.
    pub(super) fn is_broken(&self) -> bool {
        self.0.iter().any(|finding| finding.state == State::Broken)
    }

    /// Prints everything, then what is to be done; when quiet, only what is not well.
    pub(super) fn print(&self, output: &Output) {
        let wanted = |finding: &&Finding| !output.is_quiet() || finding.state != State::Ok;
        let shown: Vec<&Finding> = self.0.iter().filter(wanted).collect();
        if shown.is_empty() {
            return;
        }
        for finding in &shown {
            output.object(finding);
        }
        if output.is_quiet() {
            for finding in shown {
                output.text(&finding.text());
            }
            return;
        }
        let row = |finding: &&Finding| {
            vec![
                finding.check.clone(),
                finding.state.word().to_owned(),
                finding.detail.clone(),
            ]
        };
        let rows: Vec<_> = shown.iter().map(row).collect();
        output.table(&["CHECK", "STATE", "DETAIL"], &rows);
        for finding in shown.iter().filter(|finding| !finding.to_do.is_empty()) {
            output.text(&format!(
                "\n{}: {}\n  do: {}",
                finding.check, finding.detail, finding.to_do
            ));
        }
        let count = |state| self.0.iter().filter(|found| found.state == state).count();
        output.text("");
        output.text(&match (count(State::Broken), count(State::Skipped)) {
            (0, 0) => "the station is well".to_owned(),
            (0, _) => "nothing is broken among what was checked; the rest was left out".to_owned(),
            (1, _) => "1 check found something broken".to_owned(),
            (count, _) => format!("{count} checks found something broken"),
        });
    }
}

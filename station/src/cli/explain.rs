//! `station explain`: what a verdict code means and what to do, from the table and the runbook.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use crate::verdict::{Outcome, Retry, Severity, VerdictCode};

/// The runbook as it was when this program was built.
const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

/// Explain a verdict code, or list all of them
///
/// Prints what the code means, what causes it, what the operator and QA do, and whether the board is put
/// in again: the code's section of the runbook. Needs no station home.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  station explain ATT-DEBUG\n  station explain --json")]
pub(crate) struct ExplainArguments {
    /// The code, for example HW-LIMIT [default: all of them]
    code: Option<String>,
}

#[derive(Serialize)]
struct Explained {
    code: VerdictCode,
    outcome: Outcome,
    severity: Severity,
    retry: Retry,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<&'static str>,
}

impl Explained {
    fn new(code: VerdictCode, runbook: Option<&'static str>) -> Self {
        let entry = code.entry();
        Self {
            code,
            outcome: entry.outcome,
            severity: entry.severity,
            retry: entry.retry,
            action: entry.action,
            runbook,
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.code.to_string(),
            outcome(self.outcome).to_owned(),
            severity(self.severity).to_owned(),
            retry(self.retry).to_owned(),
            self.action.to_owned(),
        ]
    }
}

/// Does it.
pub(crate) fn run(arguments: &ExplainArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let output = &context.output;
    let Some(text) = &arguments.code else {
        let all: Vec<_> = VerdictCode::ALL
            .iter()
            .map(|code| Explained::new(*code, None))
            .collect();
        for one in &all {
            output.object(one);
        }
        let rows: Vec<Vec<String>> = all.iter().map(Explained::cells).collect();
        output.table(
            &["code", "verdict", "severity", "retest", "operator"],
            &rows,
        );
        return Ok(ExitStatus::Done);
    };
    let code = VerdictCode::parse(&text.to_uppercase()).ok_or_else(|| unknown(text))?;
    let explained = Explained::new(code, section(code));
    output.object(&explained);
    output.text(&format!(
        "{code}: {}, {}; retest: {}",
        outcome(explained.outcome),
        severity(explained.severity),
        retry(explained.retry)
    ));
    output.text(&format!("  do: {}", explained.action));
    if let Some(section) = explained.runbook {
        output.text("");
        for line in section.lines() {
            output.text(line);
        }
    }
    Ok(ExitStatus::Done)
}

/// The code's section of the runbook, without its heading and the line that the table repeats.
fn section(code: VerdictCode) -> Option<&'static str> {
    let heading = format!("\n### {code}\n");
    let (_, after) = RUNBOOK.split_once(&heading)?;
    let body = after.split("\n#").next()?;
    body.split_once("\n\n").map(|(_, body)| body.trim())
}

fn unknown(text: &str) -> Failure {
    // Of the same word, or with the odd letter wrong.
    const LIKE: f64 = 0.75;

    let upper = text.to_uppercase();
    let likeness = |code: &VerdictCode| strsim::jaro_winkler(&upper, code.as_str());
    let nearest = VerdictCode::ALL
        .iter()
        .map(|code| (code, likeness(code)))
        .filter(|(_, likeness)| *likeness >= LIKE)
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    let advice = match nearest {
        Some((code, _)) => format!("did you mean {code}? station explain lists all"),
        None => "see station explain for all of them".to_owned(),
    };
    Failure::usage(
        format_args!("cannot explain {text:?}"),
        "there is no such verdict code",
        advice,
    )
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Error => "ERROR",
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Routine => "routine",
        Severity::Alarm => "alarm",
    }
}

const fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Never => "no",
        Retry::Once => "once",
        Retry::Later => "later",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_whole_section_and_no_more() {
        for code in VerdictCode::ALL {
            let section = section(*code).unwrap_or_else(|| panic!("{code} has no section"));
            assert!(section.starts_with("- **Meaning**: "), "{code}: {section}");
            assert!(section.contains(code.entry().action), "{code}: {section}");
            let last = section.lines().last().unwrap_or_default();
            assert!(last.starts_with("- **Retest**: "), "{code}: {last}");
            assert_eq!(section.matches("**Meaning**").count(), 1, "{code}");
        }
    }

    #[test]
    fn a_misspelt_code_is_told_with_the_one_that_was_meant() {
        let advice = |text| unknown(text).to_do().to_owned();
        assert!(advice("att-debgu").contains("did you mean ATT-DEBUG?"));
        assert!(advice("FW_VERSION").contains("did you mean FW-VERSION?"));
        assert!(!advice("banana").contains("did you mean"));
    }
}

//! `station explain`: what a verdict code means and what to do, from the table and the runbook.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::output::Output;
use crate::verdict::{Outcome, Retry, Severity, VerdictCode};

/// The runbook as it was when this program was built.
const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

/// Explain a verdict code or a procedure, or list all of them
///
/// Prints what the code means, what causes it, what the operator and QA do, and whether the board is put
/// in again: the code's section of the runbook. Where it says: see "...", that is a procedure, which is printed by
/// its name. Needs no station home.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  station explain ATT-DEBUG\n  station explain \"a lane is held\"\n  \
                        station explain --json"
)]
pub(crate) struct ExplainArguments {
    /// The code, for example HW-LIMIT, or the name of a procedure [default: all of them]
    code: Option<String>,
}

/// A procedure of the runbook.
#[derive(Serialize)]
struct Procedure {
    procedure: &'static str,
    runbook: &'static str,
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
        output.text("procedures:");
        for (procedure, _) in procedures() {
            output.text(&format!("  {procedure}"));
        }
        return Ok(ExitStatus::Done);
    };
    let Some(code) = VerdictCode::parse(&text.to_uppercase()) else {
        let (procedure, runbook) = procedures()
            .find(|(name, _)| name.eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| unknown(text))?;
        output.object(&Procedure { procedure, runbook });
        output.text(procedure);
        print(output, runbook);
        return Ok(ExitStatus::Done);
    };
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
        print(output, section);
    }
    Ok(ExitStatus::Done)
}

/// Prints a part of the runbook, without the marks of its bold words.
fn print(output: &Output, markdown: &str) {
    for line in markdown.lines() {
        output.text(&line.replace("**", ""));
    }
}

/// The runbook's procedures: their names, and what they say.
fn procedures() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = RUNBOOK
        .split_once("\n# Procedures\n")
        .map_or("", |(_, all)| all);
    let all = all.split("\n# ").next().unwrap_or(all);
    let each = all.split("\n## ").skip(1);
    each.filter_map(|one| one.split_once('\n'))
        .map(|(name, body)| (name.trim(), body.trim()))
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
        "there is no such verdict code or procedure",
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
    fn every_procedure_that_the_runbook_sends_to_is_there() {
        let names: Vec<_> = procedures().map(|(name, _)| name).collect();
        assert!(names.len() > 10, "{names:?}");
        let sent_to = RUNBOOK.split("see \"").skip(1);
        let sent_to: Vec<_> = sent_to.filter_map(|rest| rest.split('"').next()).collect();
        assert!(sent_to.len() > 4, "{sent_to:?}");
        for name in sent_to {
            assert!(names.contains(&name), "{name:?} is no procedure");
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

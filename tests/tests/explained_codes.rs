//! `station explain`: each verdict code with what the runbook says.
#![forbid(unsafe_code)]

use std::process::Command;

use acceptance::station_process::{Finished, programs, run};
use station::verdict::VerdictCode;

fn explain(words: &[&str]) -> Finished {
    let mut command = Command::new(&programs().station);
    run(command.arg("explain").args(words))
}

#[test]
fn every_code_is_explained_by_its_section_of_the_runbook() {
    let listed = explain(&["--json"]).ok().json_lines();
    assert_eq!(listed.len(), VerdictCode::ALL.len());
    let one = explain(&["HW-LIMIT", "--json"]).ok().json_lines();
    assert_eq!(
        (&one[0]["code"], &one[0]["retry"]),
        (&"HW-LIMIT".into(), &"once".into())
    );
    let section = one[0]["runbook"].as_str().unwrap_or_default();
    assert!(
        section.contains("**Meaning**") && section.contains("**Retest**"),
        "{section}"
    );
    let told = explain(&["att-debug"]).ok().stdout;
    assert!(told.starts_with("ATT-DEBUG: FAIL, "), "{told}");
    assert!(told.contains("- QA:") && !told.contains("**"), "{told}");
    let procedure = explain(&["a lane is HELD"]).ok().stdout;
    assert!(procedure.starts_with("A lane is held\n"), "{procedure}");
    assert!(procedure.contains("station hold list"), "{procedure}");
    assert!(explain(&[]).ok().stdout.contains("\n  A lane is held\n"));
}

/// Where a code's section says: see "...", that procedure is there, and stands in no place that `explain` does not show.
#[test]
fn every_procedure_that_a_code_names_is_explained() {
    let mut named = 0;
    for code in VerdictCode::ALL {
        let section = explain(&[&code.to_string(), "--json"]).ok().json_lines();
        let section = section[0]["runbook"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for rest in section.to_lowercase().split("see \"").skip(1) {
            let (procedure, after) = rest.split_once('"').expect("its name ends");
            explain(&[procedure]).ok();
            let place = after.starts_with(" above") || after.starts_with(" below");
            assert!(!place, "{code}: {procedure}{after}");
            named += 1;
        }
    }
    assert!(named > 5, "{named}");
    let ledger = explain(&["STATION-LEDGER"]).ok().stdout;
    assert!(
        ledger.contains("see \"The mirror can't be written\""),
        "{ledger}"
    );
}

#[test]
fn a_misspelt_code_is_wrong_usage_and_told_with_the_one_that_was_meant() {
    let refused = explain(&["HW-LIMTI"]).code(2);
    assert!(
        refused.stderr.contains("did you mean HW-LIMIT?"),
        "{}",
        refused.stderr
    );
}

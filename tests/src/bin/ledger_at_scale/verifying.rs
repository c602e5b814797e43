//! Passes of the verification one by one, where a ledger is so large that not all of them are wanted.
#![forbid(unsafe_code)]

use std::path::Path;

use serde_json::{Value, json};
use station::ledger::{Pass, Reader, Verification};
use station::station_home::StationHome;

use super::{Outcome, now};

/// Runs these passes, in their order.
pub(crate) fn run(home: &Path, names: &[&str]) -> Outcome<Value> {
    let path = StationHome::open(home)?.ledger();
    let key = Reader::open(&path)?.opening()?.key;
    let mut verification = Verification::begin(&path, &key, None)?;
    let mut passes = Vec::new();
    for pass in Pass::ALL
        .into_iter()
        .filter(|pass| names.contains(&pass.name()))
    {
        let started = now();
        verification.run(pass, None, &|_| {})?;
        let milliseconds = u64::try_from(started.elapsed().as_millis())?;
        passes.push(json!({ "pass": pass.name(), "milliseconds": milliseconds }));
    }
    let report = verification.report();
    if let Some(finding) = report.findings.first() {
        return Err(format!("the ledger is damaged: {finding}").into());
    }
    Ok(json!({
        "entries": report.head.size,
        "checkpoints": report.checkpoints,
        "passes": passes,
    }))
}

//! What was found, for people and for programs.

use std::collections::BTreeSet;

use firmware_proto::Uid;
use serde::Serialize;

use super::folder;
use super::manifest_files::Asked;
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::manifest::question::{Found, FoundFirmware, LaterWord, Question, Source};
use crate::verdict::{Outcome, VerdictCode};

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    device: &'a Found,
    manifest: &'a Source,
}

#[derive(Serialize)]
struct Sum {
    rows: u64,
    devices: u64,
    batches: u64,
    manifests_read: u64,
    manifests_verified: u64,
    manifests_refused: u64,
    manifests_not_verified: u64,
    manifests_superseded: u64,
    manifests_unread: u64,
    manifests_not_checked: u64,
    contradictions: u64,
    overtaken: u64,
    other_files: u64,
    folders_not_looked_into: u64,
}

/// Shows it; whether anything was found.
pub(super) fn show(context: &Context, question: &Question, asked: &Asked) -> bool {
    let output = &context.output;
    let settled = &asked.settled;
    for (old, by) in &asked.superseded {
        let line = format!(
            "{} of batch {} is left out: {by} is of the same batch and counts instead",
            old.file, old.batch
        );
        let object = serde_json::json!({ "superseded": old.file, "batch": old.batch, "by": by });
        output.remark(&object, &line);
    }
    let mut rows = Vec::new();
    let mut found = Sizes::default();
    for answers in &settled.answers {
        found.rows += answers.devices.len() as u64;
        found.batches += u64::from(!answers.devices.is_empty());
        for device in &answers.devices {
            found.devices.insert(&device.uid);
            output.object(&Line {
                device,
                manifest: &answers.source,
            });
            if !output.is_json() {
                rows.push(row(device, &answers.source));
            }
        }
    }
    if !rows.is_empty() {
        let header = [
            "serial",
            "uid",
            "verdict",
            "batch",
            "firmware",
            "finished",
            "certificates",
        ];
        output.table(&header, &rows);
    }
    if settled.overtaken > 0 {
        let line = format!(
            "{} left out: a later batch came to another verdict about the device; \
             to ask what one batch came to, add --batch ID",
            counted(settled.overtaken, "row is", "rows are")
        );
        output.notice(&line);
    }
    if found.rows == 0 {
        asked.hints.show(output, question, asked.not_verified > 0);
    }
    if let Some(line) = folder::not_looked_into(&asked.folders) {
        let object = serde_json::json!({ "folders_not_looked_into": asked.folders });
        output.remark(&object, &line);
    }
    show_sum(context, asked, &found);
    found.rows > 0
}

/// How much was found: a device has a row in each batch that it was in.
#[derive(Default)]
struct Sizes<'a> {
    rows: u64,
    devices: BTreeSet<&'a Uid>,
    batches: u64,
}

fn show_sum(context: &Context, asked: &Asked, found: &Sizes<'_>) {
    let sum = Sum {
        rows: found.rows,
        devices: found.devices.len() as u64,
        batches: found.batches,
        manifests_read: asked.read,
        manifests_verified: asked.verified,
        manifests_refused: asked.refused,
        manifests_not_verified: asked.not_verified,
        manifests_superseded: asked.superseded.len() as u64,
        manifests_unread: asked.unread,
        manifests_not_checked: asked.not_checked,
        contradictions: asked.contradictions,
        overtaken: asked.settled.overtaken,
        other_files: asked.passed_over,
        folders_not_looked_into: asked.folders.len() as u64,
    };
    let mut line = format!(
        "{} of {} in {}; {} read, {} verified, {} refused, {} superseded; {} passed over",
        counted(sum.rows, "row", "rows"),
        counted(sum.devices, "device", "devices"),
        counted(sum.batches, "batch", "batches"),
        counted(sum.manifests_read, "manifest", "manifests"),
        sum.manifests_verified,
        sum.manifests_refused,
        sum.manifests_superseded,
        counted(sum.other_files, "other file", "other files")
    );
    for (count, what) in [
        (sum.manifests_not_verified, "NOT VERIFIED"),
        (sum.manifests_unread, "NOT READ"),
        (sum.manifests_not_checked, "NOT CHECKED"),
        (sum.contradictions, "CONTRADICTED"),
    ] {
        if count > 0 {
            line = format!("{line}; {count} {what}");
        }
    }
    context
        .output
        .remark(&serde_json::json!({ "sum": sum }), &line);
}

fn row(device: &Found, source: &Source) -> Vec<String> {
    let dash = || "-".to_owned();
    let certificates: Vec<String> = device
        .certificates
        .iter()
        .map(|one| format!("{} {}", one.serial, one.status.as_str()))
        .collect();
    let mut verdict = verdict_words(device.verdict, device.code);
    if let Some(LaterWord {
        batch,
        verdict: later,
        code,
        ..
    }) = &device.later
    {
        let later = verdict_words(*later, *code);
        verdict = format!("{verdict} (later {later} in {batch})");
    }
    let marks = [
        (source.development, " (development)"),
        (!source.verified, " (NOT VERIFIED)"),
        (source.contradicted, " (CONTRADICTED)"),
    ];
    let marks: Vec<&str> = marks
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, mark)| *mark)
        .collect();
    vec![
        device
            .serial
            .as_ref()
            .map_or_else(dash, ToString::to_string),
        device.uid.to_string(),
        verdict,
        format!("{}{}", source.batch, marks.concat()),
        firmware_words(&device.firmware, device.code),
        device.finished.map_or_else(dash, |at| at.to_string()),
        certificates.join(", "),
    ]
}

/// The version is what the device says of itself; that code says that an image or its signer is another one.
fn firmware_words(firmware: &[FoundFirmware], code: Option<VerdictCode>) -> String {
    let named = firmware
        .iter()
        .map(|one| format!("{} {}", one.component, one.version));
    let mut words = named.collect::<Vec<_>>().join(", ");
    if code == Some(VerdictCode::FwMeasurement) && !words.is_empty() {
        words.push_str(" (NOT THE RELEASED IMAGE)");
    }
    words
}

fn verdict_words(verdict: Outcome, code: Option<VerdictCode>) -> String {
    let verdict = match verdict {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Error => "ERROR",
    };
    code.map_or_else(|| verdict.to_owned(), |code| code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Hex;

    #[test]
    fn another_image_of_a_version_does_not_look_like_the_released_one() {
        let firmware = [FoundFirmware {
            component: "APP".to_owned(),
            version: "2.5.1".to_owned(),
            measurement: Hex(vec![1; 32]),
        }];
        let words = |code| firmware_words(&firmware, Some(code));
        assert_eq!(words(VerdictCode::Pass), "APP 2.5.1");
        let other = words(VerdictCode::FwMeasurement);
        assert_eq!(other, "APP 2.5.1 (NOT THE RELEASED IMAGE)");
    }
}

//! What is told of manifests that do not simply count.

use std::path::Path;

use serde_json::json;

use super::manifest_files::{Asked, Fault, Kept, Reading};
use crate::cli::output::in_a_line;
use crate::manifest::offline_verifier::Rejected;
use crate::manifest::same_batch::Comparison;
use crate::manifest::settling::TwoLedgers;

impl Reading<'_> {
    pub(super) fn tell_two_ledgers(&self, asked: &mut Asked, two: &TwoLedgers<'_>) {
        asked.contradictions += 1;
        let (batch, files) = (two.batch.1, two.files.join(", "));
        let named = in_a_line(&files);
        let line = format!(
            "batch {batch} is in two ledgers, and both verify: {named}; ask whoever made them which one it is"
        );
        let object = json!({ "two_ledgers": { "batch": batch, "files": files } });
        self.context.output.remark(&object, &line);
    }

    /// Whether they contradict each other.
    pub(super) fn tell_comparison(
        &self,
        asked: &mut Asked,
        earlier: &Kept,
        later: &Kept,
        comparison: &Comparison,
    ) -> bool {
        let (one, other) = (&earlier.answers.source, &later.answers.source);
        if comparison.differences.is_empty() {
            if let Some(later) = comparison.later.in_words() {
                let line = format!(
                    "{} knows more than {}: {later}",
                    in_a_line(&other.file),
                    in_a_line(&one.file)
                );
                self.context.output.notice(&line);
            }
            return false;
        }
        asked.contradictions += 1;
        let verified = other.verified;
        let object = json!({ "contradiction": {
            "batch": one.batch, "earlier": one.file, "later": other.file, "verified": verified,
            "differences": comparison.differences, "more": comparison.more,
        } });
        let mut line = format!(
            "{} and {} {} and contradict each other about batch {}; what differs:",
            in_a_line(&one.file),
            in_a_line(&other.file),
            if verified {
                "both verify"
            } else {
                "do not verify"
            },
            one.batch
        );
        for difference in &comparison.differences {
            let device = difference.device.as_ref();
            let device = device.map_or(String::new(), |name| format!("{name}: "));
            line = format!("{line}\n  {device}{}", difference.what);
        }
        if comparison.more > 0 {
            line = format!("{line}\n  and {} more", comparison.more);
        }
        self.context.output.remark(&object, &line);
        true
    }

    /// A manifest that does not verify, where its word was asked for: why it does not, and whether it counts.
    pub(super) fn tell_not_verified(&self, asked: &mut Asked, one: &Kept, counts: Option<&Kept>) {
        let Some(why) = &one.not_verified else {
            return;
        };
        asked.not_verified += 1;
        let name = &one.answers.source.file;
        let shown = in_a_line(name);
        let line = match counts {
            None => format!(
                "{shown} does not verify: {why}; taken all the same, because of --unverified"
            ),
            Some(other) => format!(
                "{shown} does not verify and is left out, since {} is of the same batch and {}: {why}",
                in_a_line(&other.answers.source.file),
                match other.not_verified {
                    None => "does",
                    Some(_) => "was taken, which does not either",
                }
            ),
        };
        let instead = counts.map(|other| &other.answers.source.file);
        let object = json!({
            "not_verified": name, "why": why, "taken": instead.is_none(), "instead": instead,
        });
        self.context.output.remark(&object, &line);
    }

    pub(super) fn tell(&self, asked: &mut Asked, path: &Path, fault: Fault) {
        match fault {
            Fault::Unread(why) | Fault::Rejected(Rejected::Unreadable(why)) => {
                self.tell_unread(asked, path, &why);
            }
            Fault::Rejected(Rejected::NotKept(fault)) => {
                asked.not_checked += 1;
                let name = path.display().to_string();
                let line = in_a_line(&name);
                let line = format!(
                    "{line} was not checked: {fault}; make room there, or name another folder in TMPDIR"
                );
                let object = json!({ "not_checked": name, "why": fault.to_string() });
                self.context.output.remark(&object, &line);
            }
            Fault::Rejected(why) => self.refuse(asked, path, &why.to_string()),
        }
    }

    pub(super) fn refuse(&self, asked: &mut Asked, path: &Path, why: &str) {
        asked.refused += 1;
        let name = path.display().to_string();
        let line = format!(
            "{} does not verify and is left out: {why}",
            in_a_line(&name)
        );
        let object = json!({ "refused": name, "why": why });
        self.context.output.remark(&object, &line);
    }

    pub(super) fn tell_unread(&self, asked: &mut Asked, path: &Path, why: &str) {
        asked.unread += 1;
        let name = path.display().to_string();
        let line = in_a_line(&name);
        let line = format!("{line} is named as a manifest and was not read: {why}");
        let object = json!({ "unread": name, "why": why });
        self.context.output.remark(&object, &line);
    }
}

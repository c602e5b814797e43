//! What whoever finds nothing may have meant: what is there instead of what was asked for.

use std::collections::BTreeSet;

use serde_json::json;

use crate::cli::output::Output;
use crate::manifest::question::{CertificateName, Question};
use crate::manifest::statement::BoardRow;
use crate::names::BatchId;

/// More names than these are no hint.
const NAMES_MAX: usize = 5;

/// A list that people read.
const LIST_MAX: usize = 20;

/// Gathered while rows go by; of bounded size.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Names that are the asked ones but for the case of their letters.
    almost: BTreeSet<String>,
    /// Where a component is asked for: those that there are.
    components: BTreeSet<String>,
    /// Where a batch is asked for: those that there are.
    batches: BTreeSet<String>,
    /// Whether a row names the certificate that is asked for, or is of the batch, though it does not answer.
    certificate_seen: bool,
    batch_seen: bool,
}

impl Hints {
    /// A row of a manifest.
    pub(super) fn hear(&mut self, question: &Question, row: &BoardRow) {
        add(&mut self.almost, question.almost(row), NAMES_MAX);
        add(&mut self.components, question.components(row), LIST_MAX);
        self.certificate_seen |= question.is_certificate_of(row);
    }

    /// The batch that a manifest is of.
    pub(super) fn hear_batch(&mut self, question: &Question, batch: &BatchId) {
        self.batch_seen |= question.is_about(batch);
        if question.batch.is_some() {
            add(&mut self.batches, [batch.as_str()], LIST_MAX);
        }
    }

    /// What it heard is of another batch than is asked for: no name there was meant.
    pub(super) fn forget_names(&mut self) {
        self.almost.clear();
    }

    /// What another manifest gave.
    pub(super) fn add(&mut self, other: Self) {
        add(&mut self.almost, other.almost, NAMES_MAX);
        add(&mut self.components, other.components, LIST_MAX);
        add(&mut self.batches, other.batches, LIST_MAX);
        self.certificate_seen |= other.certificate_seen;
        self.batch_seen |= other.batch_seen;
    }

    /// Says so, where nothing was found.
    pub(super) fn show(&self, output: &Output, question: &Question, some_unverified: bool) {
        if !self.almost.is_empty() {
            let names: Vec<_> = self.almost.iter().map(String::as_str).collect();
            let line = format!(
                "nothing has that name; did you mean {}? capitals and small letters differ",
                names.join(" or ")
            );
            output.remark(&json!({ "did_you_mean": names }), &line);
        }
        let hints = [
            self.component(question),
            digest(question),
            self.batch(question),
            self.certificate(question, some_unverified),
        ];
        for line in hints.into_iter().flatten() {
            output.remark(&json!({ "hint": line }), &line);
        }
    }

    fn component(&self, question: &Question) -> Option<String> {
        let asked = question.firmware.as_ref()?.component.as_ref()?;
        let unknown = !self.components.is_empty() && !self.components.contains(asked);
        let there = listed(&self.components);
        unknown.then(|| format!("no manifest here has a component {asked}; {there}"))
    }

    fn batch(&self, question: &Question) -> Option<String> {
        let asked = question.batch.as_ref()?;
        let unknown = !self.batch_seen && !self.batches.is_empty();
        let there = listed(&self.batches);
        unknown.then(|| format!("no manifest here is of batch {asked}; {there}"))
    }

    fn certificate(&self, question: &Question, some_unverified: bool) -> Option<String> {
        let asked = match question.certificate.as_ref()? {
            CertificateName::Serial(serial) => format!("serial number {serial}"),
            CertificateName::Digest(digest) => format!("SHA-256 {digest}"),
        };
        let held = if some_unverified { "here" } else { "that held" };
        (!self.certificate_seen).then(|| {
            format!(
                "no manifest {held} names this certificate ({asked}); that does not say that it is not genuine"
            )
        })
    }
}

fn digest(question: &Question) -> Option<String> {
    let digits = question.firmware.as_ref()?.digits_of_no_digest()?;
    Some(format!("a SHA-256 has 64 digits; this one has {digits}"))
}

fn add(to: &mut BTreeSet<String>, names: impl IntoIterator<Item = impl AsRef<str>>, most: usize) {
    for name in names {
        let name = name.as_ref();
        if to.len() < most && !to.contains(name) {
            to.insert(name.to_owned());
        }
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    let be = if names.len() == 1 { "is" } else { "are" };
    let more = if names.len() < LIST_MAX { "" } else { ", ..." };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    format!("there {be} {}{more}", names.join(", "))
}

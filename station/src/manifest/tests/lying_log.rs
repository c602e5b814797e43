//! A log that says another thing in one place than the statement about it. Only who holds both keys can write that, and
//! then nothing is wrong but that place: one rule alone can refuse it, and it must name what it is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::batch::{TestBatch, serial, uid};
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::ledger::merkle_tree::leaf_hash;
use crate::manifest::offline_verifier::verify;
use crate::names::CertificateSerial;
use crate::verdict::VerdictCode;

const OTHER_BATCH: &str = "B-2026-46";

impl TestBatch {
    /// Changes one leaf, and neither what the statement will say nor that each leaf names the one before it.
    pub(super) fn lie(&mut self, index: u64, bend: impl FnOnce(&mut Leaf)) {
        let (mut bend, mut heads) = (Some(bend), BTreeMap::new());
        for one in &mut self.events {
            let mut leaf = Leaf::decode(one.leaf.as_bytes()).unwrap();
            let before = one.event.batch.as_ref().and_then(|of| heads.get(of));
            if one.index > index
                && let Some(at) = &mut leaf.position
            {
                at.prev = before.copied();
                if let (Fact::BatchClosed { head, .. }, Some(prev)) = (&mut leaf.fact, at.prev) {
                    *head = prev.into();
                    one.event.fact = leaf.fact.clone();
                }
            }
            if one.index == index {
                bend.take().unwrap()(&mut leaf);
            }
            let bytes = leaf.encode().unwrap();
            if let Some(of) = &one.event.batch {
                heads.insert(of.clone(), leaf_hash(&bytes));
            }
            one.leaf = String::from_utf8(bytes.clone()).unwrap();
            self.leaves[usize::try_from(one.index).unwrap()] = bytes;
        }
        for clock in &mut self.clock_accepted {
            let same = self.events.iter().find(|one| one.index == clock.index);
            clock.leaf = same.unwrap().leaf.clone();
        }
    }

    /// Makes the event say what its leaf says now, so that the statement will.
    pub(super) fn believe(&mut self, index: u64) {
        let mut events = self.events.iter_mut();
        let one = events.find(|one| one.index == index).unwrap();
        one.event.fact = Leaf::decode(one.leaf.as_bytes()).unwrap().fact;
    }

    /// The index of the first event of that kind.
    pub(super) fn first(&self, kind: &str) -> u64 {
        let mut events = self.events.iter();
        let found = events.find(|one| one.event.fact.kind() == kind);
        found.unwrap_or_else(|| panic!("no {kind}")).index
    }

    /// The index of the last event of that kind.
    pub(super) fn last(&self, kind: &str) -> u64 {
        let mut events = self.events.iter().rev();
        let found = events.find(|one| one.event.fact.kind() == kind);
        found.unwrap_or_else(|| panic!("no {kind}")).index
    }

    /// The first contradiction in the statement about the log as it is.
    #[track_caller]
    pub(super) fn refusal(&self) -> String {
        let statement = self.assembled().unwrap();
        let verified = verify(&self.file(&statement), &self.pki.root);
        verified.map(drop).unwrap_err().to_string()
    }
}

/// A closed batch of every kind of board, in which somebody has set the clock too.
pub(super) fn closed() -> TestBatch {
    let mut batch = TestBatch::of_every_kind();
    batch.accept_clock();
    batch.close();
    batch
}

/// Sets a field of the leaf, or the whole fact.
fn set(leaf: &mut Leaf, field: &str, value: Value) {
    match field {
        "time" => leaf.time.0 += 1,
        "session" => leaf.session = Some(Hex(vec![0xee; 16])),
        "batch" => leaf.position.as_mut().unwrap().batch = serde_json::from_value(value).unwrap(),
        "seq" => leaf.position.as_mut().unwrap().seq += 1,
        "prev" => leaf.position.as_mut().unwrap().prev = Some(sha256(b"another")),
        "fact" => leaf.fact = serde_json::from_value(value).unwrap(),
        _ => {
            let mut fact = serde_json::to_value(&leaf.fact).unwrap();
            let mut at = &mut fact;
            for part in field.split('/') {
                at = &mut at[part];
            }
            *at = value;
            leaf.fact = serde_json::from_value(fact).unwrap();
        }
    }
}

/// An event that no manifest shows, in JSON.
pub(super) fn unshown() -> Value {
    serde_json::to_value(grant()).unwrap()
}

/// The same.
pub(super) fn grant() -> Fact {
    Fact::GrantSigned {
        uid: uid(1),
        certificate_serial: CertificateSerial::from_random([101; 16]).unwrap(),
        grant: Base64Bytes(vec![5]),
    }
}

fn somebody_else() -> Value {
    json!({"operator": "supervisor-2", "assurance": "asserted"})
}

fn code(code: VerdictCode) -> Value {
    serde_json::to_value(code).unwrap()
}

type Lie = (&'static str, &'static str, Value, &'static str);

/// What the rows rest on: the kind of event, what of it is bent, to what, and what the refusal says.
fn lies_about_rows() -> Vec<Lie> {
    let none = || Value::Null;
    let batch = || json!(OTHER_BATCH);
    let other_serial = || json!(CertificateSerial::from_random([9; 16]).unwrap());
    let someone = somebody_else;
    vec![
        (
            "certificate-issued",
            "fact",
            unshown(),
            "what it is: no certificate",
        ),
        ("certificate-issued", "uid", json!(uid(9)), "the UID"),
        (
            "certificate-issued",
            "certificate_serial",
            other_serial(),
            "the certificate's serial",
        ),
        (
            "certificate-issued",
            "device_serial",
            json!(serial(9)),
            "the serial",
        ),
        (
            "certificate-issued",
            "certificate",
            json!("MAA="),
            "the certificate's digest",
        ),
        ("certificate-issued", "time", none(), "when it was issued"),
        ("certificate-issued", "batch", batch(), "the batch"),
        (
            "provisioned",
            "fact",
            unshown(),
            "what it is: no provisioning",
        ),
        ("provisioned", "uid", json!(uid(9)), "the UID"),
        (
            "provisioned",
            "certificate_serial",
            other_serial(),
            "the certificate's serial",
        ),
        (
            "provisioned",
            "device_serial",
            json!(serial(9)),
            "the serial",
        ),
        ("provisioned", "time", none(), "when it was provisioned"),
        ("provisioned", "batch", batch(), "the batch"),
        (
            "certificate-revoked",
            "fact",
            unshown(),
            "what it is: no revocation",
        ),
        ("certificate-revoked", "uid", json!(uid(9)), "the UID"),
        (
            "certificate-revoked",
            "certificate_serial",
            other_serial(),
            "the certificate's serial",
        ),
        (
            "certificate-revoked",
            "reason",
            json!("keyCompromise"),
            "the reason",
        ),
        ("certificate-revoked", "time", none(), "when it was revoked"),
        (
            "board-scrapped",
            "fact",
            unshown(),
            "what it is: no scrapping",
        ),
        ("board-scrapped", "batch", batch(), "the batch"),
        ("board-scrapped", "uid", json!(uid(9)), "the UID"),
        ("board-scrapped", "reason", json!("lost"), "the reason"),
        ("board-scrapped", "actor", someone(), "who recorded it"),
        ("board-scrapped", "time", none(), "when it was scrapped"),
        (
            "session-opened",
            "fact",
            unshown(),
            "what it is: it opens no session",
        ),
        ("session-opened", "batch", batch(), "the batch"),
        ("session-opened", "session", none(), "the session"),
        ("session-opened", "lane", json!("lane-9"), "the lane"),
        ("session-opened", "actor", someone(), "who worked"),
        ("session-opened", "time", none(), "when it began"),
        (
            "verdict-reached",
            "fact",
            unshown(),
            "what it is: no verdict",
        ),
        ("verdict-reached", "batch", batch(), "the batch"),
        ("verdict-reached", "session", none(), "the session"),
        ("verdict-reached", "lane", json!("lane-9"), "the lane"),
        (
            "verdict-reached",
            "code",
            code(VerdictCode::AlreadyProvisioned),
            "the code",
        ),
        ("verdict-reached", "time", none(), "when it was reached"),
        (
            "batch-hold-cleared",
            "fact",
            unshown(),
            "what it is: no hold was cleared",
        ),
        ("batch-hold-cleared", "batch", batch(), "the batch"),
        ("batch-hold-cleared", "reason", json!("lost"), "the reason"),
        (
            "batch-hold-cleared",
            "actor/operator",
            json!("supervisor-1"),
            "who cleared it",
        ),
        ("batch-hold-cleared", "time", none(), "when it was cleared"),
        (
            "clock-accepted",
            "fact",
            unshown(),
            "what it is: no clock was accepted",
        ),
        ("clock-accepted", "actor", someone(), "who accepted it"),
        ("clock-accepted", "time", none(), "the new time"),
    ]
}

/// Refuses the log with that lie in the entry of that index.
#[track_caller]
fn refused(mut batch: TestBatch, index: u64, (kind, field, value, _): Lie, expected: &str) {
    batch.lie(index, |leaf| set(leaf, field, value));
    let told = batch.refusal();
    assert!(
        told.contains(expected),
        "{kind}, {field}: {expected}: {told}"
    );
}

#[test]
fn a_row_says_what_each_of_its_entries_says() {
    for lie in lies_about_rows() {
        let batch = closed();
        let index = batch.first(lie.0);
        let expected = format!("ledger entry {index} on {}", lie.3);
        refused(batch, index, lie, &expected);
    }
}

/// The appraisal is shown where it alone says whose the session is.
#[test]
fn a_session_is_whose_its_evidence_says() {
    let unproven = code(VerdictCode::AttKeyUnknown);
    for (field, value, what) in [
        ("fact", unshown(), "what it is: no evidence"),
        ("batch", json!(OTHER_BATCH), "the batch"),
        ("session", Value::Null, "the session"),
        ("code", unproven, "that it proves a UID"),
        ("uid", Value::Null, "that it proves a UID"),
    ] {
        let batch = closed();
        let index = batch.last("evidence-appraised");
        let expected = format!("ledger entry {index} on {what}");
        refused(batch, index, ("evidence", field, value, what), &expected);
    }
}

/// Claimed, proven by the evidence, proven by the verdict: each says whose the session is.
#[test]
fn a_session_is_of_the_board_that_its_entries_name() {
    let with_code = |batch: &TestBatch, wanted: VerdictCode| {
        let mut events = batch.events.iter();
        let of = |fact: &Fact| matches!(fact, Fact::VerdictReached { code, .. } if *code == wanted);
        events.find(|one| of(&one.event.fact)).unwrap().index
    };
    let batch = closed();
    let failed = with_code(&batch, VerdictCode::FwVersion);
    let impostor = with_code(&batch, VerdictCode::AttKeyUnknown);
    for (kind, index, field, rests_on) in [
        ("verdict of a failure", failed, "uid", failed),
        // Opening, evidence, verdict.
        ("an impostor's claim", impostor - 2, "claimed_uid", impostor),
        (
            "evidence of who else it is",
            batch.last("evidence-appraised"),
            "uid",
            batch.last("session-opened"),
        ),
    ] {
        let expected = format!("ledger entry {rests_on} on the UID");
        refused(closed(), index, (kind, field, json!(uid(9)), ""), &expected);
    }
    // That of a good board of another batch.
    let mut good = closed();
    let is_good = |leaf: &str| leaf.contains("\"SA-000007\"");
    let index = good
        .events
        .iter()
        .find(|one| is_good(&one.leaf))
        .unwrap()
        .index;
    good.lie(index, |leaf| set(leaf, "device_serial", json!(serial(9))));
    let told = good.refusal();
    assert!(
        told.contains(&format!("ledger entry {index} on its serial")),
        "{told}"
    );
}

/// The batch's own events.
#[test]
fn a_manifest_says_what_opening_terms_and_closing_say() {
    let digest = || json!(Hex(vec![6; 32]));
    let shift = || json!([{"name": "early", "start": "06:00", "end": "14:01"}]);
    for (kind, field, value, expected) in [
        (
            "batch-opened",
            "fact",
            unshown(),
            "what it is: it opens no batch",
        ),
        ("batch-opened", "batch", json!(OTHER_BATCH), "the batch"),
        ("batch-opened", "profile", digest(), "the profile"),
        ("batch-opened", "product", json!("SENSOR-B"), "the product"),
        (
            "batch-opened",
            "work_order",
            json!("WO-4712"),
            "the work order",
        ),
        ("batch-opened", "quantity", json!(7), "the quantity"),
        (
            "batch-opened",
            "issuing_certificate",
            json!("MAA="),
            "the issuing certificate",
        ),
        (
            "batch-opened",
            "signed_profile",
            digest(),
            "the signed profile",
        ),
        (
            "batch-opened",
            "time",
            Value::Null,
            "when and by whom it was opened",
        ),
        (
            "batch-opened",
            "actor",
            somebody_else(),
            "when and by whom it was opened",
        ),
        (
            "batch-opened",
            "actor/assurance",
            json!("pin"),
            "when and by whom it was opened",
        ),
        (
            "batch-terms-recorded",
            "fact",
            unshown(),
            "what it is: it has no terms",
        ),
        (
            "batch-terms-recorded",
            "batch",
            json!(OTHER_BATCH),
            "the batch",
        ),
        (
            "batch-terms-recorded",
            "work_order_file",
            digest(),
            "the work order's file",
        ),
        ("batch-terms-recorded", "shifts", shift(), "the shifts"),
        (
            "batch-closed",
            "fact",
            unshown(),
            "what it is: it closes no batch",
        ),
        ("batch-closed", "batch", json!(OTHER_BATCH), "the batch"),
        ("batch-closed", "count", json!(1), "the number of events"),
        ("batch-closed", "seq", Value::Null, "the number of events"),
        (
            "batch-closed",
            "head",
            digest(),
            "the hash of the event before it",
        ),
        (
            "batch-closed",
            "prev",
            Value::Null,
            "the hash of the event before it",
        ),
        (
            "batch-closed",
            "time",
            Value::Null,
            "when and by whom it was closed",
        ),
        (
            "batch-closed",
            "actor",
            somebody_else(),
            "when and by whom it was closed",
        ),
        (
            "batch-closed",
            "actor/assurance",
            json!("pin"),
            "when and by whom it was closed",
        ),
    ] {
        let event = match kind {
            "batch-opened" => "opening event",
            "batch-closed" => "closing event",
            _ => "event with the terms",
        };
        let batch = closed();
        let index = batch.first(kind);
        let told = format!("the {event} does not agree with the manifest on {expected}");
        refused(batch, index, (kind, field, value, expected), &told);
    }
}

#[test]
fn a_manifest_says_which_signed_profile_was_used_and_why() {
    let signed = || {
        let mut batch = closed();
        batch.lie(1, |leaf| {
            set(leaf, "signed_profile", json!(Hex(vec![6; 32])));
            set(leaf, "older_profile", json!("no newer boards"));
        });
        batch.believe(1);
        batch
    };
    let batch = signed();
    let statement = batch.assembled().unwrap();
    assert!(statement.predicate.signed_profile.is_some());
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
    for (field, value, expected) in [
        (
            "signed_profile",
            json!(Hex(vec![7; 32])),
            "on the signed profile",
        ),
        (
            "older_profile",
            json!("no idea"),
            "on why an older profile was used",
        ),
        (
            "older_profile",
            Value::Null,
            "on why an older profile was used",
        ),
    ] {
        refused(signed(), 1, ("batch-opened", field, value, ""), expected);
    }
}

/// Each of the closing's sums by itself.
#[test]
fn the_rows_have_what_the_closing_counts() {
    for (field, what) in [
        ("sessions", "sessions"),
        ("verdicts", "verdicts"),
        ("certificates_issued", "certificates issued in the batch"),
        ("provisioned", "certificates provisioned in the batch"),
        ("scrapped", "scrapped boards"),
        ("further/revoked", "certificates revoked before the closing"),
        ("further/proven", "sessions with a proven UID"),
        ("further/terms", "events with the batch's terms"),
        ("further/holds_cleared", "cleared holds"),
    ] {
        let batch = closed();
        let field = format!("tally/{field}");
        let lie = ("batch-closed", field.leak() as &str, json!(77), "");
        let index = batch.first("batch-closed");
        let expected = format!(" {what}, but the closing event in the ledger states 77");
        refused(batch, index, lie, &expected);
    }
}

/// Closings count sessions that were opened. A board that was judged before its session was is proven all the same.
#[test]
fn a_session_that_was_not_opened_is_not_counted_as_proven() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    batch.session += 1;
    batch.verdict("lane-1", VerdictCode::FwVersion, Some(2));
    batch.close();
    let closing = batch.first("batch-closed");
    batch.lie(closing, |leaf| set(leaf, "tally/further/proven", json!(1)));
    let statement = batch.assembled().unwrap();
    let row = &statement.predicate.boards[1];
    assert!(row.uid_proven && row.sessions[0].opening.is_none());
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
}

/// The lies are the only thing that is wrong.
#[test]
fn the_log_without_a_lie_verifies() {
    let mut batch = closed();
    let whole = batch.assembled().unwrap();
    batch.lie(4, |_| {});
    let again = batch.assembled().unwrap();
    assert!(whole == again);
    verify(&batch.file(&again), &batch.pki.root).unwrap();
    // What no manifest shows may say anything.
    batch.lie(4, |leaf| set(leaf, "detail", json!("anything")));
    let other = batch.assembled().unwrap();
    assert!(whole != other);
    verify(&batch.file(&other), &batch.pki.root).unwrap();
}

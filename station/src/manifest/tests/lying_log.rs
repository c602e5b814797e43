//! A log that says another thing in one place than the statement about it. Only who holds both keys can write that, and
//! then nothing is wrong but that place: one rule alone can refuse it, and it must name what it is.

use serde_json::{Value, json};

use super::batch::{TestBatch, serial, uid};
use super::bent_log::closed;
use crate::encoding::{Base64Bytes, Hex, sha256};
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::manifest::offline_verifier::verify;
use crate::names::CertificateSerial;
use crate::verdict::VerdictCode;

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

/// What a field says instead.
fn another(field: &str) -> Value {
    match field {
        "fact" => unshown(),
        "batch" => json!("B-2026-46"),
        "uid" => json!(uid(9)),
        "device_serial" => json!(serial(9)),
        "certificate_serial" => json!(CertificateSerial::from_random([9; 16]).unwrap()),
        "certificate" | "issuing_certificate" => json!("MAA="),
        "profile" | "signed_profile" | "work_order_file" | "head" => json!(Hex(vec![6; 32])),
        "reason" => json!("keyCompromise"),
        "lane" => json!("lane-9"),
        "actor" => json!({"operator": "supervisor-2", "assurance": "asserted"}),
        "actor/operator" => json!("supervisor-1"),
        "actor/assurance" => json!("pin"),
        "code" => code(VerdictCode::AlreadyProvisioned),
        "product" => json!("SENSOR-B"),
        "work_order" => json!("WO-4712"),
        "quantity" | "count" => json!(7),
        "shifts" => json!([{"name": "early", "start": "06:00", "end": "14:01"}]),
        // Another one by itself.
        _ => Value::Null,
    }
}

fn code(code: VerdictCode) -> Value {
    serde_json::to_value(code).unwrap()
}

/// The kind of event, what of it is bent, to what.
type Lie<'a> = (&'a str, &'a str, Value);

/// What the rows rest on: the kind of event, what of it is bent, and what the refusal says.
const ROWS: &str = "
certificate-issued | fact | what it is: no certificate
certificate-issued | uid | the UID
certificate-issued | certificate_serial | the certificate's serial
certificate-issued | device_serial | the serial
certificate-issued | certificate | the certificate's digest
certificate-issued | time | when it was issued
certificate-issued | batch | the batch
provisioned | fact | what it is: no provisioning
provisioned | uid | the UID
provisioned | certificate_serial | the certificate's serial
provisioned | device_serial | the serial
provisioned | time | when it was provisioned
provisioned | batch | the batch
certificate-revoked | fact | what it is: no revocation
certificate-revoked | uid | the UID
certificate-revoked | certificate_serial | the certificate's serial
certificate-revoked | reason | the reason
certificate-revoked | time | when it was revoked
board-scrapped | fact | what it is: no scrapping
board-scrapped | batch | the batch
board-scrapped | uid | the UID
board-scrapped | reason | the reason
board-scrapped | actor | who recorded it
board-scrapped | time | when it was scrapped
session-opened | fact | what it is: it opens no session
session-opened | batch | the batch
session-opened | session | the session
session-opened | lane | the lane
session-opened | actor | who worked
session-opened | time | when it began
verdict-reached | fact | what it is: no verdict
verdict-reached | batch | the batch
verdict-reached | session | the session
verdict-reached | lane | the lane
verdict-reached | code | the code
verdict-reached | time | when it was reached
batch-hold-cleared | fact | what it is: no hold was cleared
batch-hold-cleared | batch | the batch
batch-hold-cleared | reason | the reason
batch-hold-cleared | actor/operator | who cleared it
batch-hold-cleared | time | when it was cleared
clock-accepted | fact | what it is: no clock was accepted
clock-accepted | actor | who accepted it
clock-accepted | time | the new time
";

fn lies(table: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    table.trim().lines().map(|line| {
        let mut columns = line.split(" | ");
        let mut column = || columns.next().unwrap();
        (column(), column(), column())
    })
}

/// Refuses the log with that lie in the entry of that index.
#[track_caller]
fn refused(mut batch: TestBatch, index: u64, (kind, field, value): Lie<'_>, expected: &str) {
    batch.lie(index, |leaf| set(leaf, field, value));
    let told = batch.refusal();
    assert!(
        told.contains(expected),
        "{kind}, {field}: {expected}: {told}"
    );
}

#[test]
fn a_row_says_what_each_of_its_entries_says() {
    for (kind, field, what) in lies(ROWS) {
        let batch = closed();
        let index = batch.first(kind);
        let expected = format!("ledger entry {index} on {what}");
        refused(batch, index, (kind, field, another(field)), &expected);
    }
}

/// The appraisal is shown where it alone says whose the session is.
#[test]
fn a_session_is_whose_its_evidence_says() {
    let unproven = code(VerdictCode::AttKeyUnknown);
    for (field, value, what) in [
        ("fact", unshown(), "what it is: no evidence"),
        ("batch", another("batch"), "the batch"),
        ("session", Value::Null, "the session"),
        ("code", unproven, "that it proves a UID"),
        ("uid", Value::Null, "that it proves a UID"),
    ] {
        let batch = closed();
        let index = batch.last("evidence-appraised");
        let expected = format!("ledger entry {index} on {what}");
        refused(batch, index, ("evidence", field, value), &expected);
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
        refused(closed(), index, (kind, field, another("uid")), &expected);
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

/// Else the signer could choose whose session it was.
#[test]
fn a_session_proves_one_uid() {
    let with_evidence_of = |number| {
        let mut batch = TestBatch::open();
        batch.plug_in("lane-1", 1);
        batch.attest(number, VerdictCode::Pass, "2.5.1");
        batch.verdict("lane-1", VerdictCode::HwLimit, Some(2));
        batch.close();
        batch
    };
    let second = with_evidence_of(3);
    let index = second.last("verdict-reached");
    let expected = format!("ledger entry {index} on the UID: its evidence proves another one");
    let told = second.refusal();
    assert!(told.contains(&expected), "{told}");
    let one = with_evidence_of(2);
    verify(&one.file(&one.assembled().unwrap()), &one.pki.root).unwrap();
}

/// The batch's own events, as in [`ROWS`].
const OWN: &str = "
batch-opened | fact | what it is: it opens no batch
batch-opened | batch | the batch
batch-opened | profile | the profile
batch-opened | product | the product
batch-opened | work_order | the work order
batch-opened | quantity | the quantity
batch-opened | issuing_certificate | the issuing certificate
batch-opened | signed_profile | the signed profile
batch-opened | time | when and by whom it was opened
batch-opened | actor | when and by whom it was opened
batch-opened | actor/assurance | when and by whom it was opened
batch-terms-recorded | fact | what it is: it has no terms
batch-terms-recorded | batch | the batch
batch-terms-recorded | work_order_file | the work order's file
batch-terms-recorded | shifts | the shifts
batch-closed | fact | what it is: it closes no batch
batch-closed | batch | the batch
batch-closed | count | the number of events
batch-closed | seq | the number of events
batch-closed | head | the hash of the event before it
batch-closed | prev | the hash of the event before it
batch-closed | time | when and by whom it was closed
batch-closed | actor | when and by whom it was closed
batch-closed | actor/assurance | when and by whom it was closed
";

#[test]
fn a_manifest_says_what_opening_terms_and_closing_say() {
    for (kind, field, what) in lies(OWN) {
        let event = match kind {
            "batch-opened" => "opening event",
            "batch-closed" => "closing event",
            _ => "event with the terms",
        };
        let batch = closed();
        let index = batch.first(kind);
        let told = format!("the {event} does not agree with the manifest on {what}");
        refused(batch, index, (kind, field, another(field)), &told);
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
        refused(signed(), 1, ("batch-opened", field, value), expected);
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
        let lie = ("batch-closed", &*field, json!(77));
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

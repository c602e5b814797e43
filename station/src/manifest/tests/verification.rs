//! That only a manifest of the right signer, in its one spelling, without contradiction, verifies.

use x509_cert::ext::pkix::KeyUsages;

use super::batch::TestBatch;
use super::pki::{Template, TestKey};
use crate::manifest::consistency::Contradiction;
use crate::manifest::ledger_proof::LedgerFault;
use crate::manifest::offline_verifier::{Rejected, verify};
use crate::manifest::statement::Statement;
use crate::verdict::Outcome;

#[test]
fn a_manifest_verifies_with_the_root_alone() {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let verified = verify(&batch.file(&statement), &batch.pki.root).unwrap();
    assert_eq!(*verified.statement(), statement);
    assert_eq!(verified.signer().station, "line-7");
    assert!(
        verified
            .does_not_prove()
            .iter()
            .any(|line| line.contains("fork"))
    );
    assert!(
        verified
            .does_not_prove()
            .iter()
            .any(|line| line.contains("development"))
    );
}

#[test]
fn only_the_certificate_made_for_it_may_sign() {
    type Bend = fn(&mut Template);
    let certificates: [(&str, Bend); 8] = [
        ("it is a certification authority", |one| {
            *one = Template::issuing();
        }),
        ("its extended key usage is not the one", |one| {
            *one = Template {
                issuer: "CN=Test Root",
                ..Template::device()
            };
        }),
        ("its extended key usage is not the one", |one| {
            one.purpose = None;
        }),
        ("its extended key usage is not the one", |one| {
            one.purpose.as_mut().unwrap().1 = false;
        }),
        ("keyCertSign without being an authority", |one| {
            one.usage |= KeyUsages::KeyCertSign;
        }),
        (
            "was issued by CN=Test Issuing, not by CN=Test Root",
            |one| one.issuer = "CN=Test Issuing",
        ),
        ("is not by the key of CN=Test Root", |one| {
            one.subject = "CN=By another key";
        }),
        (
            "for product SENSOR-B, the manifest is about product SENSOR-A",
            |one| {
                one.subject = "OU=SENSOR-B,CN=line-7";
            },
        ),
    ];
    for (message, bend) in certificates {
        let mut batch = TestBatch::of_every_kind();
        let mut template = Template::signer();
        bend(&mut template);
        let pki = &batch.pki;
        let other = TestKey::new(50);
        let by_other = template.subject == "CN=By another key";
        let issuer = if by_other { &other } else { &pki.root_key };
        batch.pki.signer = template.issue(9, &pki.signer_key, issuer);
        let statement = batch.statement();
        let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn the_signer_must_have_been_valid_when_it_signed() {
    let mut batch = TestBatch::of_every_kind();
    let mut statement = batch.statement();
    statement.predicate.signed_at.0.0 = 1;
    let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not at 1970-01-01T00:00:00.001Z"),
        "{error}"
    );
}

#[test]
fn a_root_that_is_none_is_refused() {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let file = batch.file(&statement);
    let other = TestKey::new(60);
    let check = |root: &[u8], expected: &str| {
        let error = verify(&file, root).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        &Template::root().issue(1, &other, &other),
        "is not by the key of CN=Test Root",
    );
    check(&batch.pki.signer, "not by OU=SENSOR-A,CN=line-7");
    check(b"", "not a certificate in strict DER");
    check(
        &[&batch.pki.root[..], b"\0"].concat(),
        "not a certificate in strict DER",
    );
}

/// A statement that was changed before it was signed by the right key: the rows must betray it.
fn check_contradiction(change: impl Fn(&mut Statement), is_expected: impl Fn(&Rejected) -> bool) {
    let mut batch = TestBatch::of_every_kind();
    let mut statement = batch.statement();
    change(&mut statement);
    let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
    assert!(is_expected(&error), "{error}");
}

#[test]
fn a_signed_statement_must_agree_with_itself() {
    use Contradiction::{
        Counts, DoubleSerial, DoubleUid, Operators, Order, Quantity, Row, Subjects, Type,
    };
    fn check(change: impl Fn(&mut Statement), is_expected: impl Fn(&Contradiction) -> bool) {
        check_contradiction(
            change,
            |error| matches!(error, Rejected::Contradiction(what) if is_expected(what)),
        );
    }
    check(|s| s.predicate_type.push('2'), |e| matches!(e, Type { .. }));
    check(
        |s| s.predicate.counts.passed = 3,
        |e| matches!(e, Counts(_)),
    );
    check(
        |s| s.predicate.boards.swap(0, 1),
        |e| matches!(e, Order { .. }),
    );
    check(
        |s| drop(s.predicate.boards.pop()),
        |e| matches!(e, Counts(_)),
    );
    check(
        |s| {
            let row = s.predicate.boards[0].clone();
            s.predicate.boards.insert(0, row);
        },
        |e| matches!(e, DoubleUid(_)),
    );
    check(
        |s| s.predicate.boards[1].serial = s.predicate.boards[0].serial.clone(),
        |e| matches!(e, DoubleSerial(_) | Order { .. }),
    );
    check(
        |s| s.predicate.boards[2].verdict = Outcome::Pass,
        |e| matches!(e, Row { .. }),
    );
    check(
        |s| s.predicate.boards[0].certificates.clear(),
        |e| matches!(e, Counts(_)),
    );
    check(
        |s| s.predicate.quantity = 1,
        |e| matches!(e, Quantity { .. }),
    );
    check(|s| s.subject.truncate(1), |e| matches!(e, Subjects));
    check(
        |s| s.predicate.operators.truncate(1),
        |e| matches!(e, Operators(_)),
    );
}

#[test]
fn a_signed_statement_must_agree_with_the_ledger() {
    fn check(change: impl Fn(&mut Statement), is_expected: impl Fn(&LedgerFault) -> bool) {
        check_contradiction(
            change,
            |error| matches!(error, Rejected::Ledger(what) if is_expected(what)),
        );
    }
    use LedgerFault::{Checkpoint, Closing, Leaf, NotIncluded, Origin, Range, TooEarly};
    check(
        |s| s.predicate.ledger.origin.push('x'),
        |e| matches!(e, Origin { .. }),
    );
    check(
        |s| s.predicate.ledger.vkey.push('x'),
        |e| matches!(e, Checkpoint(_)),
    );
    check(
        |s| s.predicate.ledger.checkpoint = s.predicate.ledger.checkpoint.replacen('\n', "\n1", 1),
        |e| matches!(e, Checkpoint(_)),
    );
    check(
        |s| s.predicate.ledger.last_index += 9,
        |e| matches!(e, TooEarly { .. }),
    );
    check(
        |s| s.predicate.ledger.last_index -= 1,
        |e| matches!(e, NotIncluded(_) | Range { .. }),
    );
    check(
        |s| s.predicate.ledger.event_count += 1,
        |e| matches!(e, Range { .. } | Closing(_)),
    );
    check(
        |s| s.predicate.ledger.event_count -= 1,
        |e| matches!(e, Closing(_)),
    );
    check(
        |s| s.predicate.ledger.event_head.0[0] ^= 1,
        |e| matches!(e, Closing(_)),
    );
    check(
        |s| s.predicate.ledger.closing_leaf.push(' '),
        |e| matches!(e, Leaf(_)),
    );
    check(
        |s| s.predicate.ledger.closing_proof[0].0[0] ^= 1,
        |e| matches!(e, NotIncluded(_)),
    );
    check(
        |s| s.predicate.closed.time.0.0 += 1,
        |e| matches!(e, Closing(_)),
    );
}

#[test]
fn the_payload_has_one_spelling() {
    let mut batch = TestBatch::of_every_kind();
    let text = String::from_utf8(batch.statement().to_bytes().unwrap()).unwrap();
    let check = |payload: String, expected: &str| {
        assert_ne!(payload, text);
        let error = verify(&batch.file_of_payload(payload.into()), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        text.replacen(':', ": ", 1),
        "not written as a station writes it",
    );
    check(
        text.replacen('{', r#"{"more":1,"#, 1),
        "unknown, doubled, missing",
    );
    check(
        text.replacen('{', r#"{"subject":[],"#, 1),
        "unknown, doubled, missing",
    );
    check(
        text.replacen("SENSOR", r"\u0053ENSOR", 1),
        "not written as a station writes it",
    );
    check(text.replacen(".250Z", ".25Z", 1), "no UTC time");
    check(text[..text.len() - 1].to_owned(), "cut off");
    check(format!("{text}\n"), "not written as a station writes it");
}

#[test]
fn the_envelope_has_one_spelling() {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let text = String::from_utf8(batch.file(&statement)).unwrap();
    let check = |file: String, expected: &str| {
        assert_ne!(file, text);
        let error = verify(file.as_bytes(), &batch.pki.root)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        text.replacen('{', r#"{"note":"","#, 1),
        "unknown, doubled, missing",
    );
    check(text.replacen("+json", "+jsoN", 1), "payload type");
    check(text.replacen("\"keyid\":\"", "\"keyid\":\"00", 1), "key ID");
    check(
        text.replace('\n', "\r\n"),
        "not written as a station writes it",
    );
    check(format!("{text}{text}"), "cut off or is no JSON");
    let signature = &text[text.find("[{").unwrap() + 1..=text.find("}]").unwrap()];
    check(
        text.replacen(signature, &format!("{signature},{signature}"), 1),
        "2 signatures",
    );
    check(text.replacen(signature, "", 1), "0 signatures");
}

#[test]
fn every_cut_is_noticed() {
    let mut batch = TestBatch::open();
    batch.pass("lane-1", 1);
    let statement = batch.statement();
    let file = batch.file(&statement);
    assert!(verify(&file, &batch.pki.root).is_ok());
    for end in 0..file.len() {
        let error = verify(&file[..end], &batch.pki.root).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
}

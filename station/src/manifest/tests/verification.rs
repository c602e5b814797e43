//! That only a manifest of the right signer, in its one spelling, without contradiction, verifies.

use base64ct::{Base64, Encoding as _};
use x509_cert::ext::pkix::KeyUsages;

use super::batch::TestBatch;
use super::pki::{Template, TestKey};
use crate::dsse::Envelope;
use crate::encoding::{Base64Bytes, sha256};
use crate::identity::chain::{DEVELOPMENT_MANIFEST_SIGNING, MANIFEST_SIGNING};
use crate::manifest::assemble::fill;
use crate::manifest::dsse::MAX_ENVELOPE_BYTES;
use crate::manifest::json_lists::PART_BYTES_MAX;
use crate::manifest::offline_verifier::{Rejected, verify, verify_file};
use crate::manifest::statement::Predicate;
use crate::names::DeviceSerial;

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

#[test]
fn a_manifest_cannot_deny_what_its_signer_is_for() {
    for (purpose, stated, message) in [
        (MANIFEST_SIGNING, false, None),
        (DEVELOPMENT_MANIFEST_SIGNING, true, None),
        (MANIFEST_SIGNING, true, Some("for real products only")),
        (
            DEVELOPMENT_MANIFEST_SIGNING,
            false,
            Some("for a development PKI only"),
        ),
    ] {
        let mut batch = TestBatch::of_every_kind();
        let template = Template {
            purpose: Some((purpose, true)),
            ..Template::signer()
        };
        let pki = &batch.pki;
        batch.pki.signer = template.issue(9, &pki.signer_key, &pki.root_key);
        let mut statement = batch.statement();
        statement.predicate.development = stated;
        let verified = verify(&batch.file(&statement), &batch.pki.root);
        match message {
            None => assert!(verified.is_ok(), "{verified:?}"),
            Some(message) => {
                let error = verified.unwrap_err().to_string();
                assert!(error.contains(message), "{error}");
            }
        }
    }
}

#[test]
fn a_wrong_root_is_not_the_sender_s_fault() {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let file = batch.file(&statement);
    let other = TestKey::new(60);
    let root = Template::root().issue(1, &other, &other);
    let error = verify(&file, &root).unwrap_err();
    assert!(matches!(error, Rejected::OtherRoot { .. }), "{error}");
    let error = error.to_string();
    for part in [sha256(&root), sha256(&batch.pki.signer)] {
        assert!(error.contains(&part.to_string()), "{error}");
    }
    assert!(error.contains("does not end in the given root"), "{error}");
}

#[test]
fn what_was_changed_after_signing_is_said_to_be() {
    let mut batch = TestBatch::of_every_kind();
    let text = String::from_utf8(batch.statement().to_bytes().unwrap()).unwrap();
    let signed = String::from_utf8(batch.file_of_payload(text.clone().into())).unwrap();
    let encoded = |text: &str| Base64::encode_string(text.as_bytes());
    let check = |payload: String| {
        assert_ne!(payload, text);
        let file = signed.replace(&encoded(&text), &encoded(&payload));
        let error = verify(file.as_bytes(), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains("after signing"), "{error}");
    };
    // Each of these would also be a fault of its own.
    check(text.replacen('{', "[", 1));
    check(text.replacen("\"batch\"", "\"bitch\"", 1));
    check(text.replacen("\"FAIL\"", "\"PASS\"", 1));
    check(text.replacen("\"quantity\":6", "\"quantity\":7", 1));
    check(text.replacen(':', ": ", 1));
    check(text.replacen(".250Z", ".25Z", 1));
    check(text[..text.len() - 1].to_owned());
    check(text.replacen("signing_chain", "signing_chaim", 1));
    let chain = text.find("signing_chain").unwrap() + 40;
    let mut other = text.clone();
    other.replace_range(
        chain..=chain,
        if &text[chain..=chain] == "A" {
            "B"
        } else {
            "A"
        },
    );
    check(other);
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

/// A station's signer is for its own manifests, and for those of its product.
#[test]
fn a_signer_of_another_station_or_product_is_refused() {
    for (subject, message) in [
        ("OU=SENSOR-A,CN=line-8", "is for station line-8"),
        ("OU=SENSOR-B,CN=line-7", "is for product SENSOR-B"),
    ] {
        let mut batch = TestBatch::of_every_kind();
        let template = Template {
            subject,
            ..Template::signer()
        };
        let pki = &batch.pki;
        batch.pki.signer = template.issue(9, &pki.signer_key, &pki.root_key);
        let statement = batch.statement();
        let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_file_longer_than_any_manifest_is_not_looked_at() {
    let batch = TestBatch::of_every_kind();
    // It has that length and takes no place on the disk.
    let file = tempfile::tempfile().unwrap();
    file.set_len(MAX_ENVELOPE_BYTES + 1).unwrap();
    let rejected = verify_file(file, &batch.pki.root, &mut |_| {});
    assert_eq!(rejected, Err(Rejected::TooLong));
}

/// A row that is changed together with its line in the table of rows is named by what is left of it.
#[test]
fn rows_bent_with_the_table_are_named() {
    type Bend = fn(&mut Predicate);
    let changes: [(Bend, &str); 3] = [
        (
            |p| drop(p.boards.remove(0)),
            "that of device SA-000001 is there, where the rows have device SA-000002",
        ),
        (
            |p| p.boards.swap(0, 1),
            "device SA-000002 stands before device SA-000001",
        ),
        (
            |p| {
                let other = DeviceSerial::parse("SA-000005").unwrap();
                p.row_digests[0].serial = Some(other);
            },
            "line 1 of the table of rows was altered: its digest is that of device SA-000001",
        ),
    ];
    let mut batch = TestBatch::of_every_kind();
    let genuine = batch.statement();
    let mut envelope: Envelope = serde_json::from_slice(&batch.file(&genuine)).unwrap();
    for (bend, message) in changes {
        let mut bent = genuine.clone();
        bend(&mut bent.predicate);
        // Under the old signature: the table goes with the rows, unless it was bent itself, the subjects do not.
        if bent.predicate.boards != genuine.predicate.boards {
            let subject = bent.subject.clone();
            let boards = std::mem::take(&mut bent.predicate.boards);
            fill(&mut bent, boards);
            bent.subject = subject;
        }
        envelope.payload = Base64Bytes(bent.to_bytes().unwrap());
        let file = envelope.to_bytes().unwrap();
        let error = verify(&file, &batch.pki.root).unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
        assert!(error.contains("after signing"), "{error}");
    }
}

/// A mark that is gone makes one endless text of what follows; nothing is kept of it.
#[test]
fn a_statement_whose_text_does_not_end_is_said_to_be_changed() {
    let mut batch = TestBatch::of_every_kind();
    let mut statement = batch.statement();
    statement.predicate.boards[0].held = true;
    let payload = String::from_utf8(statement.to_bytes().unwrap()).unwrap();
    let long = "x".repeat(PART_BYTES_MAX);
    let payload = payload.replacen("\"boards\":[", &format!("\"boards\":[\"{long}"), 1);
    let file = batch.file_of_payload(payload.into_bytes());
    let error = verify(&file, &batch.pki.root).unwrap_err();
    assert_eq!(error, Rejected::PartTooLong);
    assert!(error.to_string().contains("changed after signing"));
}

/// Where a line of the table, or what stands before it, cannot be read, no other cause is made up.
#[test]
fn what_cannot_be_read_is_no_sign_of_something_else() {
    let mut batch = TestBatch::of_every_kind();
    let statement = batch.statement();
    let mut envelope: Envelope = serde_json::from_slice(&batch.file(&statement)).unwrap();
    let payload = String::from_utf8(statement.to_bytes().unwrap()).unwrap();
    let mut said = |from: &str, to: &str| {
        envelope.payload = Base64Bytes(payload.replacen(from, to, 1).into_bytes());
        let file = envelope.to_bytes().unwrap();
        verify(&file, &batch.pki.root).unwrap_err().to_string()
    };
    let line = said(
        "\"row_digests\":[{\"index\"",
        "\"row_digests\":[{\"inde\u{78}\u{78}\"",
    );
    let unlisted = "device SA-000001 is not in what can be read of the table";
    assert!(line.contains(unlisted), "{line}");
    let head = said("\"_type\"", "\"_tipe\"");
    assert!(head.contains("after signing"), "{head}");
    assert!(!head.contains("ledger"), "{head}");
}

//! The receipt of a board that has locked itself, and token 3 with it: which of it the board has signed, and
//! which anybody can have said.

use firmware_proto::authority::Receipt;
use firmware_proto::cose::ContentType;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::{Digest, Nonce, transcript};

use super::answer::Answer;
use super::desk::{Desk, Ending};
use super::expectation::{Interruption, expect_blob, refusal_text};
use crate::attestation::{self, TrustedBoard};
use crate::encoding::{SoftwareSha256, sha256};
use crate::identity::signed_object;
use crate::ledger::standing::StoredCertificate;
use crate::verdict::VerdictCode;

/// What nobody has signed is worth a second question. The board answers a fresh challenge, with what has
/// become of it; a commit that was held back on the wire is no good after that.
pub(super) fn doubted(interruption: Interruption) -> Interruption {
    match interruption {
        Interruption::Ending(ending)
            if !ending.signed && ending.code != VerdictCode::LinkProtocol =>
        {
            Interruption::Doubted(ending)
        }
        other => other,
    }
}

/// What a receipt must say.
pub(super) struct ExpectedReceipt<'a> {
    pub(super) board: &'a TrustedBoard,
    pub(super) certificate: &'a StoredCertificate,
    pub(super) commit: Digest,
    pub(super) public_key: &'a firmware_proto::platform::Sec1Point,
    pub(super) nonce: &'a Nonce,
}

/// A receipt and token 3, both verified.
#[derive(Debug)]
pub(super) struct VerifiedReceipt {
    pub(super) receipt: Vec<u8>,
    pub(super) token: Vec<u8>,
}

/// Verifies receipt and token 3.
pub(super) fn check_receipt(
    desk: &Desk,
    expected: &ExpectedReceipt<'_>,
    answer: Answer,
) -> Result<VerifiedReceipt, Interruption> {
    let invalid =
        |detail: String| Interruption::Ending(Ending::new(VerdictCode::ReceiptInvalid, detail));
    let blob = match expect_blob(answer, BlobId::Receipt) {
        Ok(blob) => blob,
        Err(Interruption::Refused(refusal)) => {
            let detail = format!("the board refuses to lock: {}", refusal_text(refusal));
            let ending = Ending::new(VerdictCode::LockRefused, detail);
            return Err(Interruption::Ending(ending));
        }
        Err(interruption) => return Err(interruption),
    };
    let key = expected.public_key;
    let receipt: Receipt = signed_object::verify_payload(ContentType::Receipt, &blob.first, key)
        .map_err(|error| invalid(error.to_string()))?;
    let due = Receipt {
        uid: expected.board.uid().clone(),
        commit: expected.commit,
        certificate: sha256(expected.certificate.der()),
        state: desk.context.profile.lock_state,
    };
    if let Some(fault) = receipt_fault(&receipt, &due) {
        let ending = Ending::signed(VerdictCode::ReceiptInvalid, fault);
        return Err(Interruption::Ending(ending));
    }
    let digest = sha256(&blob.first);
    let challenge = transcript::receipt_challenge(&SoftwareSha256, expected.nonce, &digest);
    let profile = &desk.context.profile;
    attestation::appraise_receipt_token(profile, expected.board, &blob.second, &challenge)
        .map_err(|rejection| {
            let detail = format!("{}: {}", rejection.code, rejection.detail);
            // A token that is not the board's, or no answer to this nonce, can be anybody's.
            match rejection.code {
                VerdictCode::AttLifecycle | VerdictCode::AttDebug => {
                    Interruption::Ending(Ending::signed(VerdictCode::ReceiptInvalid, detail))
                }
                _ => invalid(detail),
            }
        })?;
    Ok(VerifiedReceipt {
        receipt: blob.first,
        token: blob.second,
    })
}

/// What a well-signed receipt says wrong.
fn receipt_fault(receipt: &Receipt, due: &Receipt) -> Option<&'static str> {
    if receipt.uid != due.uid {
        Some("the receipt names another board")
    } else if receipt.commit != due.commit {
        Some("the receipt answers another commit")
    } else if receipt.certificate != due.certificate {
        Some("the receipt is by another certificate")
    } else if receipt.state != due.state {
        Some("the receipt names another lifecycle than the grant")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use firmware_proto::authority::Proof;
    use firmware_proto::{SecurityLifecycle, Uid};

    use super::super::installing::proof_fault;
    use super::*;

    /// How to spoil one field, and the word for it.
    type Spoil<T> = (fn(&mut T, &Uid, Digest), &'static str);

    /// A board may sign anything with its key; each field is compared.
    #[test]
    fn every_field_of_a_signed_word_counts() {
        let (uid, other_uid) = (
            Uid::from_bytes(&[1; 12]).unwrap(),
            Uid::from_bytes(&[2; 12]).unwrap(),
        );
        let (one, two) = (sha256(b"one"), sha256(b"two"));
        let due = Receipt {
            uid: uid.clone(),
            commit: one,
            certificate: one,
            state: SecurityLifecycle(0x3000),
        };
        let receipts: [Spoil<Receipt>; 4] = [
            (|it, uid, _| it.uid = uid.clone(), "another board"),
            (|it, _, other| it.commit = other, "another commit"),
            (|it, _, other| it.certificate = other, "another certificate"),
            (|it, _, _| it.state = SecurityLifecycle(0x2000), "lifecycle"),
        ];
        assert_eq!(receipt_fault(&due, &due), None);
        for (spoil, expected) in receipts {
            let mut receipt = due.clone();
            spoil(&mut receipt, &other_uid, two);
            let fault = receipt_fault(&receipt, &due).unwrap();
            assert!(fault.contains(expected), "{fault}");
        }
        let due = Proof {
            uid,
            station_nonce: Nonce::from_bytes([1; 32]),
            certificate: one,
            grant: one,
        };
        let proofs: [Spoil<Proof>; 4] = [
            (|it, uid, _| it.uid = uid.clone(), "another board"),
            (
                |it, _, _| it.station_nonce = Nonce::from_bytes([2; 32]),
                "another nonce",
            ),
            (|it, _, other| it.certificate = other, "another certificate"),
            (|it, _, other| it.grant = other, "another grant"),
        ];
        assert_eq!(proof_fault(&due, &due), None);
        for (spoil, expected) in proofs {
            let mut proof = due.clone();
            spoil(&mut proof, &other_uid, two);
            let fault = proof_fault(&proof, &due).unwrap();
            assert!(fault.contains(expected), "{fault}");
        }
    }
}

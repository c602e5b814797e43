//! Signed profiles in the ledger: versions only grow, and each verdict is of its batch's profile.

use firmware_proto::Digest;

use super::{B, refusal};
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::ledger::event::Fact;
use crate::ledger::fixture::{Home, board, events, opening};
use crate::ledger::standing::Durability;
use crate::ledger::{BatchOpening, EventStore as _, ProfileRefusal, Reader, Refusal};
use crate::profile::Profile;
use crate::profile::signed_profile::{Seal, Terms, Validity};
use crate::verdict::VerdictCode;

fn seal(version: u32, file: &str) -> Seal {
    let validity = Validity {
        not_before: UtcMillis(1),
        not_after: UtcMillis(2),
    };
    Seal {
        terms: Terms { version, validity },
        digest: sha256(file.as_bytes()),
        file: file.to_owned(),
    }
}

pub(super) fn sealed(batch: &str, version: u32, file: &str) -> BatchOpening {
    BatchOpening {
        seal: Some(seal(version, file)),
        ..opening(batch, 9)
    }
}

/// Another text of the same name and product.
fn changed(opening: BatchOpening) -> BatchOpening {
    let text = format!("{}# changed\n", opening.profile.text);
    let profile = Profile::parse("p.toml", &text).unwrap();
    BatchOpening { profile, ..opening }
}

fn older(opened: Refusal) -> (u32, u32) {
    match opened {
        Refusal::Profile(ProfileRefusal::Older {
            version, adopted, ..
        }) => (version, adopted),
        other => panic!("{other:?}"),
    }
}

#[test]
fn versions_of_a_name_only_grow_but_with_a_reason() {
    let (home, ledger) = Home::create();
    ledger.open_batch(sealed("A", 2, "two")).unwrap();
    let (older_text, twin) = (sealed("B", 1, "one"), changed(sealed("B", 2, "two'")));
    assert_eq!(older(refusal(ledger.open_batch(older_text))), (1, 2));
    assert_eq!(older(refusal(ledger.open_batch(twin))), (2, 2));
    // The refused ones were not adopted either.
    let reader = Reader::open(&home.path()).unwrap();
    assert_eq!(reader.profiles().unwrap().len(), 1);
    // The same text, signed for another time; a newer text; and an older one with a reason.
    ledger.open_batch(sealed("C", 2, "two again")).unwrap();
    ledger.open_batch(changed(sealed("D", 3, "three"))).unwrap();
    assert_eq!(
        older(refusal(ledger.open_batch(sealed("E", 2, "two")))),
        (2, 3)
    );
    let allowed = BatchOpening {
        older_profile: Some("version 3 was recalled".to_owned()),
        ..sealed("E", 2, "two")
    };
    ledger.open_batch(allowed).unwrap();
    let profiles = reader.profiles().unwrap();
    let batches: Vec<_> = profiles.iter().map(|one| one.batches).collect();
    assert_eq!(batches, [3, 3, 1]);
    let file = profiles[2].signed_file.clone().unwrap();
    let kept = reader.signed_profile(&file).unwrap().unwrap();
    assert_eq!((kept.version, kept.file.as_str()), (3, "three"));
    assert_eq!(reader.signed_profile(&Hex(vec![7; 32])).unwrap(), None);
}

#[test]
fn an_unsigned_profile_and_its_signed_twin_are_both_kept() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening("A", 2)).unwrap();
    ledger.open_batch(sealed("B", 1, "one")).unwrap();
    ledger.open_batch(opening("C", 2)).unwrap();
    let reader = Reader::open(&home.path()).unwrap();
    let signed: Vec<_> = reader.profiles().unwrap();
    let signed: Vec<_> = signed.iter().map(|one| one.signed_file.is_some()).collect();
    assert_eq!(signed, [false, true]);
}

#[test]
fn a_verdict_names_no_other_profile_than_its_batchs() {
    let (_home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let judged_by = |digest: Digest| {
        let mut fact = board(1).verdict(VerdictCode::HwLimit);
        if let Fact::VerdictReached { profile, .. } = &mut fact {
            *profile = Some(digest.into());
        }
        ledger.record(events(B, [fact]), Durability::Durable)
    };
    let other = refusal(judged_by(sha256(b"another")));
    assert!(matches!(
        other,
        Refusal::Profile(ProfileRefusal::NotOfTheBatch(_))
    ));
    judged_by(opening(B, 2).profile.digest).unwrap();
}

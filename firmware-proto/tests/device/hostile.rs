//! A man on the wire, and a stolen station: what they send is refused, and changes nothing.

use firmware_proto::authority::{Commit, Purpose};
use firmware_proto::cose::ContentType;
use firmware_proto::object_transfer::{BlobId, InstallPackage};
use firmware_proto::{
    DeviceNonce, Digest, Nonce, ProductCode, ProvisioningState, Refusal, Request, Response,
    SecurityLifecycle, Uid,
};

use crate::board::{AUTHORITY, Board, OWNER, UID, sha256};
use crate::package::{Draft, signed};
use crate::station::{Silence, Station};

const NONCE: Nonce = Nonce::from_bytes([7; 32]);
const OTHER: Digest = Digest::from_bytes([0x99; 32]);

fn ready() -> Station {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.evidence().unwrap();
    station
}

/// Changes a good package and sees it refused, with nothing installed and no epoch learnt.
#[track_caller]
fn refused(expected: Refusal, change: impl FnOnce(&mut Draft)) {
    let mut station = ready();
    let mut draft = station.draft();
    change(&mut draft);
    let answer = station.install(&draft).unwrap();
    assert_eq!(answer.refusal(), Some(expected));
    assert!(station.device.platform().nv.chain.is_empty());
    let identity = station.hello().unwrap();
    assert_eq!(identity.state, ProvisioningState::KeyMade);
    station.provision().expect("a good package is still taken");
}

#[test]
fn a_credential_that_the_owner_did_not_sign() {
    refused(Refusal::Credential, |draft| draft.owner_key = AUTHORITY);
}

#[test]
fn a_credential_for_another_product() {
    refused(Refusal::Credential, |draft| {
        draft.credential.product = ProductCode::parse("SENSOR-B").unwrap();
    });
}

#[test]
fn a_grant_by_another_authority() {
    refused(Refusal::Grant, |draft| draft.authority_key = OWNER);
}

#[test]
fn a_grant_for_another_product() {
    refused(Refusal::Grant, |draft| {
        draft.grant.product = ProductCode::parse("SENSOR-B").unwrap();
    });
}

#[test]
fn a_grant_for_another_board() {
    refused(Refusal::Grant, |draft| {
        draft.grant.uid = Uid::from_bytes(b"another board").unwrap();
    });
}

#[test]
fn a_grant_for_another_nonce() {
    refused(Refusal::Grant, |draft| {
        draft.grant.device_nonce = DeviceNonce::from_bytes([1; 32]);
    });
}

#[test]
fn a_grant_for_another_key() {
    refused(Refusal::Grant, |draft| draft.grant.identity_key = OTHER);
}

#[test]
fn a_grant_for_another_chain() {
    refused(Refusal::Grant, |draft| draft.grant.chain = OTHER);
    refused(Refusal::Grant, |draft| draft.chain[7] ^= 1);
}

#[test]
fn a_grant_for_another_trust_anchor() {
    refused(Refusal::Grant, |draft| draft.grant.trust_anchor = OTHER);
}

#[test]
fn a_grant_of_another_epoch_than_its_credential() {
    refused(Refusal::Grant, |draft| draft.grant.epoch = 4);
}

#[test]
fn a_lower_epoch_is_shut_out_for_good() {
    let mut station = ready();
    let good = station.draft();
    station.install(&good).unwrap();
    let mut station = station.power_cycle();
    station.hello().unwrap();
    station.evidence().unwrap();
    let mut old = station.draft();
    old.credential.epoch = 2;
    old.grant.epoch = 2;
    let answer = station.install(&old).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Epoch));
    let mut newer = station.draft();
    newer.credential.epoch = 4;
    newer.grant.epoch = 4;
    let answer = station.install(&newer).unwrap();
    assert!(matches!(answer.response(), Response::Installed { .. }));
    let answer = station.install(&good).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Epoch));
}

#[test]
fn lengths_that_do_not_add_up() {
    let mut station = ready();
    let good = station.draft().sealed();
    for change in [
        |h: &mut InstallPackage| h.chain_bytes += 1,
        |h: &mut InstallPackage| h.chain_bytes = 0,
        |h: &mut InstallPackage| h.credential_bytes = u16::MAX,
        |h: &mut InstallPackage| h.grant_bytes = u16::MAX,
        |h: &mut InstallPackage| {
            h.credential_bytes += 1400;
            h.chain_bytes -= 1400;
        },
    ] {
        let mut package = good.clone();
        let (header, _) = package.split_first_chunk_mut::<6>().unwrap();
        let mut lengths = InstallPackage::from_bytes(*header);
        change(&mut lengths);
        *header = lengths.to_bytes();
        let package_digest = sha256(&[&package]);
        station.upload(&package).unwrap();
        let answer = station.ask(&Request::Install {
            package: package_digest,
        });
        assert_eq!(answer.unwrap().refusal(), Some(Refusal::Bounds));
    }
    station.upload(b"tiny").unwrap();
    let package = sha256(&[b"tiny"]);
    let answer = station.ask(&Request::Install { package }).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Bounds));
}

#[test]
fn chunks_outside_their_bounds_and_without_end() {
    let mut station = ready();
    let data = [0xEE; 1004];
    let chunk = |blob, total_bytes, index, data| Request::WriteChunk {
        blob,
        total_bytes,
        index,
        acknowledge: true,
        data,
    };
    let package = BlobId::InstallPackage;
    for request in [
        chunk(BlobId::Evidence, 1004, 0, &data[..]),
        chunk(BlobId::Receipt, 1004, 0, &data),
        chunk(package, 8193, 0, &data),
        chunk(package, u16::MAX, 64, &data),
        chunk(package, 1004, 1, &data),
        chunk(package, 1004, 255, &data),
        chunk(package, 1004, 0, &data[..1003]),
        chunk(package, 1005, 1, &data[..2]),
        chunk(package, 0, 0, &data[..0]),
    ] {
        let answer = station.ask(&request).unwrap();
        assert_eq!(answer.refusal(), Some(Refusal::Bounds), "{request:?}");
    }
    for _ in 0..2000 {
        station.ask(&chunk(package, 8192, 7, &data)).unwrap();
    }
    let noise = [0xA5; 997];
    for _ in 0..2000 {
        station.device.receive(&noise);
        assert!(station.listen().is_empty());
    }
    station.provision().expect("it still works");
}

#[test]
fn commits_that_are_not_for_this_board_now() {
    let mut station = ready();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    let good = Commit {
        uid: Uid::from_bytes(&UID).unwrap(),
        device_nonce: station.nonce(),
        proof: sha256(&[&proof]),
    };
    let kind = ContentType::Commit;
    let other_board = Commit {
        uid: Uid::from_bytes(b"another board").unwrap(),
        ..good.clone()
    };
    let other_nonce = Commit {
        device_nonce: DeviceNonce::from_bytes([1; 32]),
        ..good.clone()
    };
    let other_proof = Commit {
        proof: OTHER,
        ..good.clone()
    };
    let mut trailing = signed(kind, &good, &AUTHORITY);
    trailing.push(0);
    let bad = [
        signed(kind, &other_board, &AUTHORITY),
        signed(kind, &other_nonce, &AUTHORITY),
        signed(kind, &other_proof, &AUTHORITY),
        signed(kind, &good, &OWNER),
        signed(ContentType::Grant, &good, &AUTHORITY),
        signed(ContentType::Grant, &draft.grant, &AUTHORITY),
        trailing,
        proof.clone(),
        Vec::new(),
    ];
    for commit in bad {
        let answer = station.ask(&Request::Commit {
            commit: &commit,
            receipt_nonce: NONCE,
        });
        assert_eq!(answer.unwrap().refusal(), Some(Refusal::Commit));
        assert_eq!(station.device.platform().nv.lifecycle, 0x2000);
    }
    let long = [0; 321];
    let answer = station.ask(&Request::Commit {
        commit: &long,
        receipt_nonce: NONCE,
    });
    assert_eq!(answer.unwrap().refusal(), Some(Refusal::Bounds));
    station.commit(&proof).unwrap();
}

#[test]
fn a_commit_for_an_earlier_proof() {
    let mut station = ready();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let earlier = station.prove().unwrap();
    let station_nonce = NONCE;
    station.ask(&Request::Prove { station_nonce }).unwrap();
    let commit = station.commit_for(&earlier);
    let answer = station.ask(&Request::Commit {
        commit: &commit,
        receipt_nonce: NONCE,
    });
    assert_eq!(answer.unwrap().refusal(), Some(Refusal::Commit));
}

#[test]
fn a_commit_for_a_proof_of_what_was_replaced() {
    let mut station = ready();
    let first = station.draft();
    station.install(&first).unwrap();
    let proof = station.prove().unwrap();
    let second = station.draft().with_chain(vec![0x44; 1200]);
    station.install(&second).unwrap();
    let commit = station.commit_for(&proof);
    let answer = station.ask(&Request::Commit {
        commit: &commit,
        receipt_nonce: NONCE,
    });
    assert_eq!(answer.unwrap().refusal(), Some(Refusal::OutOfOrder));
}

#[test]
fn nothing_changes_after_commit() {
    let mut station = ready();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    station.commit(&proof).unwrap();
    for _ in 0..2 {
        let before = station.device.platform().nv.clone();
        let package = draft.sealed();
        let upload = station.upload(&package).unwrap();
        assert_eq!(upload.refusal(), Some(Refusal::Committed));
        let commit = station.commit_for(b"another proof");
        for request in [
            Request::MakeKey { key_nonce: NONCE },
            Request::Install {
                package: sha256(&[&package]),
            },
            Request::WriteStatus {
                blob: BlobId::InstallPackage,
            },
            Request::Commit {
                commit: &commit,
                receipt_nonce: NONCE,
            },
        ] {
            let answer = station.ask(&request).unwrap();
            assert_eq!(answer.refusal(), Some(Refusal::Committed), "{request:?}");
        }
        let after = &station.device.platform().nv;
        assert_eq!(
            (&before.record, &before.chain),
            (&after.record, &after.chain)
        );
        station = station.power_cycle();
        station.hello().unwrap();
    }
}

/// The wire of one board, replayed to the same board after a reset, and to another one.
#[test]
fn a_recorded_session_replayed() {
    let mut recorded = Vec::new();
    let mut station = Station::fresh();
    let hello = station.hello().unwrap();
    station.evidence().unwrap();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    let commit = station.commit_for(&proof);
    assert_eq!(hello.device_nonce, draft.grant.device_nonce);
    recorded.push((draft.sealed(), commit));
    let (package, commit) = recorded.remove(0);

    let mut nv = Board::fresh().nv;
    nv.drawn = 1000;
    let mut other = Station::with(Board::again(nv));
    other.hello().unwrap();
    other.evidence().unwrap();
    other.upload(&package).unwrap();
    let answer = other.ask(&Request::Install {
        package: sha256(&[&package]),
    });
    assert_eq!(answer.unwrap().refusal(), Some(Refusal::Grant));
    let request = Request::Commit {
        commit: &commit,
        receipt_nonce: NONCE,
    };
    let answer = other.ask(&request).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::OutOfOrder));

    let mut same = station.power_cycle();
    same.hello().unwrap();
    let answer = same.ask(&request).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::OutOfOrder), "no proof yet");
}

#[test]
fn a_request_changed_under_way_is_not_continued() {
    let mut board = Board::fresh();
    board.is_slow = true;
    let mut station = Station::with(board);
    station.hello().unwrap();
    station.exchange = station.exchange.next();
    let attest = |byte| Request::Attest {
        station_nonce: Nonce::from_bytes([byte; 32]),
    };
    let frame = Station::frame(station.exchange, 0, &attest(1));
    let answer = station.exchange_frame(&frame).unwrap();
    assert!(matches!(answer.response(), Response::Working { .. }));
    let changed = Station::frame(station.exchange, 0, &attest(2));
    assert_eq!(station.exchange_frame(&changed).unwrap_err(), Silence);
}

#[test]
fn the_grant_says_what_the_lock_is() {
    let mut station = ready();
    let mut draft = station.draft();
    draft.grant.next_state = SecurityLifecycle(0x3001);
    assert_eq!(draft.grant.purpose, Purpose::InitialIdentity);
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    let commit = station.commit_for(&proof);
    let request = Request::Commit {
        commit: &commit,
        receipt_nonce: NONCE,
    };
    station.ask(&request).unwrap();
    assert_eq!(station.device.platform().nv.lifecycle, 0x3001);
}

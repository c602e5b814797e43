//! Power is cut at every instant at which something non-volatile changes, once and twice.

use firmware_proto::authority::{Payload, Proof};
use firmware_proto::cose::{self, ContentType};
use firmware_proto::{Nonce, ProvisioningState, Refusal, Request};

use crate::board::{Board, CERTIFICATE_BYTES, sha256};
use crate::station::{Silence, Station};

fn rank(state: ProvisioningState) -> u8 {
    match state {
        ProvisioningState::Unprovisioned => 0,
        ProvisioningState::KeyMade => 1,
        ProvisioningState::Installed => 2,
        ProvisioningState::Committed => 3,
    }
}

/// What the device has said and must therefore still know.
#[derive(Debug, Default)]
struct Said {
    nonce: Option<firmware_proto::DeviceNonce>,
    key: Option<firmware_proto::Digest>,
    rank: u8,
}

/// Goes the whole way, noting what was answered.
fn provision(station: &mut Station, said: &mut Said) -> Result<(), Silence> {
    let identity = station.hello()?;
    let committed = identity.state == ProvisioningState::Committed;
    assert!(rank(identity.state) >= said.rank, "it forgot: {said:?}");
    if !committed && let Some(nonce) = said.nonce {
        assert_eq!(identity.device_nonce, nonce, "the nonce it named is stored");
    }
    said.nonce = Some(identity.device_nonce);
    said.rank = rank(identity.state);
    if committed {
        station.ask_receipt()?;
        return Ok(());
    }
    station.evidence()?;
    if let Some(key) = said.key {
        assert_eq!(station.key, Some(key), "one key");
    }
    said.key = station.key;
    said.rank = said.rank.max(1);
    let draft = station.draft();
    // Installing anew makes what was installed before uncertain until it is done.
    said.rank = 1;
    station.install(&draft)?;
    said.rank = 2;
    let proof = station.prove()?;
    station.commit(&proof)?;
    said.rank = 3;
    Ok(())
}

/// Runs with a fuse for each life of the board, then without; gives how many fuses blew.
fn run(fuses: &[u32], is_slow: bool) -> usize {
    let mut said = Said::default();
    let mut station = Station::fresh();
    let mut blown = 0;
    for fuse in fuses {
        let board = station.device.platform_mut();
        board.fuse = Some(*fuse);
        board.is_slow = is_slow;
        if provision(&mut station, &mut said).is_ok() {
            break;
        }
        assert!(station.device.platform().is_off, "only a cut may stop it");
        blown += 1;
        station = station.power_cycle();
    }
    station.device.platform_mut().fuse = None;
    provision(&mut station, &mut said).expect("it comes back");
    check_done(&station.device.into_platform(), &station.commits);
    blown
}

fn check_done(board: &Board, commits: &[firmware_proto::Digest]) {
    assert_eq!(board.nv.lifecycle, 0x3000);
    assert_eq!(board.nv.keys_made, 1, "one key in its life");
    assert_eq!(board.nv.chain.len(), 1500);
    assert!(!commits.is_empty());
}

#[test]
fn one_cut_at_any_instant() {
    for is_slow in [false, true] {
        let blown = (0..200)
            .take_while(|fuse| run(&[*fuse], is_slow) > 0)
            .count();
        assert!((20..200).contains(&blown), "{blown} instants");
    }
}

#[test]
fn two_cuts_at_any_two_instants() {
    for first in (0..200).take_while(|fuse| run(&[*fuse], false) > 0) {
        for second in (0..200).take_while(|fuse| run(&[first, *fuse], false) > 1) {
            assert!(second < 100);
        }
    }
}

/// Half of another chain lies where the old one was: the device must not prove the old one then.
#[test]
fn a_cut_while_another_chain_is_installed() {
    let mut cuts = 0;
    for fuse in 0..50 {
        let mut station = Station::fresh();
        station.hello().unwrap();
        station.evidence().unwrap();
        let first = station.draft();
        station.install(&first).unwrap();
        let second = station.draft().with_chain(vec![0x44; 1200]);
        station.device.platform_mut().fuse = Some(fuse);
        if station.install(&second).is_ok() {
            break;
        }
        cuts += 1;
        let mut station = station.power_cycle();
        if station.hello().unwrap().state == ProvisioningState::Installed {
            let proof = station.prove().unwrap();
            let object = cose::decode(ContentType::Proof, &proof).unwrap();
            let proof = Proof::decode(object.payload).unwrap();
            let chain = &station.device.platform().nv.chain;
            assert_eq!(proof.certificate, sha256(&[&chain[..CERTIFICATE_BYTES]]));
            assert!([1500, 1200].contains(&chain.len()), "half a chain");
        }
    }
    assert!(cuts > 4, "{cuts}");
}

#[test]
fn after_a_failed_store_nothing_is_done_until_power_is_cycled() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.device.platform_mut().cannot_store = true;
    let station_nonce = Nonce::from_bytes([1; 32]);
    station.ask(&Request::Attest { station_nonce }).unwrap();
    station.ask(&Request::SelfTest).unwrap();
    let key_nonce = Nonce::from_bytes([1; 32]);
    let answer = station.ask(&Request::MakeKey { key_nonce }).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Hardware));
    station.device.platform_mut().cannot_store = false;
    for request in [Request::SelfTest, Station::hello_request(9)] {
        let answer = station.ask(&request).unwrap();
        assert_eq!(answer.refusal(), Some(Refusal::Hardware));
    }
    station.power_cycle().provision().unwrap();
}

#[test]
fn a_damaged_record_is_never_taken_for_a_fresh_board() {
    let mut station = Station::fresh();
    station.provision().unwrap();
    let nv = station.device.into_platform().nv;
    for at in 0..nv.record.len() {
        let mut nv = nv.clone();
        nv.record[at] ^= 0x40;
        let mut station = Station::with(Board::again(nv));
        let answer = station.ask(&Station::hello_request(9)).unwrap();
        assert_eq!(answer.refusal(), Some(Refusal::Hardware));
    }
    let mut cut = nv;
    cut.record.truncate(20);
    let mut station = Station::with(Board::again(cut));
    let answer = station.ask(&Request::SelfTest).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::OutOfOrder));
}

/// A board in the field has such a record in its flash: if this fails, the code is wrong, not the test.
#[test]
fn the_layout_of_the_record_does_not_change() {
    let mut station = Station::fresh();
    station.provision().unwrap();
    let record = station.device.into_platform().nv.record;
    let digest = sha256(&[&record]).to_string();
    assert_eq!((record.len(), record.first()), (269, Some(&1)));
    assert_eq!(
        digest,
        "05e4c363e404494ed57b3312fd30b08185b4f289d8b7bc6dabb4f919493e30d4"
    );
}

#[test]
fn a_damaged_receipt_is_not_served() {
    let mut station = Station::fresh();
    let receipt = station.provision().unwrap();
    assert!(cose::decode(ContentType::Receipt, &receipt).is_ok());
    let mut nv = station.device.into_platform().nv;
    nv.receipt[30] ^= 1;
    let mut station = Station::with(Board::again(nv));
    station.hello().unwrap();
    let receipt_nonce = Nonce::from_bytes([1; 32]);
    let answer = station.ask(&Request::GetReceipt { receipt_nonce }).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Hardware));
}

//! A board from `Hello` to the receipt, quick and slow, in large and small windows.

use firmware_proto::{ProvisioningState, Refusal, Request, Response};

use crate::board::{Board, sha256};
use crate::station::Station;

#[test]
fn a_fresh_board_is_provisioned() {
    let mut station = Station::fresh();
    let receipt = station.provision().unwrap();
    let farewell = station.ask(&Request::Farewell { passed: true }).unwrap();
    assert_eq!(farewell.response(), Response::Done);
    let board = station.device.into_platform();
    assert_eq!(board.verdicts, [true]);
    assert_eq!(board.nv.lifecycle, 0x3000);
    assert!(board.nv.receipt.starts_with(&receipt));
}

#[test]
fn a_board_whose_every_operation_is_slow_is_provisioned() {
    let mut board = Board::fresh();
    board.is_slow = true;
    let mut station = Station::with(board);
    station.provision().unwrap();
    assert!(station.workings > 15, "only {} times", station.workings);
    let effects = &station.device.platform().effects;
    let count = |what| effects.iter().filter(|effect| **effect == what).count();
    assert_eq!((count("key"), count("lock"), count("install")), (1, 1, 1));
    assert_eq!(count("attest"), 3);
}

#[test]
fn a_window_of_one_chunk_is_enough() {
    let mut board = Board::fresh();
    board.certificates = vec![0x31; 7000];
    let mut station = Station::with(board);
    station.window = 1;
    station.provision().unwrap();
}

#[test]
fn a_blob_of_several_chunks_follows_its_announcement_in_order() {
    let mut board = Board::fresh();
    board.certificates = vec![0x31; 7000];
    let mut station = Station::with(board);
    station.hello().unwrap();
    let station_nonce = firmware_proto::Nonce::from_bytes([1; 32]);
    let answer = station.ask(&Request::Attest { station_nonce }).unwrap();
    assert_eq!(answer.sequences, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(answer.chunks().len(), 8);
}

#[test]
fn a_committed_board_serves_its_receipt_again_and_proves_itself() {
    let mut station = Station::fresh();
    let receipt = station.provision().unwrap();
    let nonce = station.nonce();
    let mut station = station.power_cycle();
    let identity = station.hello().unwrap();
    assert_eq!(identity.state, ProvisioningState::Committed);
    assert_ne!(identity.device_nonce, nonce, "the nonce is retired");
    assert_eq!(station.ask_receipt().unwrap(), receipt);
    station.prove().unwrap();
}

#[test]
fn the_same_commit_again_gives_the_same_receipt() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.evidence().unwrap();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    let receipt = station.commit(&proof).unwrap();
    assert_eq!(station.commit(&proof).unwrap(), receipt);
    let locks = station.device.platform().effects.iter();
    assert_eq!(locks.filter(|effect| **effect == "lock").count(), 1);
}

#[test]
fn the_same_grant_again_is_taken_again() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.evidence().unwrap();
    let draft = station.draft();
    let first = station.install(&draft).unwrap();
    let second = station.install(&draft).unwrap();
    assert_eq!(first.messages, second.messages);
    let mut station = station.power_cycle();
    assert_eq!(station.hello().unwrap().state, ProvisioningState::Installed);
    assert_eq!(station.nonce(), draft.grant.device_nonce);
    station.evidence().unwrap();
    let third = station.install(&draft).unwrap();
    assert_eq!(first.messages, third.messages);
}

#[test]
fn a_board_that_reads_back_something_else_says_so_and_proves_nothing() {
    let mut board = Board::fresh();
    board.misreads_chain = true;
    let mut station = Station::with(board);
    station.hello().unwrap();
    station.evidence().unwrap();
    let draft = station.draft();
    let answer = station.install(&draft).unwrap();
    let chain = sha256(&[&draft.chain, b"!"]);
    assert_eq!(answer.response(), Response::Installed { chain });
    let station_nonce = firmware_proto::Nonce::from_bytes([1; 32]);
    let answer = station.ask(&Request::Prove { station_nonce }).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::OutOfOrder));
}

#[test]
fn a_board_that_cannot_lock_gives_no_receipt_until_it_can() {
    let mut board = Board::fresh();
    board.cannot_lock = true;
    let mut station = Station::with(board);
    station.hello().unwrap();
    station.evidence().unwrap();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    let commit = station.commit_for(&proof);
    let receipt_nonce = firmware_proto::Nonce::from_bytes([1; 32]);
    let request = Request::Commit {
        commit: &commit,
        receipt_nonce,
    };
    let answer = station.ask(&request).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Hardware));
    let answer = station.ask(&Request::GetReceipt { receipt_nonce }).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Hardware));
    assert!(station.device.platform().nv.receipt.is_empty());
    station.commits.push(sha256(&[&commit]));
    station.device.platform_mut().cannot_lock = false;
    station.ask_receipt().unwrap();
}

//! A good board goes all the way, and shows its receipt again.

use ciborium::Value;
use simulator::board::VirtualBoard;
use simulator::device_keys::sha256;

use crate::bare_station::{BareStation, chain, claim, owner_key};

const LIFECYCLE: i64 = 2395;
const BOOT_SEED: i64 = 268;

#[test]
fn a_good_board_is_provisioned_once_and_remembers_it() {
    let mut board = VirtualBoard::good(7, 0, &owner_key());
    let mut station = BareStation::new();
    let first = station.provision(&mut board).unwrap();
    assert_eq!(first.installed, Some(sha256(&[&chain()])));
    assert_eq!(claim(&first.token, LIFECYCLE), Some(Value::from(0x2000)));
    assert_eq!(
        claim(&first.receipt_token, LIFECYCLE),
        Some(Value::from(0x3000))
    );
    let experience = board.experience();
    assert!(experience.locked && experience.identified);
    assert_eq!((experience.receipts, experience.keys_made), (1, 1));

    let boot_seed = claim(&first.token, BOOT_SEED);
    assert_eq!(claim(&first.receipt_token, BOOT_SEED), boot_seed);
    board.reboot();
    let again = station.provision(&mut board).unwrap();
    assert_eq!(again.receipt, first.receipt);
    assert_ne!(claim(&again.token, BOOT_SEED), boot_seed, "another boot");
    assert_ne!(
        first.identity.unwrap().device_nonce,
        again.identity.unwrap().device_nonce,
        "the nonce is retired at commit"
    );
    assert_eq!(board.experience().keys_made, 1);
}

#[test]
fn a_board_without_power_says_nothing() {
    let mut board = VirtualBoard::good(7, 0, &owner_key());
    board.power_cut();
    assert!(BareStation::new().provision(&mut board).is_err());
    assert!(board.transmit().is_empty());
    board.reboot();
    assert!(BareStation::new().provision(&mut board).is_ok());
    assert_eq!(
        (board.experience().boots, board.experience().power_cuts),
        (2, 1)
    );
}

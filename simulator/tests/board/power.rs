//! Power fails at every step, before, during and after it: the board goes on where it was, with
//! one key.

use simulator::board::VirtualBoard;
use simulator::device_keys::sha256;
use simulator::power::{Phase, PowerCut, Step};

use crate::bare_station::{BareStation, chain, owner_key};

#[test]
fn a_power_cut_at_any_step_leaves_a_board_that_can_be_finished() {
    for step in Step::ALL {
        for phase in [Phase::Before, Phase::During, Phase::After] {
            for occurrence in 1..=4 {
                check(PowerCut {
                    step: *step,
                    phase,
                    occurrence,
                });
            }
        }
    }
}

fn check(cut: PowerCut) {
    let mut board = VirtualBoard::good(7, 0, &owner_key());
    let mut station = BareStation::new();
    board.plan_power_cut(cut);
    let mut receipt = None;
    for _ in 0..4 {
        if !board.is_powered() {
            board.reboot();
        }
        if let Ok(session) = station.provision(&mut board) {
            receipt = Some(session.receipt);
            break;
        }
    }
    let receipt = receipt.unwrap_or_else(|| panic!("never finished: {cut:?}"));
    let experience = board.experience();
    assert!(experience.locked, "{cut:?}");
    assert_eq!(experience.keys_made, 1, "{cut:?}");
    let certificate = chain();
    let certificate = &certificate[..0x204];
    assert_eq!(
        experience.certificate,
        Some(sha256(&[certificate])),
        "{cut:?}"
    );
    assert!(!receipt.is_empty(), "{cut:?}");
}

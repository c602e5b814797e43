//! The seed decides everything, and a fault of one board moves nothing of another.

use proptest::prelude::*;
use simulator::board::VirtualBoard;
use simulator::fault::Fault;
use simulator::power::Step;

use crate::bare_station::{BareStation, owner_key};

fn life(board: &mut VirtualBoard) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let session = BareStation::new().provision(board).unwrap();
    (session.token, session.csr, session.receipt)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn one_seed_gives_one_life(seed: u64, device in 0..1_000_u32) {
        let one = life(&mut VirtualBoard::good(seed, device, &owner_key()));
        let two = life(&mut VirtualBoard::good(seed, device, &owner_key()));
        prop_assert_eq!(&one, &two);
        let other = life(&mut VirtualBoard::good(seed, device + 1, &owner_key()));
        prop_assert_ne!(one.1, other.1);
    }

    #[test]
    fn a_board_that_is_only_slow_lives_the_same_life(seed: u64) {
        let good = life(&mut VirtualBoard::good(seed, 3, &owner_key()));
        let slow = Fault::Slow { step: Step::MakeKey, times: 3, retry_ms: 100 };
        let slow = life(&mut VirtualBoard::faulty(seed, 3, &owner_key(), &slow));
        prop_assert_eq!(good, slow);
    }

    #[test]
    fn any_bytes_are_survived(
        seed: u64,
        noise in proptest::collection::vec(any::<u8>(), 0..3_000),
    ) {
        let mut board = VirtualBoard::good(seed, 0, &owner_key());
        board.receive(&noise);
        board.transmit();
        prop_assert!(BareStation::new().provision(&mut board).is_ok());
    }
}

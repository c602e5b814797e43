//! The session against virtual boards, in virtual time, with the ledger's own rules and keys in software.

mod bench;
mod bounds;
mod faulty_boards;
mod good_boards;
mod left_boards;
mod man_on_the_wire;
mod measured_boards;
mod other_pasts;
mod profile_validity;
mod quarantine;
mod repeats;
mod station_faults;
mod unfinished_boards;

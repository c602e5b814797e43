//! What the end-to-end tests share: built programs, tokens, lines of simulated fixtures, and waiting
//! for events. Tests see the products only from outside: argv, stdout, files, PTYs.
#![forbid(unsafe_code)]

pub mod agreement;
pub mod attentive_supervisor;
pub mod bare_station;
pub mod browser;
pub mod busy_printer;
pub mod forgery;
pub mod independent_readers;
pub mod ledger_books;
pub mod man_on_the_wire;
pub mod mutation;
pub mod operator_screen;
pub mod outside_root;
pub mod owner_socket;
pub mod prepared_station;
pub mod production_station;
pub mod repository;
pub mod rust_source;
pub mod serial_wire;
pub mod simulated_line;
pub mod soft_token;
pub mod staffed_station;
pub mod station_process;
pub mod terminal_emulator;
pub mod terminal_screen;
pub mod wait_for;
pub mod weak_generator;

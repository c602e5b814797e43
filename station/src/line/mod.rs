//! The line: lanes with their ports and threads, driving sessions with real I/O.
//!
//! Alone here a session's wishes meet the world: ports, the signer, the ledger, the clock. A lane
//! never
//! judges a board and never decides an order of steps; that is the session's. It never prints:
//! faces
//! read [`lane_event`]s.
//!
//! A [`supervisor`] starts a [`lane`] per port. A lane awaits its port ([`hotplug`]), then has a
//! [`driver`] work on one board after another; [`questions`] has what the driver asks of signer
//! and ledger.
//! [`floor`] is what all lanes have in common. Other commands come in by [`control_socket`].

pub mod adapter;
pub mod boards_in_work;
pub mod clock_guard;
pub mod control;
pub mod control_socket;
#[cfg(feature = "crash-points")]
pub(crate) mod crash_points;
pub mod driver;
#[cfg(test)]
pub(crate) mod fake;
pub mod floor;
pub mod hold;
mod hotplug;
pub mod interval;
pub mod label_desk;
pub mod lane;
pub mod lane_event;
mod line_status;
pub mod link;
pub mod port;
mod questions;
mod session_budget;
pub mod stop;
pub mod stop_watch;
pub mod supervisor;
pub mod system_clock;
pub mod tally;
mod timer;
mod verdict_limit;
pub mod wire_tap;
pub mod wishes;

#[cfg(test)]
mod driver_tests;
#[cfg(test)]
mod port_tests;
#[cfg(test)]
mod supervisor_tests;

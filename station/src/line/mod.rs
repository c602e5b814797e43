//! The line: lanes with their ports and threads, driving sessions with real I/O.
//!
//! Alone here a session's wishes meet the world: ports, the signer, the ledger, the clock. A lane never
//! judges a board and never decides an order of steps; that is the session's. It never prints: faces
//! read [`lane_event`]s.

pub mod control;
pub mod control_socket;

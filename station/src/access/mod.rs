//! Who works here, how they prove it, and what each role may do.
//!
//! People are enrolled with a role, a PIN and mostly a badge. Facts about that (who enrolled whom, who signed
//! in) are the ledger's; PIN hashes and badge digests are not, since the ledger is never pruned and goes to
//! auditors: they are in one private file of the home, [`Register`]. [`permits`] is the one table of what a
//! role may do, and [`SignIn`] the sign-in at a screen as a pure state machine.
//!
//! This room has no screen, reads no terminal and records nothing: its callers do.

mod badge;
mod delay;
mod error;
mod moment;
mod operator;
mod operator_file;
mod permission;
mod pin;
mod register;
mod secret;
mod sign_in;
mod told_code;

pub use badge::BadgeCode;
pub use delay::WrongPins;
pub use error::{AccessError, Refused};
pub use moment::Moment;
pub use operator::{NewOperator, Operator, OperatorBook};
pub use permission::{Deed, Denied, permits};
pub use pin::{OperatorPin, PinFault, PinHash};
pub use register::Register;
pub use secret::Secret;
pub use sign_in::{Scan, SignIn, SignInState, SignInTimes, SignedIn, Step};
pub use told_code::as_told;

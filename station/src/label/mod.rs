//! Labels on their way to a printer. What a label says is the profile's; this room brings it to paper, away
//! from the lanes: a printer that is slow, full or gone never holds up a board.
//!
//! Never here: deciding which board gets a label, or recording who wanted one.

mod printer;
mod printing;

pub use printer::{Printer, PrinterFault};
pub use printing::{LabelJob, LabelNews, Outcome, Printing, QUEUE_MAX, Tell};

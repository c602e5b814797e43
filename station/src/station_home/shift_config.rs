//! `[[shift]]` of `station.toml`: named parts of the day that do not overlap.

use toml::Spanned;

use super::config_fault::ConfigFault;
use crate::shift::Shift;

/// Checks the shifts.
///
/// # Errors
/// The first shift that has the name or a minute of another.
pub(super) fn checked(text: &str, raw: Vec<Spanned<Shift>>) -> Result<Vec<Shift>, ConfigFault> {
    let mut shifts: Vec<Shift> = Vec::new();
    for shift in raw {
        let place = shift.span();
        let shift = shift.into_inner();
        let clash = |other: &&Shift| other.name == shift.name || other.overlaps(&shift);
        if let Some(other) = shifts.iter().find(clash) {
            let problem = format!("shift {} and shift {} overlap", other.name, shift.name);
            let hint = "give each its own name and its own part of the day, in UTC";
            return Err(ConfigFault::at(text, Some(place), problem, hint));
        }
        shifts.push(shift);
    }
    Ok(shifts)
}

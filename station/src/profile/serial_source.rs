//! Where a board's serial comes from.

/// Where a board's serial comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerialSource {
    /// The batch's next one: of the ledger's counter, or of the list that was given.
    #[default]
    Counter,
    /// The label that is on the board already, which somebody scans.
    Label,
}

/// The source has no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a source of serials: counter or label")]
pub struct SerialSourceError;

impl SerialSource {
    /// Reads its name.
    ///
    /// # Errors
    /// [`SerialSourceError`] where it is none.
    pub fn parse(text: &str) -> Result<Self, SerialSourceError> {
        match text {
            "counter" => Ok(Self::Counter),
            "label" => Ok(Self::Label),
            _ => Err(SerialSourceError),
        }
    }
}

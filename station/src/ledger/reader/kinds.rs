//! Kinds of events that are looked for together.

/// A group of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// What says whose a session is, and who worked.
    Sessions,
    /// What a session says of its board.
    OfSession,
    /// The same with measurements.
    OfSessionMeasured,
    /// What is said of a board itself: its certificates, its end.
    OfBoard,
    /// What opens, describes and closes a batch, and clears its holds.
    OfBatch,
    /// Holds of lanes that are cleared, and jumps of the clock that are accepted.
    ByPeople,
    /// What raises alarms and what clears them.
    Alarms,
    /// Mirrors that begin.
    MirrorsBegun,
}

impl Kinds {
    /// As SQL has a list of texts.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::Sessions => "'session-opened', 'evidence-appraised', 'verdict-reached'",
            Self::OfSession => {
                "'session-opened', 'evidence-appraised', 'verdict-reached', 'hold-placed'"
            }
            Self::OfSessionMeasured => {
                "'session-opened', 'evidence-appraised', 'verdict-reached', 'hold-placed',
                 'measurements-judged'"
            }
            Self::OfBoard => {
                "'certificate-issued', 'provisioned', 'certificate-revoked', 'board-scrapped'"
            }
            Self::OfBatch => {
                "'batch-opened', 'batch-terms-recorded', 'batch-hold-cleared', 'board-scrapped',
                 'batch-closed'"
            }
            Self::ByPeople => "'hold-cleared', 'clock-accepted'",
            Self::MirrorsBegun => "'mirror-begun'",
            Self::Alarms => {
                "'verdict-reached', 'alarm-acknowledged', 'hold-placed', 'hold-cleared',
                 'batch-hold-placed', 'batch-hold-cleared', 'clock-accepted'"
            }
        }
    }
}

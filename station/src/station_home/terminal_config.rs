//! `[terminal]` of `station.toml`: the operator's terminal.

use serde::Deserialize;

use crate::words::Language;

/// `[terminal]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalConfig {
    /// The language that the screen begins in.
    #[serde(default)]
    pub language: Language,
}

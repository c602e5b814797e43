//! What is told of a frame in words, beside the names and figures that are the protocol's own.

use serde::{Deserialize, Serialize};

use super::{Language, Phrase};

/// What stands behind a message's name, or in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameRemark {
    /// It is no frame: the wire has bent it.
    Noise,
    /// A frame whose content is no message.
    NoMessage,
    /// How large frames may be, and how many chunks may be on their way.
    Limits {
        /// Bytes of a frame.
        frame_bytes: u32,
        /// Chunks.
        window: u32,
    },
    /// How large the whole is.
    Of {
        /// Its bytes.
        bytes: u32,
    },
    /// How many chunks are asked for once more.
    Lost {
        /// Chunks.
        chunks: u32,
    },
    /// When the board wants to be asked again.
    AskAgain {
        /// In so many milliseconds.
        ms: u32,
    },
    /// The board is told that it has passed.
    Passed,
    /// The board is told that it has not.
    NotPassed,
}

impl Language {
    /// The remark in words.
    #[must_use]
    pub fn frame_remark(self, remark: FrameRemark) -> String {
        use FrameRemark as R;
        let count = |phrase, count: u32| self.fill(phrase, &[&count.to_string()]);
        match remark {
            R::Noise => self.say(Phrase::FrameNoise).to_owned(),
            R::NoMessage => self.say(Phrase::FrameNoMessage).to_owned(),
            R::Limits {
                frame_bytes,
                window,
            } => {
                let values = [frame_bytes.to_string(), window.to_string()];
                self.fill(Phrase::FrameLimits, &[&values[0], &values[1]])
            }
            R::Of { bytes } => count(Phrase::FrameOf, bytes),
            R::Lost { chunks } => count(Phrase::FrameLost, chunks),
            R::AskAgain { ms } => count(Phrase::FrameAskAgain, ms),
            R::Passed => self.say(Phrase::FramePassed).to_owned(),
            R::NotPassed => self.say(Phrase::FrameNotPassed).to_owned(),
        }
    }
}

//! `Hello` and `Farewell`.

use crate::limits::{MAX_FRAME_BYTES, MIN_FRAME_BYTES, chunk_bytes};
use crate::platform::Platform;
use crate::request::Hello;
use crate::response::Identity;
use crate::transcript::link_digest;
use crate::version::{CURRENT, MIN, highest_common};
use crate::{Refusal, Response};

use super::session::LinkTerms;
use super::{Procedure, Stop};

/// The largest frame this crate takes, as it travels in `Identity`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked by the assertion below"
)]
const OWN_FRAME_BYTES: u16 = MAX_FRAME_BYTES as u16;
const _: () = assert!(OWN_FRAME_BYTES as usize == MAX_FRAME_BYTES);

impl<P: Platform> Procedure<'_, P> {
    pub(super) fn open(&mut self, hello: &Hello, body: &[u8]) -> Result<(), Stop> {
        let theirs = (hello.min_version, hello.max_version);
        let Some(version) = highest_common((MIN, CURRENT), theirs) else {
            self.answer(&Response::NoCommonVersion {
                min_version: MIN,
                max_version: CURRENT,
            });
            return Ok(());
        };
        let frame_bytes = usize::from(hello.max_frame_bytes).min(MAX_FRAME_BYTES);
        if frame_bytes < MIN_FRAME_BYTES {
            return Err(Refusal::Bounds.into());
        }
        self.keeper.keep_drawn(self.platform)?;
        let record = self.keeper.record();
        let hardware = self.platform.hardware();
        let identity = Identity {
            version,
            max_frame_bytes: OWN_FRAME_BYTES,
            window_chunks: self.platform.window_chunks(),
            uid: hardware.uid,
            product: hardware.product,
            hardware_revision: hardware.revision,
            state: record.standing.state(),
            device_nonce: record.device_nonce,
            boot: self.boot,
        };
        self.answer(&Response::Identity(identity));
        self.session.link = Some(LinkTerms {
            version,
            digest: link_digest(self.platform, body, self.outgoing.body()),
            chunk_bytes: u16::try_from(chunk_bytes(frame_bytes)).unwrap_or(u16::MAX),
            window: hello.window_chunks,
        });
        Ok(())
    }

    pub(super) fn part(&mut self, passed: bool) {
        self.platform.show_verdict(passed);
        self.session.close();
        self.answer(&Response::Done);
    }
}

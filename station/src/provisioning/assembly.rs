//! Blobs out of chunks: what has come, what is missing, whether the whole is what was announced.

use firmware_proto::object_transfer::{Announcement, BlobId, ChunkSet, chunk_count};
use firmware_proto::{Response, limits};

use super::answer::{Answer, Failure, MessageBody};
use crate::encoding::sha256;

/// A blob on its way to the station.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) announced: Announcement,
    data: Vec<u8>,
    pub(super) missing: ChunkSet,
}

/// What a frame does to the exchange.
pub(super) enum Advance {
    Ignore,
    Continue,
    NextWindow,
    Done(Result<Answer, Failure>),
}

/// Takes an answer to a single request, or a chunk of what it announced.
pub(super) fn ask_answer(
    head: &mut Option<(MessageBody, Assembly)>,
    body: &[u8],
    response: &Response<'_>,
    chunk_bytes: usize,
) -> Advance {
    match (response, head.as_mut()) {
        (
            Response::Evidence(announced)
            | Response::SelfTestReport(announced)
            | Response::KeyEvidence(announced)
            | Response::Receipt(announced),
            None,
        ) => match Assembly::begin(*announced, chunk_bytes) {
            Ok(assembly) => {
                *head = Some((MessageBody::new(body), assembly));
                Advance::Continue
            }
            Err(failure) => Advance::Done(Err(failure)),
        },
        (Response::Chunk { .. }, None) => Advance::Ignore,
        (Response::Chunk { blob, index, data }, Some((head, assembly))) => {
            match assembly.take(*blob, *index, data, chunk_bytes) {
                Err(failure) => Advance::Done(Err(failure)),
                Ok(()) if assembly.missing.is_empty() => Advance::Done(assembly.finish(head)),
                Ok(()) => Advance::Continue,
            }
        }
        (Response::Refused(_), _) | (_, None) => {
            Advance::Done(Ok(Answer::Message(MessageBody::new(body))))
        }
        (_, Some(_)) => Advance::Ignore,
    }
}

/// Takes the word on which chunks of an upload have arrived.
pub(super) fn upload_answer(
    received: &mut ChunkSet,
    body: &[u8],
    response: &Response<'_>,
    chunks: usize,
) -> Advance {
    match response {
        Response::ChunksReceived { received: now, .. } => {
            *received = ChunkSet(received.0 | now.0);
            if ChunkSet::first(chunks).without(*received).is_empty() {
                Advance::Done(Ok(Answer::Uploaded))
            } else {
                Advance::NextWindow
            }
        }
        Response::Refused(_) => Advance::Done(Ok(Answer::Message(MessageBody::new(body)))),
        _ => Advance::Done(Err(Failure::Misbehaved(
            "another answer than the chunks received",
        ))),
    }
}

impl Assembly {
    /// A blob of the announced size, nothing of it there.
    fn begin(announced: Announcement, chunk_bytes: usize) -> Result<Self, Failure> {
        let total = usize::from(announced.total_bytes);
        let chunks = chunk_count(total, chunk_bytes);
        let bounded = total <= limits::MAX_BLOB_BYTES && (1..=limits::MAX_CHUNKS).contains(&chunks);
        if !bounded || announced.first_bytes > announced.total_bytes {
            return Err(Failure::Misbehaved(
                "a blob of impossible length was announced",
            ));
        }
        Ok(Self {
            announced,
            data: vec![0; total],
            missing: ChunkSet::first(chunks),
        })
    }

    fn take(
        &mut self,
        blob: BlobId,
        index: u8,
        data: &[u8],
        chunk_bytes: usize,
    ) -> Result<(), Failure> {
        if blob != self.announced.blob || !self.missing.contains(index) {
            return Ok(());
        }
        let from = usize::from(index).saturating_mul(chunk_bytes);
        let to = from.saturating_add(chunk_bytes).min(self.data.len());
        let place = self
            .data
            .get_mut(from..to)
            .filter(|place| place.len() == data.len());
        let place = place.ok_or(Failure::Misbehaved("a chunk of the wrong length"))?;
        place.copy_from_slice(data);
        let mut taken = ChunkSet::EMPTY;
        taken.insert(index);
        self.missing = self.missing.without(taken);
        Ok(())
    }

    fn finish(&mut self, head: &MessageBody) -> Result<Answer, Failure> {
        if sha256(&self.data) != self.announced.digest {
            return Err(Failure::Misbehaved("a blob is not what was announced"));
        }
        let mut first = std::mem::take(&mut self.data);
        let second = first.split_off(usize::from(self.announced.first_bytes));
        Ok(Answer::Blob {
            head: head.clone(),
            first,
            second,
        })
    }
}

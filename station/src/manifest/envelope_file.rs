//! The file of a manifest: its envelope without the payload, and the payload as a stream of bytes.
//!
//! The payload is base64 and by far the largest part. It is found by the quotation mark that ends it, which
//! stands in the file's last bytes, so that its length is known before its first byte is hashed.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use base64ct::{Base64, Encoding as _};
use firmware_proto::Digest;
use sha2::Digest as _;

use super::dsse::{Envelope, MAX_ENVELOPE_BYTES, PAYLOAD_TYPE};
use super::rejected::{Rejected, misspelt};
use crate::dsse::{pre_authentication_head, read_canonical};

/// What every manifest begins with.
const BEGINNING: &[u8] = b"{\"payload\":\"";

/// More than follows the payload in any envelope.
const ENDING_BYTES: u64 = 16 * 1024;

/// Files up to here are read whole where they are no manifest, so that the fault is told with its place.
const SMALL_BYTES: u64 = 4 * 1024 * 1024;

/// Characters of the payload that are decoded at once: a multiple of four.
const PIECE_CHARACTERS: usize = 192 * 1024;

/// Pieces that wait between the two threads.
const PIECES_WAITING: usize = 4;

const PART: &str = "the envelope";

/// The file's outside.
pub(super) struct EnvelopeFile {
    /// The envelope, with no payload in it.
    pub(super) envelope: Envelope,
    /// Where in the file the payload's characters are.
    pub(super) payload: Range<u64>,
}

impl EnvelopeFile {
    /// Reads the envelope around the payload, in its one spelling.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Self, Rejected> {
        let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        if length > MAX_ENVELOPE_BYTES {
            return Err(Rejected::TooLong);
        }
        match Self::around(file, length)? {
            Ok(found) => Ok(found),
            Err(fault) if length <= SMALL_BYTES => {
                let whole = part(file, 0..length)?;
                let read = read_canonical(&whole, Envelope::to_bytes);
                let told = read.map_err(|error| misspelt(PART, error, 0));
                Err(told.err().unwrap_or(fault))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Whether the file looks like an envelope, from its two ends.
    fn around(
        file: &mut (impl Read + Seek),
        length: u64,
    ) -> Result<Result<Self, Rejected>, Rejected> {
        let begins = BEGINNING.len() as u64;
        let cut = Rejected::Syntax {
            part: PART,
            reason: "it does not begin or end as an envelope".to_owned(),
        };
        if length < begins || part(file, 0..begins)? != BEGINNING {
            return Ok(Err(cut));
        }
        let ending = if length <= SMALL_BYTES {
            length
        } else {
            ENDING_BYTES
        };
        let from = length.saturating_sub(ending).max(begins);
        let ending = part(file, from..length)?;
        let Some(quote) = ending.iter().position(|byte| *byte == b'"') else {
            return Ok(Err(cut));
        };
        let end = from + quote as u64;
        let rest = ending.get(quote..).unwrap_or_default();
        let without = [BEGINNING, rest].concat();
        let read = read_canonical(&without, Envelope::to_bytes);
        Ok(read
            .map(|envelope| Self {
                envelope,
                payload: begins..end,
            })
            .map_err(|error| misspelt(PART, error, end - begins)))
    }
}

fn part(file: &mut (impl Read + Seek), range: Range<u64>) -> Result<Vec<u8>, Rejected> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(range.start))
        .and_then(|_| file.take(range.end - range.start).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: io::Error) -> Rejected {
    let fault: Box<dyn std::error::Error> = error.into();
    Rejected::Unreadable(fault.to_string())
}

/// What is known of a payload when its last byte was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PayloadDigests {
    /// SHA-256 of its pre-authentication encoding: what was signed.
    pub(super) signed: Digest,
    /// SHA-256 of the payload itself.
    pub(super) payload: Digest,
    /// The first character that is not as it is in canonical base64.
    pub(super) misspelt: Option<u64>,
}

/// Decodes and hashes the payload on a thread of its own, and gives its bytes in order.
///
/// Where the base64 is wrong, other bytes take the place of those that cannot be read, so that whoever reads
/// on can still say which row it was.
pub(super) fn read_payload<R: Read + Seek + Send>(
    file: R,
    place: Range<u64>,
    mut take: impl FnMut(&[u8]),
) -> Result<PayloadDigests, Rejected> {
    let (sender, receiver): (SyncSender<Vec<u8>>, Receiver<_>) = sync_channel(PIECES_WAITING);
    std::thread::scope(|scope| {
        let decoding = scope.spawn(move || decode(file, &place, &sender));
        for piece in receiver {
            take(&piece);
        }
        let ended = || Rejected::Unreadable("the decoding thread ended early".to_owned());
        decoding.join().unwrap_or_else(|_| Err(ended()))
    })
}

fn decode<R: Read + Seek>(
    mut file: R,
    place: &Range<u64>,
    pieces: &SyncSender<Vec<u8>>,
) -> Result<PayloadDigests, Rejected> {
    let characters = place.end - place.start;
    let padding = characters.min(2);
    let end = part(&mut file, place.end - padding..place.end)?;
    let padding = end.iter().map(|byte| u64::from(*byte == b'=')).sum::<u64>();
    let length = (characters / 4 * 3).saturating_sub(padding);
    let mut payload = sha2::Sha256::new();
    let mut signed = sha2::Sha256::new();
    signed.update(pre_authentication_head(PAYLOAD_TYPE, length));
    file.seek(SeekFrom::Start(place.start))
        .map_err(unreadable)?;
    let mut read_on = file.take(characters);
    let mut misspelt = None;
    let mut text = Vec::with_capacity(PIECE_CHARACTERS);
    let mut at = 0;
    loop {
        text.clear();
        let limit = PIECE_CHARACTERS as u64;
        let read = (&mut read_on).take(limit).read_to_end(&mut text);
        if read.map_err(unreadable)? == 0 {
            break;
        }
        let last = at + text.len() as u64 == characters;
        let bytes = decode_piece(&text, last).unwrap_or_else(|wrong| {
            misspelt.get_or_insert(at + wrong);
            decode_around(&text, last)
        });
        at += text.len() as u64;
        payload.update(&bytes);
        signed.update(&bytes);
        if pieces.send(bytes).is_err() {
            break;
        }
    }
    let digest = |hasher: sha2::Sha256| Digest::from_bytes(hasher.finalize().into());
    Ok(PayloadDigests {
        signed: digest(signed),
        payload: digest(payload),
        misspelt,
    })
}

/// The bytes of a piece; only the last may be padded. Else the quartet that is wrong, by its first character.
fn decode_piece(text: &[u8], last: bool) -> Result<Vec<u8>, u64> {
    let mut bytes = vec![0; text.len() / 4 * 3 + 3];
    let whole = text.len() / 4 * 3;
    let decoded = Base64::decode(text, &mut bytes).map(<[u8]>::len);
    match decoded {
        Ok(length) if last || length == whole => {
            bytes.truncate(length);
            Ok(bytes)
        }
        _ => {
            let quartets = text.chunks(4).count();
            let wrong = text.chunks(4).enumerate().find(|(number, quartet)| {
                let ends = last && number + 1 == quartets;
                decode_quartet(quartet, ends).is_none()
            });
            Err(wrong.map_or(0, |(number, _)| number as u64 * 4))
        }
    }
}

fn decode_quartet(text: &[u8], last: bool) -> Option<Vec<u8>> {
    let mut bytes = [0; 3];
    let decoded = Base64::decode(text, &mut bytes).ok()?;
    (text.len() == 4 && (last || decoded.len() == 3)).then(|| decoded.to_vec())
}

/// The same, with a sign in place of what cannot be decoded.
fn decode_around(text: &[u8], last: bool) -> Vec<u8> {
    let quartets = text.chunks(4).count();
    let each = |(number, quartet)| {
        let ends = last && number + 1 == quartets;
        decode_quartet(quartet, ends).unwrap_or_else(|| b"???".to_vec())
    };
    text.chunks(4).enumerate().flat_map(each).collect()
}

//! The leaf: one event as the bytes that the tree hashes.
//!
//! A leaf is one UTF-8 JSON object. The writer makes its bytes once; they are stored, hashed and handed
//! out as they are, never encoded again. Reading is strict: bytes that differ from what this module
//! writes for the same event (unknown or doubled fields, other spacing, another order) are refused,
//! so that one event has one spelling.

use firmware_proto::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::event::{Event, Fact, LEAF_VERSION};
use super::merkle_tree::leaf_hash;
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::names::BatchId;

/// The largest leaf. A profile's text is the largest thing in one.
pub const LEAF_BYTES_MAX: usize = 256 * 1024;

/// Where an event stands in its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPosition {
    /// The batch.
    pub batch: BatchId,
    /// How many events of the batch come before.
    pub seq: u64,
    /// Leaf hash of the batch's event before; none for the first.
    pub prev: Option<Digest>,
}

/// An event with what the writer added.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// When it became true.
    pub time: UtcMillis,
    /// Its place in its batch; none for what concerns the station alone.
    pub position: Option<BatchPosition>,
    /// The session it happened in.
    pub session: Option<Hex>,
    /// What happened.
    pub fact: Fact,
}

/// Why bytes are no leaf.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LeafError {
    /// Larger than any leaf may be.
    #[error("leaf of {got} bytes, at most {LEAF_BYTES_MAX} are allowed")]
    TooLong {
        /// The length found.
        got: usize,
    },
    /// Made by a newer program.
    #[error("leaf of version {got}, this program knows {LEAF_VERSION}; use a newer one")]
    Version {
        /// The version found.
        got: u64,
    },
    /// No JSON, or not the fields of its kind.
    #[error("not a leaf: {detail}")]
    Malformed {
        /// What the parser says.
        detail: String,
    },
    /// Number, predecessor and batch do not go together.
    #[error("the leaf's place in its batch is contradictory")]
    Position,
    /// The same event, spelled otherwise.
    #[error("the leaf is not spelled as this program spells it")]
    Spelling,
}

impl Leaf {
    /// The leaf's bytes.
    ///
    /// # Errors
    /// [`LeafError::TooLong`] where the event is larger than [`LEAF_BYTES_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, LeafError> {
        let kind = self.fact.kind();
        let mut bytes = self.header().text(kind)?;
        let fact = serde_json::to_vec(&self.fact).map_err(malformed)?;
        let rest = fact.strip_prefix(&tagged(kind)?[..]);
        bytes.extend_from_slice(rest.ok_or_else(|| malformed("not an object"))?);
        bounded(&bytes)?;
        Ok(bytes)
    }

    /// Reads a leaf.
    ///
    /// # Errors
    /// [`LeafError`] where the bytes are not exactly what [`Leaf::encode`] makes.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        bounded(bytes)?;
        match Self::as_written(bytes) {
            Some(leaf) => Ok(leaf),
            None => Self::decode_any(bytes),
        }
    }

    /// Reads what this module wrote, a text after the other. Whoever reads a log reads millions of these.
    fn as_written(bytes: &[u8]) -> Option<Self> {
        let read: Beginning = serde_json::from_slice(bytes).ok()?;
        let header = Header {
            time_ms: read.time_ms,
            batch: read.batch,
            batch_seq: read.batch_seq,
            batch_prev: read.batch_prev,
            session: read.session,
        };
        let rest = bytes.strip_prefix(&header.text(&read.kind).ok()?[..])?;
        let text = [&tagged(&read.kind).ok()?[..], rest].concat();
        let fact: Fact = serde_json::from_slice(&text).ok()?;
        let position = header.position().ok()?;
        (serde_json::to_vec(&fact).ok()? == text).then_some(Self {
            time: header.time_ms,
            position,
            session: header.session,
            fact,
        })
    }

    /// Reads any bytes, and says what is wrong with them.
    fn decode_any(bytes: &[u8]) -> Result<Self, LeafError> {
        let mut object: Map<String, Value> = serde_json::from_slice(bytes).map_err(malformed)?;
        let version = object.shift_remove("v").and_then(|v| v.as_u64());
        match version {
            Some(v) if v == u64::from(LEAF_VERSION) => {}
            Some(got) => return Err(LeafError::Version { got }),
            None => return Err(malformed("no version")),
        }
        let mut header = Map::new();
        for key in ["time_ms", "batch", "batch_seq", "batch_prev", "session"] {
            let value = object.shift_remove(key).ok_or_else(|| malformed(key))?;
            header.insert(key.to_owned(), value);
        }
        let header: Header = serde_json::from_value(Value::Object(header)).map_err(malformed)?;
        let fact: Fact = serde_json::from_value(Value::Object(object)).map_err(malformed)?;
        let leaf = Self {
            time: header.time_ms,
            position: header.position()?,
            session: header.session,
            fact,
        };
        if leaf.encode()? != bytes {
            return Err(LeafError::Spelling);
        }
        Ok(leaf)
    }

    fn header(&self) -> Header {
        let position = self.position.as_ref();
        Header {
            time_ms: self.time,
            batch: position.map(|at| at.batch.clone()),
            batch_seq: position.map(|at| at.seq),
            batch_prev: position.and_then(|at| at.prev).map(Hex::from),
            session: self.session.clone(),
        }
    }

    /// The event that was recorded.
    #[must_use]
    pub fn into_event(self) -> Event {
        Event {
            time: self.time,
            batch: self.position.map(|at| at.batch),
            session: self.session,
            fact: self.fact,
        }
    }

    /// The batch, where there is one.
    #[must_use]
    pub fn batch(&self) -> Option<&BatchId> {
        self.position.as_ref().map(|at| &at.batch)
    }
}

/// A leaf with its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its index in the log.
    pub index: u64,
    /// RFC 6962 hash of its bytes.
    pub hash: Digest,
    /// What it says.
    pub leaf: Leaf,
}

impl Entry {
    /// Reads a stored leaf.
    ///
    /// # Errors
    /// [`LeafError`] where the bytes are none.
    pub fn read(index: u64, bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf = Leaf::decode(bytes)?;
        Ok(Self {
            index,
            hash: leaf_hash(bytes),
            leaf,
        })
    }
}

/// What every leaf has, whatever its kind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    time_ms: UtcMillis,
    batch: Option<BatchId>,
    batch_seq: Option<u64>,
    batch_prev: Option<Hex>,
    session: Option<Hex>,
}

/// A leaf's first fields, whatever follows.
#[derive(Deserialize)]
struct Beginning {
    kind: String,
    time_ms: UtcMillis,
    batch: Option<BatchId>,
    batch_seq: Option<u64>,
    batch_prev: Option<Hex>,
    session: Option<Hex>,
}

impl Header {
    /// A leaf's text up to the fields of its fact.
    fn text(&self, kind: &str) -> Result<Vec<u8>, LeafError> {
        let mut text = format!("{{\"v\":{LEAF_VERSION},").into_bytes();
        text.extend_from_slice(tagged(kind)?.get(1..).unwrap_or_default());
        text.push(b',');
        let header = serde_json::to_vec(self).map_err(malformed)?;
        let fields = header
            .strip_prefix(b"{")
            .and_then(|all| all.strip_suffix(b"}"));
        text.extend_from_slice(fields.ok_or_else(|| malformed("not an object"))?);
        Ok(text)
    }

    fn position(&self) -> Result<Option<BatchPosition>, LeafError> {
        let prev = match &self.batch_prev {
            None => None,
            Some(hex) => Some(hex.digest().ok_or(LeafError::Position)?),
        };
        match (&self.batch, self.batch_seq) {
            (None, None) if prev.is_none() => Ok(None),
            (Some(batch), Some(seq)) if (seq == 0) == prev.is_none() => Ok(Some(BatchPosition {
                batch: batch.clone(),
                seq,
                prev,
            })),
            _ => Err(LeafError::Position),
        }
    }
}

/// How the text of a fact begins.
fn tagged(kind: &str) -> Result<Vec<u8>, LeafError> {
    let kind = serde_json::to_string(kind).map_err(malformed)?;
    Ok(format!("{{\"kind\":{kind}").into_bytes())
}

fn bounded(bytes: &[u8]) -> Result<(), LeafError> {
    if bytes.len() > LEAF_BYTES_MAX {
        return Err(LeafError::TooLong { got: bytes.len() });
    }
    Ok(())
}

fn malformed(detail: impl std::fmt::Display) -> LeafError {
    LeafError::Malformed {
        detail: detail.to_string(),
    }
}

#[cfg(test)]
mod tests;

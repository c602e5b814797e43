//! Cosignatures: what a witness says of a checkpoint, as C2SP tlog-cosignature writes it (`cosignature/v1`).
//!
//! Pure. A witness has seen the log grow, and puts its own signature, with the time, under the checkpoint's
//! note. Two histories signed by one ledger key cannot both be shown to the same witness. Only Ed25519 (type
//! 0x04) is read; lines of other witnesses, and of other kinds, are passed over.

use std::fmt;

use base64ct::{Base64, Encoding};
use thiserror::Error;

use super::checkpoint::{
    CheckpointError, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, is_key_name, split_note,
};
use crate::encoding::sha256;

/// The type byte of Ed25519 cosignatures.
const TYPE_COSIGNATURE: u8 = 0x04;

/// Time, then signature.
const SIGNATURE_BYTES: usize = 8 + 64;

/// The latest time that the specification allows.
const TIME_MAX: u64 = i64::MAX.unsigned_abs();

/// Why a cosignature or a witness's key is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CosignatureError {
    /// Text that is no witness's key.
    #[error("not a witness's key: {0}; expected name+id+key of a cosignature/v1 key (type 4)")]
    Key(&'static str),
    /// The note is none.
    #[error(transparent)]
    Note(#[from] CheckpointError),
    /// A line under a known witness's name and key ID that does not verify.
    #[error("the cosignature under the name of witness {0} does not verify over this checkpoint")]
    Signature(String),
    /// The signatures are under another text.
    #[error("the cosigned note is over another checkpoint than the ledger's of {size} entries")]
    OtherText {
        /// The size of the ledger's.
        size: u64,
    },
    /// Nobody known has signed.
    #[error("no known witness has cosigned it")]
    NoWitness,
    /// More lines than a note may have.
    #[error("with these cosignatures the note would be longer than any note may be")]
    TooLong,
}

/// A witness as verifiers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    key: [u8; 32],
}

impl WitnessKey {
    /// Reads the `vkey` text.
    ///
    /// # Errors
    /// [`CosignatureError::Key`] where it is none, or its key ID is not its key's.
    pub fn parse(text: &str) -> Result<Self, CosignatureError> {
        let bad = CosignatureError::Key;
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("not three parts"));
        };
        let encoded = Base64::decode_vec(encoded).map_err(|_| bad("base64"))?;
        let Some((&TYPE_COSIGNATURE, bytes)) = encoded.split_first() else {
            return Err(bad("another type of key"));
        };
        let key: [u8; 32] = bytes.try_into().map_err(|_| bad("length"))?;
        ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| bad("no Ed25519 key"))?;
        let name = name.to_owned();
        if !is_key_name(&name) {
            return Err(bad("name"));
        }
        let witness = Self { name, key };
        if witness.to_string() != text {
            return Err(bad("key ID or spelling"));
        }
        Ok(witness)
    }

    /// Its name in notes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn encoded(&self) -> Vec<u8> {
        [&[TYPE_COSIGNATURE][..], &self.key].concat()
    }

    fn id(&self) -> [u8; 4] {
        let named = [self.name.as_bytes(), b"\n", &self.encoded()].concat();
        let [a, b, c, d, ..] = *sha256(&named).as_bytes();
        [a, b, c, d]
    }

    /// Whether this line is the witness's, by name and key ID.
    fn claims(&self, name: &str, blob: &[u8]) -> bool {
        name == self.name && blob.starts_with(&self.id())
    }

    fn read(&self, text: &str, blob: &[u8]) -> Result<Cosignature, CosignatureError> {
        let refused = || CosignatureError::Signature(self.name.clone());
        let timed = blob.get(4..).filter(|timed| timed.len() == SIGNATURE_BYTES);
        let (time, signature) = timed
            .and_then(|timed| timed.split_first_chunk::<8>())
            .ok_or_else(refused)?;
        let time_s = u64::from_be_bytes(*time);
        if time_s > TIME_MAX {
            return Err(refused());
        }
        let message = format!("cosignature/v1\ntime {time_s}\n{text}");
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.key).map_err(|_| refused())?;
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| refused())?;
        key.verify_strict(message.as_bytes(), &signature)
            .map_err(|_| refused())?;
        Ok(Cosignature {
            witness: self.name.clone(),
            time_s,
        })
    }
}

/// The `vkey` text.
impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = base16ct::lower::encode_string(&self.id());
        let key = Base64::encode_string(&self.encoded());
        write!(f, "{}+{id}+{key}", self.name)
    }
}

/// A witness has seen a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Which witness.
    pub witness: String,
    /// When, in seconds since 1970, by its clock.
    pub time_s: u64,
}

/// Which of these witnesses have cosigned the note, in their order, each once. The ledger's own signature is
/// for [`Checkpoint::open`](super::checkpoint::Checkpoint::open) to check.
///
/// # Errors
/// [`CosignatureError::Signature`] where a line claims a known witness and does not verify.
pub fn cosignatures(
    note: &str,
    witnesses: &[WitnessKey],
) -> Result<Vec<Cosignature>, CosignatureError> {
    let (text, signatures) = split_note(note)?;
    let mut found = Vec::new();
    for witness in witnesses {
        let mut latest: Option<Cosignature> = None;
        for (name, blob) in &signatures {
            if !witness.claims(name, blob) {
                continue;
            }
            let read = witness.read(text, blob)?;
            let newer = latest
                .as_ref()
                .is_none_or(|latest| latest.time_s < read.time_s);
            latest = if newer { Some(read) } else { latest };
        }
        found.extend(latest);
    }
    Ok(found)
}

/// The stored note of `size` entries with the lines of known witnesses added that `cosigned` has: a whole note
/// over the same text, or signature lines alone. Lines that are there already are not doubled.
///
/// # Errors
/// [`CosignatureError`] where it is over another text, a line does not verify, or there is none to add.
pub fn with_cosignatures(
    stored: &str,
    size: u64,
    cosigned: &str,
    witnesses: &[WitnessKey],
) -> Result<String, CosignatureError> {
    let (text, own) = split_note(stored)?;
    let whole = if cosigned.starts_with('\u{2014}') {
        format!("{text}\n{cosigned}")
    } else {
        cosigned.to_owned()
    };
    let (other_text, lines) = split_note(&whole)?;
    if other_text != text {
        return Err(CosignatureError::OtherText { size });
    }
    let mut note = stored.to_owned();
    let mut known = false;
    let mut count = own.len();
    for (name, blob) in &lines {
        let Some(witness) = witnesses.iter().find(|key| key.claims(name, blob)) else {
            continue;
        };
        witness.read(text, blob)?;
        known = true;
        let there = |(own_name, own_blob): &(&str, Vec<u8>)| own_name == name && own_blob == blob;
        if !own.iter().any(there) {
            let blob = Base64::encode_string(blob);
            for part in ["\u{2014} ", name, " ", &blob, "\n"] {
                note.push_str(part);
            }
            count += 1;
        }
    }
    if !known {
        return Err(CosignatureError::NoWitness);
    }
    if note.len() > NOTE_BYTES_MAX || count > NOTE_SIGNATURES_MAX {
        return Err(CosignatureError::TooLong);
    }
    Ok(note)
}

/// Whom to ask for, and how many of them must have signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WitnessPolicy {
    /// The witnesses that are known.
    pub witnesses: Vec<WitnessKey>,
    /// How many of them must have cosigned a checkpoint that counts.
    pub quorum: usize,
}

impl WitnessPolicy {
    /// The cosignatures on the note, and whether there are enough.
    ///
    /// # Errors
    /// As [`cosignatures`].
    pub fn judge(&self, note: &str) -> Result<(Vec<Cosignature>, bool), CosignatureError> {
        let found = cosignatures(note, &self.witnesses)?;
        let enough = found.len() >= self.quorum;
        Ok((found, enough))
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    const NOTE: &str = "example.com/log\n42\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/log AAAAAAECAwQ=\n";

    fn witness(seed: u8) -> (SigningKey, WitnessKey) {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let key = signing.verifying_key().to_bytes();
        let name = format!("witness.example/w{seed}");
        (signing, WitnessKey { name, key })
    }

    fn line(seed: u8, time_s: u64, text: &str) -> String {
        let (signing, key) = witness(seed);
        let message = format!("cosignature/v1\ntime {time_s}\n{text}");
        let signature = signing.sign(message.as_bytes()).to_bytes();
        let blob = [&key.id()[..], &time_s.to_be_bytes(), &signature].concat();
        format!("\u{2014} {} {}\n", key.name, Base64::encode_string(&blob))
    }

    fn text() -> &'static str {
        split_note(NOTE).unwrap().0
    }

    /// A public witness's key, as its operator publishes it.
    #[test]
    fn keys_have_the_text_of_the_specification() {
        let text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        assert_eq!(WitnessKey::parse(text).unwrap().to_string(), text);
        let bad = [
            "",
            "remora.n621.de+da77ade7",
            "remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
            "remora.n621.de+DA77ADE7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
            "remora.n621.de+da77ade7+AevN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
            "remora n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        ];
        for text in bad {
            assert!(WitnessKey::parse(text).is_err(), "{text}");
        }
    }

    /// Made once with OpenSSL; fixtures/vectors/cosignature says how.
    #[test]
    fn opens_a_cosignature_made_by_another_program() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/vectors/cosignature/"
        );
        let read = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).unwrap();
        let key = WitnessKey::parse(read("witness.vkey").trim_end()).unwrap();
        let note = read("cosigned.note");
        let expected = Cosignature {
            witness: "witness.example/golden".to_owned(),
            time_s: 1_679_315_147,
        };
        assert_eq!(cosignatures(&note, &[key]), Ok(vec![expected]));
    }

    #[test]
    fn a_known_witness_counts_once_and_must_verify() {
        let (one, two) = (witness(1).1, witness(2).1);
        let both = [one.clone(), two.clone()];
        let note = format!("{NOTE}{}{}", line(1, 7, text()), line(1, 9, text()));
        let found = cosignatures(&note, &both).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].time_s, 9);
        let policy = |quorum| WitnessPolicy {
            witnesses: both.to_vec(),
            quorum,
        };
        assert!(policy(1).judge(&note).unwrap().1);
        assert!(!policy(2).judge(&note).unwrap().1);
        // A stranger's line says nothing; a known one's over another text, or at another time, is a forgery.
        assert_eq!(
            cosignatures(&note, std::slice::from_ref(&two)),
            Ok(Vec::new())
        );
        let forged = format!("{NOTE}{}", line(1, 7, "example.com/log\n43\nAA==\n"));
        let refused = cosignatures(&forged, &both);
        assert_eq!(refused, Err(CosignatureError::Signature(one.name.clone())));
        let late = format!("{NOTE}{}", line(1, TIME_MAX + 1, text()));
        assert!(cosignatures(&late, &both).is_err());
        assert_eq!(cosignatures(&late, &[two]), Ok(Vec::new()));
    }

    #[test]
    fn every_bit_of_a_cosignature_counts() {
        let key = [witness(1).1];
        let note = format!("{NOTE}{}", line(1, 7, text()));
        assert_eq!(cosignatures(&note, &key).unwrap().len(), 1);
        for at in NOTE.len()..note.len() {
            for flip in [0x01, 0x20] {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= flip;
                let Ok(changed) = String::from_utf8(bytes) else {
                    continue;
                };
                let found = cosignatures(&changed, &key);
                assert!(
                    found.is_err() || found == Ok(Vec::new()),
                    "byte {at}: {changed}"
                );
            }
        }
    }

    #[test]
    fn adds_lines_of_known_witnesses_once() {
        let keys = [witness(1).1, witness(2).1];
        let lines = format!("{}{}", line(1, 7, text()), line(3, 7, text()));
        let one = with_cosignatures(NOTE, 42, &lines, &keys).unwrap();
        assert_eq!(one, format!("{NOTE}{}", line(1, 7, text())));
        assert_eq!(with_cosignatures(&one, 42, &lines, &keys), Ok(one.clone()));
        let whole = format!("{NOTE}{}", line(2, 8, text()));
        let two = with_cosignatures(&one, 42, &whole, &keys).unwrap();
        assert_eq!(cosignatures(&two, &keys).unwrap().len(), 2);
        let add = |cosigned: &str| with_cosignatures(NOTE, 42, cosigned, &keys);
        assert_eq!(add(&line(3, 7, text())), Err(CosignatureError::NoWitness));
        let other = NOTE.replace("42", "43");
        assert_eq!(add(&other), Err(CosignatureError::OtherText { size: 42 }));
        assert!(matches!(
            add(&line(1, 7, "x\n")),
            Err(CosignatureError::Signature(_))
        ));
        let many: String = (0..20).map(|time| line(1, time, text())).collect();
        assert!(add(&many).is_err());
    }
}

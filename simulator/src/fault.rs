//! What can be wrong with a board, each fault with its parameters as the defect catalogue writes
//! them.

use serde::{Deserialize, Serialize};

use crate::hostile::HostileKind;
use crate::noise_source::NoiseSource;
use crate::power::{PowerCut, Step};
use crate::wire_fault::WireFaults;

/// One fault. Variants without parameters are empty structs, so that an unknown key is refused
/// there too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Fault {
    /// Nothing.
    None {},
    /// A genuine image, but of another version.
    FirmwareVersion {
        /// Which component.
        component: String,
        /// The version it has.
        version: String,
    },
    /// The right version, but not the released image.
    TamperedImage {
        /// Which component.
        component: String,
    },
    /// The right image, signed by somebody else.
    ForeignSigner {
        /// Which component.
        component: String,
    },
    /// A component too many.
    UnknownComponent {
        /// Its name.
        component: String,
    },
    /// A component too few.
    MissingComponent {
        /// Its name.
        component: String,
    },
    /// Another lifecycle state.
    Lifecycle {
        /// The claim's value (RFC 9783, section 4.3.1).
        value: u16,
    },
    /// A stranger vouches for the attestation key.
    ForeignAttestationKey {},
    /// The attestation key's certificate has expired.
    ExpiredAttestationKey {},
    /// The vendor has revoked the attestation key's certificate.
    RevokedAttestationKey {},
    /// The attestation key's certificate is of an authority below a root, and the board sends both.
    AttestationAuthority {
        /// Which one.
        authority: AuthorityName,
    },
    /// The board has no certificate; the vendor has its key in a file.
    NoAttestationCertificate {},
    /// The attestation key's certificate names another product.
    OtherHardwareType {},
    /// The tokens name another implementation.
    OtherImplementation {},
    /// The tokens were asked for by another client.
    ClientId {
        /// The claim's value.
        value: i32,
    },
    /// A token is wrong in itself.
    Token {
        /// Which of the session's three.
        of: TokenOf,
        /// In what way.
        fault: TokenFaultName,
    },
    /// The board claims a UID that is not its silicon's.
    ClaimedUid {},
    /// The board is of another product.
    Product {
        /// The product code it claims.
        code: String,
    },
    /// A sensor reads this.
    Measurement {
        /// Which one.
        name: String,
        /// The value: with a decimal point for real numbers.
        value: Reading,
    },
    /// A sensor gives no number.
    NotANumber {
        /// Which one.
        name: String,
    },
    /// A sensor is over its range.
    Infinite {
        /// Which one.
        name: String,
    },
    /// Readings of a sensor are all the same.
    StuckSensor {
        /// Which one.
        name: String,
    },
    /// Readings of a sensor scatter more than they should.
    WildSensor {
        /// Which one.
        name: String,
        /// So many times as far.
        times: f32,
    },
    /// A sensor gives fewer readings.
    FewReadings {
        /// Which one.
        name: String,
        /// So many.
        count: usize,
    },
    /// Bits of a mask are not as they should be.
    Bits {
        /// Which mask.
        name: String,
        /// The bits that are turned over.
        flipped: u32,
    },
    /// A text is another one.
    Text {
        /// Which one.
        name: String,
        /// What it is.
        text: String,
    },
    /// A piece of memory was changed.
    ChangedMemory {
        /// Which digest shows it.
        name: String,
    },
    /// Other parts than should be are on a bus.
    Bus {
        /// Which bus.
        name: String,
        /// Addresses that are silent where they should answer, or answer where nobody should.
        flipped: Vec<u8>,
    },
    /// The random number generator draws from a bad source.
    RandomSource {
        /// How bad.
        source: NoiseSource,
    },
    /// A measurement is missing.
    MissingMeasurement {
        /// Which one.
        name: String,
    },
    /// A measurement is given twice.
    DoubledMeasurement {
        /// Which one.
        name: String,
    },
    /// A measurement that nobody asked for.
    UnknownMeasurement {
        /// Its name.
        name: String,
    },
    /// A measurement has another unit.
    OtherUnit {
        /// Which one.
        name: String,
    },
    /// A measurement is of another type.
    OtherType {
        /// Which one.
        name: String,
    },
    /// The self-test hardware fails.
    SelfTestFails {},
    /// The CSR is no DER.
    MalformedRequest {},
    /// The CSR's signature is of another message.
    RequestSignature {},
    /// The CSR is of another key than the one that is attested.
    ForeignKey {},
    /// The identity key comes from a generator that other boards with this fault share.
    SharedKey {},
    /// The attestation key comes from a generator that other boards with this fault share; the vendor has
    /// certified it for each of them.
    SharedAttestationKey {},
    /// The root of trust has the boot seed of every other board with this fault.
    SharedBootSeed {},
    /// The root of trust has another boot seed in each token, without a reset.
    ChangingBootSeed {},
    /// The device nonces are those of every other board with this fault.
    SharedNonce {},
    /// A copy of the board that it comes after: same silicon UID and attestation key, other
    /// identity key.
    Clone {},
    /// The board that it comes after, put in once more.
    ComesBack {},
    /// The board pins another product owner's key.
    OtherOwner {},
    /// The certificate slot gives back other bytes.
    FalseReadBack {},
    /// The identity key gives wrong signatures.
    FalseSignature {
        /// Over which object.
        of: SignedBy,
    },
    /// The fuses can't be blown.
    LockFails {},
    /// The fuses only seem to be blown.
    LockLies {},
    /// A peer that keeps no protocol.
    Hostile {
        /// What it does.
        peer: HostileKind,
    },
    /// Silence from this answer on.
    SilentFrom {
        /// Which answer.
        answer: Step,
    },
    /// Noise without end from this answer on.
    NoiseFrom {
        /// Which answer.
        answer: Step,
    },
    /// Another answer than the one that is due.
    WrongAnswer {
        /// In place of which.
        answer: Step,
    },
    /// A blob of 65,535 bytes is announced.
    HugeBlob {
        /// In place of which answer.
        answer: Step,
    },
    /// A blob is announced, and a chunk that is none of it comes for ever.
    EndlessBlob {
        /// In place of which answer.
        answer: Step,
    },
    /// Answers bear the numbers of other requests from this one on.
    WrongSequence {
        /// From which answer on.
        answer: Step,
    },
    /// Another board is put in the place of this one in mid-session.
    SwappedFrom {
        /// From which answer on.
        answer: Step,
    },
    /// The board speaks another protocol version only.
    OtherVersion {
        /// Which one.
        version: u8,
    },
    /// An operation that takes its time.
    Slow {
        /// Which one.
        step: Step,
        /// How often the station is sent away.
        times: u32,
        /// For how long.
        retry_ms: u16,
    },
    /// Power goes away, and returns.
    PowerCut {
        /// When.
        cuts: Vec<PowerCut>,
    },
    /// The port goes away with the board's power, as that of a board with its own USB does, and
    /// returns.
    PortVanishes {
        /// When.
        cuts: Vec<PowerCut>,
    },
    /// A bad line between station and board.
    Wire {
        /// What it does to the bytes.
        faults: WireFaults,
    },
}

/// One of a session's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenOf {
    /// Token 1.
    Evidence,
    /// Token 2, with the CSR.
    KeyEvidence,
    /// Token 3, with the receipt.
    Receipt,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFaultName {
    /// One bit of the signature.
    Signature,
    /// Its nonce is an old one.
    StaleNonce,
    /// It is cut in the middle.
    Truncated,
    /// A claim stands in it twice.
    DoubledClaim,
    /// Its instance ID is not its key's.
    ForeignInstance,
}

/// An authority below one of the vendor's roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorityName {
    /// Of the second root: a good one.
    Lot,
    /// Of the first root, whose path length is 0.
    BeyondPathLength,
    /// Of the second root, with name constraints that exclude every board.
    OtherNames,
}

/// A signed object of the device's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedBy {
    /// The proof of possession.
    Proof,
    /// The receipt.
    Receipt,
}

/// What a sensor reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reading {
    /// A whole number.
    Integer(i64),
    /// A real number.
    Real(f32),
}

//! The table of codes, by the group that the runbook has them in. A code is added here and in
//! `docs/runbook.md`, in one change.
//!
//! A code never changes its meaning, and none is ever removed.

use super::{Entry, Outcome, Retry, Severity};

macro_rules! codes {
    ($(
        $(#[$doc:meta])*
        $name:ident = $text:literal, $outcome:ident, $severity:ident, $retry:ident, $action:literal;
    )*) => {
        /// A verdict code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum VerdictCode {
            $($(#[$doc])* $name,)*
        }

        impl VerdictCode {
            /// Every code, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What belongs to the code.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        text: $text,
                        outcome: Outcome::$outcome,
                        severity: Severity::$severity,
                        retry: Retry::$retry,
                        action: $action,
                    },)*
                }
            }
        }
    };
}

codes! {
    /// Provisioned, locked, recorded.
    Pass = "PASS", Pass, Routine, Never, "Take the board out; put in the next one.";
    /// The board was provisioned before and has proven it again.
    AlreadyProvisioned = "ALREADY-PROVISIONED", Pass, Routine, Never,
        "This board already has its identity; put it with the passed ones.";

    /// No whole answer within the time.
    LinkLost = "LINK-LOST", Fail, Routine, Once, "Check the cable and the fixture, then put the board in again.";
    /// Bytes come, but no valid frame.
    LinkNoise = "LINK-NOISE", Fail, Routine, Once, "Check the contacts and the board's power, then put it in again.";
    /// The device breaks the protocol's rules.
    LinkProtocol = "LINK-PROTOCOL", Fail, Routine, Never, "Put the board aside for QA.";
    /// No protocol version is common.
    LinkVersion = "LINK-VERSION", Fail, Routine, Never, "The bootloader is too old or too new; put the board aside for rework.";

    /// The board claims another product than the batch makes.
    ProductMismatch = "PRODUCT-MISMATCH", Fail, Routine, Never, "This board is of another product; check the batch, put it aside.";
    /// The evidence is no PSA token, or lacks a claim.
    AttMalformed = "ATT-MALFORMED", Fail, Alarm, Never, "Put the board aside for QA.";
    /// A token's signature does not verify.
    AttSignature = "ATT-SIGNATURE", Fail, Alarm, Never, "Put the board aside for QA.";
    /// A token answers another challenge than ours.
    AttNonce = "ATT-NONCE", Fail, Alarm, Never, "Put the board aside for QA.";
    /// Nobody whom the profile trusts has vouched for the attestation key.
    AttKeyUnknown = "ATT-KEY-UNKNOWN", Fail, Alarm, Never, "Not a genuine chip of this product; put it aside for QA.";
    /// The attestation key's certificate is not valid now.
    AttKeyExpired = "ATT-KEY-EXPIRED", Fail, Alarm, Never, "Put the board aside for QA.";
    /// The vendor has revoked the attestation key.
    AttKeyRevoked = "ATT-KEY-REVOKED", Fail, Alarm, Never, "Put the board aside for QA.";
    /// The attestation key or the implementation is another product's.
    AttProduct = "ATT-PRODUCT", Fail, Alarm, Never, "The chip is of another product; put it aside for QA.";
    /// The claimed UID is not the attested one.
    AttUid = "ATT-UID", Fail, Alarm, Never, "Put the board aside for QA.";
    /// A claim has a value that the profile does not allow.
    AttClaims = "ATT-CLAIMS", Fail, Alarm, Never, "Put the board aside for QA.";
    /// The security lifecycle is not one that may be provisioned.
    AttLifecycle = "ATT-LIFECYCLE", Fail, Routine, Never, "The chip is in the wrong lifecycle state; put it aside for rework.";
    /// A debug port is open.
    AttDebug = "ATT-DEBUG", Fail, Routine, Never, "The debug port is open; put the board aside for rework.";
    /// The tokens of one session do not agree: another board. In old records also a changed boot seed.
    AttSession = "ATT-SESSION", Fail, Alarm, Never, "The board changed in the middle of the work; put it aside for QA.";
    /// The attested boot seed is another board's, an earlier boot's, or changed without a reset.
    AttBootSeed = "ATT-BOOT-SEED", Fail, Alarm, Never, "A boot seed came back, or changed without a reset: stop the lane and call QA.";
    /// The device nonce was seen before, of another board or of this one before it drew a later one.
    AttNonceReused = "ATT-NONCE-REUSED", Fail, Alarm, Never, "A nonce came back: stop the lane and call QA.";

    /// A component's version is not allowed.
    FwVersion = "FW-VERSION", Fail, Routine, Never, "Wrong firmware version; put the board aside for reflashing.";
    /// A component is unknown, doubled or missing.
    FwComponent = "FW-COMPONENT", Fail, Routine, Never, "Wrong set of firmware; put the board aside for reflashing.";
    /// The version is allowed but the image is not the released one.
    FwMeasurement = "FW-MEASUREMENT", Fail, Alarm, Never, "The firmware is not the released image; put the board aside for QA.";
    /// A released image whose security counter the product has left behind.
    FwRollback = "FW-ROLLBACK", Fail, Routine, Never, "The firmware is from before a security update; put the board aside for reflashing.";

    /// A measurement is outside its limits.
    HwLimit = "HW-LIMIT", Fail, Routine, Once, "A measurement is out of limits; clean the contacts, put the board in once more.";
    /// A measurement is missing; in old records also doubled or unknown.
    HwMissing = "HW-MISSING", Fail, Routine, Once, "The self-test is incomplete; put the board in once more.";
    /// A measurement has another unit; in old records also another type.
    HwUnit = "HW-UNIT", Fail, Routine, Never, "The self-test does not fit the profile; put the board aside for QA.";
    /// A measurement is no number; in old records also an infinite one.
    HwNotANumber = "HW-NAN", Fail, Routine, Once, "A sensor gave no number; put the board in once more.";
    /// A measurement is infinite.
    HwInfinite = "HW-INFINITE", Fail, Routine, Once, "A sensor is over its range; clean the contacts, put the board in once more.";
    /// A measurement is given more than once.
    HwDoubled = "HW-DOUBLED", Fail, Routine, Never, "The self-test says something twice; put the board aside for QA.";
    /// A measurement that the profile does not know.
    HwUnknown = "HW-UNKNOWN", Fail, Routine, Never, "The self-test does not fit the profile; put the board aside for QA.";
    /// A measurement is of another type.
    HwType = "HW-TYPE", Fail, Routine, Never, "The self-test does not fit the profile; put the board aside for QA.";
    /// Fewer readings of one quantity than the profile asks for.
    HwReadings = "HW-READINGS", Fail, Routine, Once, "A sensor gave too few readings; put the board in once more.";
    /// Readings of a sensor that scatter less than any live one does.
    HwStuck = "HW-STUCK", Fail, Routine, Once, "A sensor is stuck; put the board in once more.";
    /// Readings of a sensor that scatter more than it may.
    HwWild = "HW-WILD", Fail, Routine, Once, "A sensor is restless; clean the contacts, put the board in once more.";
    /// Bits that must be set are clear, or the other way round.
    HwMask = "HW-MASK", Fail, Routine, Never, "Fuses or pins are not as they must be; put the board aside for rework.";
    /// A text does not fit its pattern.
    HwText = "HW-TEXT", Fail, Routine, Never, "A part is of another version; put the board aside for rework.";
    /// A piece of memory is not what it must be.
    HwDigest = "HW-DIGEST", Fail, Alarm, Never, "Memory or option bytes were changed; put the board aside for QA.";
    /// A part does not answer on its bus, or one answers that nobody expects.
    HwBus = "HW-BUS", Fail, Routine, Once, "A part is missing or one too many; look at the board, put it in once more.";
    /// The random number generator fails a health test.
    HwRng = "HW-RNG", Fail, Alarm, Never, "The chip's random numbers are not random; put the board aside for QA.";

    /// The CSR cannot be read, or asks for what it may not.
    KeyCsr = "KEY-CSR", Fail, Routine, Never, "Put the board aside for QA.";
    /// The CSR is not signed by the key in it.
    KeySignature = "KEY-SIGNATURE", Fail, Alarm, Never, "Put the board aside for QA.";
    /// The key in the CSR is not the one that the device attests.
    KeyForeign = "KEY-FOREIGN", Fail, Alarm, Never, "Put the board aside for QA.";
    /// Another board has had this key.
    KeyReused = "KEY-REUSED", Fail, Alarm, Never, "Two boards with one key: stop the lane and call QA.";
    /// Another key has had this UID: a clone, or a board whose memory was wiped after it had passed.
    UidReused = "UID-REUSED", Fail, Alarm, Never, "This UID has been provisioned before: stop the lane and call QA.";
    /// The device serial that was to be used belongs to another board.
    SerialReused = "SERIAL-REUSED", Fail, Alarm, Never, "Two boards with one serial: stop the lane and call QA.";
    /// The label that was scanned is another board's.
    SerialLabel = "SERIAL-LABEL", Fail, Routine, Once, "Scan the label that is on this board: put it in once more.";

    /// The device refuses its grant.
    InstallRefused = "INSTALL-REFUSED", Fail, Routine, Never, "Put the board aside for QA.";
    /// What was read back is not what was sent.
    InstallReadback = "INSTALL-READBACK", Fail, Routine, Never, "The board does not keep its certificate; put it aside for rework.";
    /// The proof of possession does not verify.
    ProofInvalid = "PROOF-INVALID", Fail, Alarm, Never, "The identity does not work; put the board aside for QA.";
    /// The device does not lock.
    LockRefused = "LOCK-REFUSED", Fail, Routine, Never, "The board does not lock; put it aside for rework.";
    /// The receipt, or the token with it, does not verify.
    ReceiptInvalid = "RECEIPT-INVALID", Fail, Alarm, Never, "Put the board aside for QA.";
    /// The device says that its hardware failed.
    DeviceFault = "DEVICE-FAULT", Fail, Routine, Once, "The board reports a fault; put it in once more.";
    /// The board was ordered to lock and did not answer: it may be locked or not.
    InDoubt = "IN-DOUBT", Fail, Alarm, Once, "Put the same board in again now; do not mix it with others.";
    /// The board was revoked.
    Revoked = "REVOKED", Fail, Alarm, Never, "This board's identity was withdrawn; put it aside for QA.";
    /// QA has set the board aside, and has not released it.
    Quarantined = "QUARANTINED", Fail, Alarm, Never, "QA has set this board aside; bring it back to them, out of the flow.";

    /// The work order's quantity is reached.
    BatchFull = "BATCH-FULL", Error, Routine, Later, "The batch is full; ask the supervisor to close it.";
    /// The board was begun in another batch.
    BatchOther = "BATCH-OTHER", Error, Routine, Later, "This board belongs to another batch; finish it there.";
    /// The profile is not valid now: it has expired, or is not valid yet.
    ProfileExpired = "PROFILE-EXPIRED", Error, Routine, Later, "The profile is not valid now; call the supervisor for a new one.";
    /// The HSM does not answer, or refuses.
    StationHsm = "STATION-HSM", Error, Alarm, Later, "The key store does not answer; leave the board in and call the supervisor.";
    /// The ledger cannot be written.
    StationLedger = "STATION-LEDGER", Error, Alarm, Later, "The ledger cannot be written; stop and call the supervisor.";
    /// The station lacks what it judges attestation keys by: the allow-list, or a current revocation list.
    StationTrust = "STATION-TRUST", Error, Alarm, Later, "The station lacks a current file of the chip vendor; call the supervisor.";
    /// The clock has jumped.
    StationClock = "STATION-CLOCK", Error, Alarm, Later, "The clock has jumped; call the supervisor.";
    /// Work was stopped by a person.
    Aborted = "ABORTED", Error, Routine, Later, "Put the same board in again; it goes on where it was.";
}

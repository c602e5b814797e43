//! One seed, many named streams: whoever draws from one stream never moves another.
//!
//! Device 17 keeps its keys when a wire fault is added to device 3, because no two purposes share a
//! generator. A run is repeated by its seed alone.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The seed of a whole line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

/// What a stream is for. The text enters the derivation, so it must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The silicon identifier.
    Uid,
    /// The key under the attestation certificate.
    AttestationKey,
    /// The key of a forger, where the defect needs one.
    ForeignKey,
    /// Boot seeds, device nonces and everything else the hardware generator gives.
    HardwareGenerator,
    /// The identity key that the device makes.
    IdentityKey,
    /// An identity key out of a generator that several boards share by mistake.
    WeakGenerator,
    /// What the sensors read.
    SelfTest,
    /// What the noise source gives.
    NoiseSource,
    /// Faults of the wire, from station to device.
    WireToDevice,
    /// Faults of the wire, from device to station.
    WireToStation,
    /// Bytes of a peer that keeps no protocol.
    Hostile,
    /// Which defect a device has, where that is left to chance.
    Defect,
    /// Which defects a device has together.
    Combination,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Uid => "uid",
            Self::AttestationKey => "attestation-key",
            Self::ForeignKey => "foreign-key",
            Self::HardwareGenerator => "hardware-generator",
            Self::IdentityKey => "identity-key",
            Self::WeakGenerator => "weak-generator",
            Self::SelfTest => "self-test",
            Self::NoiseSource => "noise-source",
            Self::WireToDevice => "wire-to-device",
            Self::WireToStation => "wire-to-station",
            Self::Hostile => "hostile",
            Self::Defect => "defect",
            Self::Combination => "combination",
        }
    }
}

impl Seed {
    /// The generator of one purpose of one device.
    #[must_use]
    pub fn stream(self, purpose: Purpose, device: u32) -> ChaCha20Rng {
        let mut hash = Sha256::new();
        hash.update(b"provisioning simulator stream 1");
        hash.update(self.0.to_be_bytes());
        hash.update(device.to_be_bytes());
        hash.update(purpose.as_str().as_bytes());
        ChaCha20Rng::from_seed(hash.finalize().into())
    }

    /// 32 bytes of that generator.
    #[must_use]
    pub fn bytes(self, purpose: Purpose, device: u32) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.stream(purpose, device).fill_bytes(&mut bytes);
        bytes
    }
}

/// True `per_million` times in a million.
pub fn chance(stream: &mut ChaCha20Rng, per_million: u32) -> bool {
    per_million > 0 && below(stream, 1_000_000) < per_million
}

/// A number below `bound`, 0 where the bound is 0. The bias of the modulus is of no matter here.
pub fn below(stream: &mut ChaCha20Rng, bound: u32) -> u32 {
    stream.next_u32().checked_rem(bound).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_purpose_device_and_seed_and_by_nothing_else() {
        let seed = Seed(7);
        let first = seed.bytes(Purpose::IdentityKey, 17);
        assert_eq!(first, Seed(7).bytes(Purpose::IdentityKey, 17));
        assert_ne!(first, seed.bytes(Purpose::IdentityKey, 18));
        assert_ne!(first, seed.bytes(Purpose::AttestationKey, 17));
        assert_ne!(first, Seed(8).bytes(Purpose::IdentityKey, 17));
    }
}

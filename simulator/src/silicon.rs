//! What is soldered to a virtual board, and what its operations do, rightly or wrongly.

use firmware_proto::limits::MAX_BLOB_BYTES;
use firmware_proto::object_transfer::BlobId;
use firmware_proto::platform::{InstalledChain, KeyMade, Pending, RawSignature};
use firmware_proto::self_test::encode_report;
use firmware_proto::{Digest, PlatformFault};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

use crate::blueprint::{Blueprint, HardwareFault, KeySource};
use crate::certification_request::certification_request;
use crate::device_keys::{DeviceKey, sha256};
use crate::evidence::{TokenFault, TokenRequest, token};
use crate::nonvolatile::Nonvolatile;
use crate::power::{Step, Supply};
use crate::seed::Purpose;

/// What is soldered to the board.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) blueprint: Blueprint,
    pub(crate) nonvolatile: Nonvolatile,
    pub(crate) supply: Supply,
    /// The light that an operator sees.
    pub(crate) light: Option<bool>,
    /// How many identity keys were made in the board's life.
    pub(crate) keys_made: u32,
    /// How many nonces of a shared generator were drawn.
    nonces_drawn: u32,
    pub(crate) volatile: Volatile,
    pub(crate) generator: ChaCha20Rng,
}

/// What a power cut takes away.
#[derive(Debug, Default)]
pub(crate) struct Volatile {
    evidence: Vec<u8>,
    self_test: Vec<u8>,
    key_evidence: Vec<u8>,
    install_package: Vec<u8>,
    boot_seed: Option<[u8; 32]>,
    /// The CSR that the board attests where it hands over another one, and its length in the blob.
    pub(crate) attested_request: Option<(u16, Digest)>,
    /// How often each slow operation has sent the station away.
    pending: Vec<(Step, u32)>,
}

impl State {
    /// A board as it leaves the assembly line, with power.
    pub(crate) fn new(blueprint: Blueprint) -> Self {
        let Blueprint { seed, device, .. } = blueprint;
        Self {
            nonvolatile: Nonvolatile::fresh(blueprint.lifecycle),
            supply: Supply::new(blueprint.power_cuts.clone()),
            light: None,
            keys_made: 0,
            nonces_drawn: 0,
            volatile: Volatile::default(),
            generator: seed.stream(Purpose::HardwareGenerator, device),
            blueprint,
        }
    }

    pub(crate) fn pending(&mut self, step: Step) -> Option<Pending> {
        let slow = *self.blueprint.slow.iter().find(|slow| slow.step == step)?;
        let counted = &mut self.volatile.pending;
        let index = counted.iter().position(|(known, _)| *known == step);
        let index = index.unwrap_or_else(|| {
            counted.push((step, 0));
            counted.len() - 1
        });
        let (_, count) = counted.get_mut(index)?;
        if *count == slow.times {
            *count = 0;
            return None;
        }
        *count += 1;
        Some(Pending {
            retry_ms: slow.retry_ms,
        })
    }

    pub(crate) fn has(&self, fault: HardwareFault) -> bool {
        self.blueprint.hardware_faults.contains(&fault)
    }

    pub(crate) fn blob(&mut self, blob: BlobId) -> &mut Vec<u8> {
        match blob {
            BlobId::Evidence => &mut self.volatile.evidence,
            BlobId::SelfTest => &mut self.volatile.self_test,
            BlobId::KeyEvidence => &mut self.volatile.key_evidence,
            BlobId::InstallPackage => &mut self.volatile.install_package,
            BlobId::Receipt => &mut self.nonvolatile.receipt,
        }
    }

    pub(crate) fn write(
        &mut self,
        blob: BlobId,
        offset: u16,
        data: &[u8],
    ) -> Result<(), PlatformFault> {
        let (start, end) = range(offset, data.len())?;
        let memory = self.blob(blob);
        if memory.len() < end {
            memory.resize(end, 0);
        }
        let slot = memory.get_mut(start..end).ok_or(PlatformFault)?;
        slot.copy_from_slice(data);
        Ok(())
    }

    pub(crate) fn part(
        &mut self,
        blob: BlobId,
        offset: u16,
        length: u16,
    ) -> Result<Vec<u8>, PlatformFault> {
        let (start, end) = range(offset, usize::from(length))?;
        let part = self.blob(blob).get(start..end).ok_or(PlatformFault)?;
        Ok(part.to_vec())
    }

    /// Random bytes of the board's generator. Nonces are the draws of 32 bytes.
    pub(crate) fn draw(&mut self, out: &mut [u8]) {
        if out.len() == 32 && self.has(HardwareFault::SharedNonce) {
            let drawn = sha256(&[b"shared nonce", &self.nonces_drawn.to_be_bytes()]);
            self.nonces_drawn += 1;
            return out.copy_from_slice(drawn.as_bytes());
        }
        self.generator.fill_bytes(out);
    }

    pub(crate) fn boot_seed(&mut self) -> [u8; 32] {
        if self.has(HardwareFault::SharedBootSeed) {
            return *sha256(&[b"shared boot seed"]).as_bytes();
        }
        if self.has(HardwareFault::ChangingBootSeed) {
            self.volatile.boot_seed = None;
        }
        if let Some(seed) = self.volatile.boot_seed {
            return seed;
        }
        let mut seed = [0; 32];
        self.generator.fill_bytes(&mut seed);
        self.volatile.boot_seed = Some(seed);
        seed
    }

    pub(crate) fn token(
        &mut self,
        challenge: &Digest,
        blob: BlobId,
    ) -> Result<Vec<u8>, PlatformFault> {
        let fault = match self.blueprint.token_fault {
            Some((spoilt, fault)) if spoilt == blob => fault,
            _ => TokenFault::None,
        };
        let boot_seed = self.boot_seed();
        let request = TokenRequest {
            key: &self.blueprint.attestation_key,
            claims: &self.blueprint.claims,
            lifecycle: self.nonvolatile.lifecycle,
            boot_seed: &boot_seed,
            challenge,
            fault,
        };
        token(&request).map_err(|_| PlatformFault)
    }

    pub(crate) fn self_test(&mut self) -> Result<u16, PlatformFault> {
        if self.has(HardwareFault::SelfTestFails) {
            return Err(PlatformFault);
        }
        let mut report = [0; MAX_BLOB_BYTES];
        let length = encode_report(&self.blueprint.measurements, &mut report);
        let length = length.map_err(|_| PlatformFault)?;
        let report = report.get(..length).ok_or(PlatformFault)?;
        self.write(BlobId::SelfTest, 0, report)?;
        u16::try_from(length).map_err(|_| PlatformFault)
    }

    /// A stream of its own, so that the board's other random numbers do not depend on how often it is asked.
    pub(crate) fn noise(&self) -> Vec<u8> {
        let Blueprint { seed, device, .. } = self.blueprint;
        self.blueprint
            .noise_source
            .samples(&mut seed.stream(Purpose::NoiseSource, device))
    }

    pub(crate) fn identity_key(&mut self) -> DeviceKey {
        if let Some(key) = &self.nonvolatile.identity_key {
            return key.clone();
        }
        let Blueprint { seed, device, .. } = self.blueprint;
        let key = match self.blueprint.key_source {
            KeySource::Shared => DeviceKey::of(seed, Purpose::WeakGenerator, 0),
            KeySource::Own | KeySource::Foreign => {
                // A board that lost its key makes another one, so the stream is the board's, not
                // the key's.
                let mut stream = seed.stream(Purpose::IdentityKey, device);
                stream.set_word_pos(u128::from(self.keys_made) << 32);
                DeviceKey::draw(&mut stream)
            }
        };
        self.keys_made += 1;
        self.nonvolatile.identity_key = Some(key.clone());
        key
    }

    pub(crate) fn key_evidence(&mut self) -> Result<KeyMade, PlatformFault> {
        let key = self.identity_key();
        let name = self.blueprint.claimed.uid.to_string();
        let fault = self.blueprint.request_fault;
        let made =
            |key: &DeviceKey| certification_request(key, &name, fault).map_err(|_| PlatformFault);
        let own = made(&key)?;
        let sent = if self.blueprint.key_source == KeySource::Foreign {
            let Blueprint { seed, device, .. } = self.blueprint;
            made(&DeviceKey::of(seed, Purpose::ForeignKey, device))?
        } else {
            own.clone()
        };
        let csr_bytes = u16::try_from(sent.len()).map_err(|_| PlatformFault)?;
        self.volatile.attested_request = Some((csr_bytes, sha256(&[&own])));
        self.volatile.key_evidence.clear();
        self.write(BlobId::KeyEvidence, 0, &sent)?;
        Ok(KeyMade {
            csr_bytes,
            key_digest: key.digest(),
        })
    }

    pub(crate) fn install(&mut self, chain: Vec<u8>, torn: bool) -> InstalledChain {
        self.nonvolatile.chain = chain;
        if torn {
            let half = self.nonvolatile.chain.len() / 2;
            self.nonvolatile.chain.truncate(half);
        }
        let mut read_back = self.nonvolatile.chain.clone();
        if self.has(HardwareFault::FalseReadBack)
            && let Some(byte) = read_back.last_mut()
        {
            *byte ^= 0x80;
        }
        InstalledChain {
            chain: sha256(&[&read_back]),
            certificate: sha256(&[first_der(&read_back)]),
        }
    }

    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Result<RawSignature, PlatformFault> {
        let key = self
            .nonvolatile
            .identity_key
            .as_ref()
            .ok_or(PlatformFault)?;
        let mut signature = key.sign(parts);
        let message = parts.concat();
        let spoils = |fault: &HardwareFault| {
            matches!(fault, HardwareFault::FalseSignature(content)
                if contains(&message, content.as_str().as_bytes()))
        };
        if self.blueprint.hardware_faults.iter().any(spoils) {
            signature[63] ^= 1;
        }
        Ok(signature)
    }
}

/// The first DER value of a concatenation; all of it where its length makes no sense.
pub(crate) fn first_der(bytes: &[u8]) -> &[u8] {
    let length = match bytes {
        [0x30, length, ..] if *length < 0x80 => usize::from(*length) + 2,
        [0x30, 0x81, length, ..] => usize::from(*length) + 3,
        [0x30, 0x82, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])) + 4,
        _ => bytes.len(),
    };
    bytes.get(..length).unwrap_or(bytes)
}

pub(crate) fn range(offset: u16, length: usize) -> Result<(usize, usize), PlatformFault> {
    let start = usize::from(offset);
    let end = start.checked_add(length).ok_or(PlatformFault)?;
    u16::try_from(end)
        .map(|_| (start, end))
        .map_err(|_| PlatformFault)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

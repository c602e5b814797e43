//! The virtual board's hardware: firmware-proto's `Platform`, made of software.
//!
//! What the board *does* on the wire is decided by `firmware_proto` alone; this file only signs, stores
//! and measures, and does so wrongly where the blueprint says so. Once power is gone, nothing has
//! any effect any more until it returns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firmware_proto::object_transfer::BlobId;
use firmware_proto::platform::{
    AuthorityKey, HardwareIdentity, InstalledChain, KeyMade, Pause, Pending, RawSignature,
};
use firmware_proto::transcript::Sha256;
use firmware_proto::{
    Digest, MeasurementList, Platform, PlatformFault, Progress, SecurityLifecycle,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

use crate::blueprint::{Blueprint, HardwareFault, KeySource};
use crate::certification_request::certification_request;
use crate::device_keys::{DeviceKey, is_signed_by, sha256};
use crate::evidence::{TokenFault, TokenRequest, token};
use crate::nonvolatile::Nonvolatile;
use crate::power::{Step, Supply};
use crate::seed::Purpose;
use crate::vendor_ca::endorse;

/// A handle to the hardware of one board. The protocol holds one, whoever plays with the board another.
#[derive(Clone, Debug)]
pub struct Hardware(Arc<Mutex<State>>);

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
    volatile: Volatile,
    generator: ChaCha20Rng,
}

/// What a power cut takes away.
#[derive(Debug, Default)]
struct Volatile {
    evidence: Vec<u8>,
    key_evidence: Vec<u8>,
    install_package: Vec<u8>,
    boot_seed: Option<[u8; 32]>,
    /// The CSR that the board attests where it hands over another one, and its length in the blob.
    attested_request: Option<(u16, Digest)>,
    /// How often each slow operation has sent the station away.
    pending: Vec<(Step, u32)>,
}

impl Hardware {
    /// A board as it leaves the assembly line, with power.
    #[must_use]
    pub fn new(blueprint: Blueprint) -> Self {
        let generator = blueprint
            .seed
            .stream(Purpose::HardwareGenerator, blueprint.device);
        Self(Arc::new(Mutex::new(State {
            nonvolatile: Nonvolatile::fresh(blueprint.lifecycle),
            supply: Supply::new(blueprint.power_cuts.clone()),
            light: None,
            keys_made: 0,
            volatile: Volatile::default(),
            generator,
            blueprint,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power: everything volatile is gone.
    pub fn cut_power(&self) {
        self.state().supply.cut();
    }

    /// Takes the power away as a person does who unplugs the board: no fault, so not counted as one.
    pub fn take_power(&self) {
        self.state().supply.switch_off();
    }

    /// Restores the power.
    pub fn restore_power(&self) {
        let mut state = self.state();
        state.volatile = Volatile::default();
        state.light = None;
        state.supply.restore();
    }

    /// Runs one operation with power around it.
    fn operate<T>(
        &self,
        step: Step,
        act: impl FnOnce(&mut State) -> Result<T, PlatformFault>,
    ) -> Progress<T> {
        let mut state = self.state();
        state.supply.before(step)?;
        if let Some(pending) = state.pending(step) {
            return Err(Pause::Working(pending));
        }
        let result = act(&mut state)?;
        state.supply.after(step)?;
        Ok(result)
    }
}

impl State {
    fn pending(&mut self, step: Step) -> Option<Pending> {
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

    fn has(&self, fault: HardwareFault) -> bool {
        self.blueprint.hardware_faults.contains(&fault)
    }

    fn blob(&mut self, blob: BlobId) -> &mut Vec<u8> {
        match blob {
            BlobId::Evidence => &mut self.volatile.evidence,
            BlobId::KeyEvidence => &mut self.volatile.key_evidence,
            BlobId::InstallPackage => &mut self.volatile.install_package,
            BlobId::Receipt => &mut self.nonvolatile.receipt,
        }
    }

    fn write(&mut self, blob: BlobId, offset: u16, data: &[u8]) -> Result<(), PlatformFault> {
        let (start, end) = range(offset, data.len())?;
        let memory = self.blob(blob);
        if memory.len() < end {
            memory.resize(end, 0);
        }
        let slot = memory.get_mut(start..end).ok_or(PlatformFault)?;
        slot.copy_from_slice(data);
        Ok(())
    }

    fn part(&mut self, blob: BlobId, offset: u16, length: u16) -> Result<Vec<u8>, PlatformFault> {
        let (start, end) = range(offset, usize::from(length))?;
        let part = self.blob(blob).get(start..end).ok_or(PlatformFault)?;
        Ok(part.to_vec())
    }

    fn boot_seed(&mut self) -> [u8; 32] {
        if let Some(seed) = self.volatile.boot_seed {
            return seed;
        }
        let mut seed = [0; 32];
        self.generator.fill_bytes(&mut seed);
        self.volatile.boot_seed = Some(seed);
        seed
    }

    fn token(&mut self, challenge: &Digest, blob: BlobId) -> Result<Vec<u8>, PlatformFault> {
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

    fn identity_key(&mut self) -> DeviceKey {
        if let Some(key) = &self.nonvolatile.identity_key {
            return key.clone();
        }
        let Blueprint { seed, device, .. } = self.blueprint;
        let key = match self.blueprint.key_source {
            KeySource::Shared => DeviceKey::of(seed, Purpose::WeakGenerator, 0),
            KeySource::Own | KeySource::Foreign => {
                // A board that lost its key makes another one, so the stream is the board's, not the key's.
                let mut stream = seed.stream(Purpose::IdentityKey, device);
                stream.set_word_pos(u128::from(self.keys_made) << 32);
                DeviceKey::draw(&mut stream)
            }
        };
        self.keys_made += 1;
        self.nonvolatile.identity_key = Some(key.clone());
        key
    }

    fn key_evidence(&mut self) -> Result<KeyMade, PlatformFault> {
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

    fn install(&mut self, chain: Vec<u8>, torn: bool) -> InstalledChain {
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

    fn sign(&self, parts: &[&[u8]]) -> Result<RawSignature, PlatformFault> {
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

impl Sha256 for Hardware {
    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        sha256(parts)
    }
}

impl Platform for Hardware {
    fn hardware(&self) -> HardwareIdentity {
        self.state().blueprint.claimed.clone()
    }

    fn random(&mut self, out: &mut [u8]) -> Result<(), PlatformFault> {
        let mut state = self.state();
        if !state.supply.is_on() {
            return Err(PlatformFault);
        }
        state.generator.fill_bytes(out);
        Ok(())
    }

    fn load_record(&mut self, out: &mut [u8]) -> Result<usize, PlatformFault> {
        let mut state = self.state();
        state.supply.before(Step::LoadRecord)?;
        let record = &state.nonvolatile.record;
        let length = record.len();
        out.get_mut(..length)
            .ok_or(PlatformFault)?
            .copy_from_slice(record);
        state.supply.after(Step::LoadRecord)?;
        Ok(length)
    }

    fn store_record(&mut self, record: &[u8]) -> Progress<()> {
        self.operate(Step::StoreRecord, |state| {
            if state.supply.tears(Step::StoreRecord) {
                return Err(PlatformFault);
            }
            state.nonvolatile.record = record.to_vec();
            Ok(())
        })
    }

    fn attest(&mut self, challenge: &Digest, blob: BlobId, offset: u16) -> Progress<u16> {
        self.operate(Step::Attest, |state| {
            let token = state.token(challenge, blob)?;
            state.write(blob, offset, &token)?;
            u16::try_from(token.len()).map_err(|_| PlatformFault)
        })
    }

    fn attestation_certificates(&mut self, blob: BlobId, offset: u16) -> Progress<u16> {
        let mut state = self.state();
        if !state.supply.is_on() {
            return Err(PlatformFault.into());
        }
        let blueprint = &state.blueprint;
        let certificate = endorse(&blueprint.attestation_key, &blueprint.endorsement)
            .map_err(|_| PlatformFault)?;
        state.write(blob, offset, &certificate)?;
        u16::try_from(certificate.len()).map_err(|_| PlatformFault.into())
    }

    fn self_test(&mut self) -> Progress<MeasurementList> {
        self.operate(Step::SelfTest, |state| {
            if state.has(HardwareFault::SelfTestFails) {
                return Err(PlatformFault);
            }
            Ok(state.blueprint.measurements.clone())
        })
    }

    fn make_key(&mut self) -> Progress<KeyMade> {
        self.operate(Step::MakeKey, State::key_evidence)
    }

    fn sign_with_identity(&mut self, parts: &[&[u8]]) -> Progress<RawSignature> {
        self.operate(Step::Sign, |state| state.sign(parts))
    }

    fn verify(
        &mut self,
        key: AuthorityKey<'_>,
        parts: &[&[u8]],
        signature: &RawSignature,
    ) -> Progress<bool> {
        self.operate(Step::Verify, |state| {
            let key = match key {
                AuthorityKey::Owner => &state.blueprint.owner_key,
                AuthorityKey::Station(point) => point,
            };
            Ok(is_signed_by(key, parts, signature))
        })
    }

    fn read_blob(
        &mut self,
        blob: BlobId,
        offset: u16,
        out: &mut [u8],
    ) -> Result<(), PlatformFault> {
        let mut state = self.state();
        if !state.supply.is_on() {
            return Err(PlatformFault);
        }
        let (start, _) = range(offset, out.len())?;
        let memory = state.blob(blob).iter().skip(start);
        let padded = memory.copied().chain(std::iter::repeat(0xff));
        out.iter_mut().zip(padded).for_each(|(to, from)| *to = from);
        Ok(())
    }

    fn write_blob(&mut self, blob: BlobId, offset: u16, data: &[u8]) -> Progress<()> {
        let step = match blob {
            BlobId::Receipt => Step::WriteReceipt,
            _ => Step::WriteBlob,
        };
        self.operate(step, |state| {
            if state.supply.tears(step) {
                return state.write(blob, offset, data.split_at(data.len() / 2).0);
            }
            state.write(blob, offset, data)
        })
    }

    fn digest_blob(&mut self, blob: BlobId, offset: u16, length: u16) -> Progress<Digest> {
        let mut state = self.state();
        if !state.supply.is_on() {
            return Err(PlatformFault.into());
        }
        if let Some((csr_bytes, digest)) = state.volatile.attested_request
            && (blob, offset, length) == (BlobId::KeyEvidence, 0, csr_bytes)
        {
            return Ok(digest);
        }
        let part = state.part(blob, offset, length)?;
        Ok(sha256(&[&part]))
    }

    fn install_chain(
        &mut self,
        blob: BlobId,
        offset: u16,
        length: u16,
    ) -> Progress<InstalledChain> {
        self.operate(Step::InstallChain, |state| {
            let chain = state.part(blob, offset, length)?;
            let torn = state.supply.tears(Step::InstallChain);
            Ok(state.install(chain, torn))
        })
    }

    fn trust_anchor_digest(&mut self, expected: &Digest) -> Result<Digest, PlatformFault> {
        Ok(*expected)
    }

    fn lock(&mut self, next: SecurityLifecycle) -> Progress<()> {
        self.operate(Step::Lock, |state| {
            if state.has(HardwareFault::LockFails) || state.supply.tears(Step::Lock) {
                return Err(PlatformFault);
            }
            if !state.has(HardwareFault::LockLies) {
                state.nonvolatile.lifecycle = next;
            }
            state.nonvolatile.locked = true;
            Ok(())
        })
    }

    fn show_verdict(&mut self, passed: bool) {
        self.state().light = Some(passed);
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

fn range(offset: u16, length: usize) -> Result<(usize, usize), PlatformFault> {
    let start = usize::from(offset);
    let end = start.checked_add(length).ok_or(PlatformFault)?;
    (end <= usize::from(u16::MAX))
        .then_some((start, end))
        .ok_or(PlatformFault)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

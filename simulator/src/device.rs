//! The virtual board's hardware: firmware-proto's `Platform`, made of software.
//!
//! What the board *does* on the wire is decided by `firmware_proto` alone; this file only signs,
//! stores and measures, and does so wrongly where the blueprint says so. Once power is gone,
//! nothing has any effect any more until it returns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firmware_proto::object_transfer::BlobId;
use firmware_proto::platform::{
    AuthorityKey, HardwareIdentity, InstalledChain, KeyMade, Pause, RawSignature,
};
use firmware_proto::transcript::Sha256;
use firmware_proto::{Digest, Platform, PlatformFault, Progress, SecurityLifecycle};

use crate::blueprint::{Blueprint, HardwareFault};
use crate::device_keys::{is_signed_by, sha256};
use crate::power::Step;
use crate::silicon::{State, Volatile, range};
use crate::vendor_ca::endorse;

/// A handle to the hardware of one board. The protocol holds one, whoever plays with the board
/// another.
#[derive(Clone, Debug)]
pub struct Hardware(Arc<Mutex<State>>);

impl Hardware {
    /// A board as it leaves the assembly line, with power.
    #[must_use]
    pub fn new(blueprint: Blueprint) -> Self {
        Self(Arc::new(Mutex::new(State::new(blueprint))))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power: everything volatile is gone.
    pub fn cut_power(&self) {
        self.state().supply.cut();
    }

    /// Takes the power away as a person does who unplugs the board: no fault, so not counted as
    /// one.
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
        state.draw(out);
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

    fn self_test(&mut self) -> Progress<u16> {
        self.operate(Step::SelfTest, State::self_test)
    }

    fn noise_samples(&mut self, blob: BlobId, offset: u16) -> Progress<u16> {
        let mut state = self.state();
        if !state.supply.is_on() {
            return Err(PlatformFault.into());
        }
        let samples = state.noise();
        state.write(blob, offset, &samples)?;
        u16::try_from(samples.len()).map_err(|_| PlatformFault.into())
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

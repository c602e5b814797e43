//! A static library with the whole device side in it, and no operating system below.
//!
//! It has its own panic handler and no allocator. A dependency that brings `std` in collides with
//! the handler; one that brings `alloc` in lacks an allocator: either way there is no library. Built
//! for the host everywhere, and for a Cortex-M where that target is installed (`script/prove-no-std`).
#![no_std]

#[cfg(feature = "sneak-alloc")]
extern crate alloc;
#[cfg(feature = "sneak-std")]
extern crate std;

use core::panic::PanicInfo;

use firmware_proto::object_transfer::BlobId;
use firmware_proto::platform::{
    AuthorityKey, HardwareIdentity, InstalledChain, KeyMade, RawSignature,
};
use firmware_proto::transcript::Sha256;
use firmware_proto::{
    Device, Digest, HardwareRevision, Pause, Platform, PlatformFault, ProductCode,
    Progress, SecurityLifecycle, Uid,
};

#[panic_handler]
fn halt(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// What a bootloader does with a byte of its line: boot, take it, write what is ready.
#[expect(unsafe_code, reason = "an exported name keeps the code in the library")]
#[unsafe(no_mangle)]
pub extern "C" fn link_proof_step(byte: u8) -> usize {
    let Some(board) = Absent::new() else { return 0 };
    let Ok(mut device) = Device::boot(board) else { return 0 };
    device.receive(&[byte]);
    let mut out = [0; 64];
    device.transmit(&mut out)
}

/// A board on which nothing works.
struct Absent(HardwareIdentity);

impl Absent {
    fn new() -> Option<Self> {
        Some(Self(HardwareIdentity {
            uid: Uid::from_bytes(&[0; 12]).ok()?,
            product: ProductCode::parse("NONE").ok()?,
            revision: HardwareRevision::parse("0").ok()?,
        }))
    }
}

const FAULT: Pause = Pause::Fault(PlatformFault);

impl Sha256 for Absent {
    fn sha256(&self, _: &[&[u8]]) -> Digest {
        Digest::from_bytes([0; 32])
    }
}

impl Platform for Absent {
    fn hardware(&self) -> HardwareIdentity {
        self.0.clone()
    }

    fn random(&mut self, _: &mut [u8]) -> Result<(), PlatformFault> {
        Ok(())
    }

    fn load_record(&mut self, _: &mut [u8]) -> Result<usize, PlatformFault> {
        Ok(0)
    }

    fn store_record(&mut self, _: &[u8]) -> Progress<()> {
        Err(FAULT)
    }

    fn attest(&mut self, _: &Digest, _: BlobId, _: u16) -> Progress<u16> {
        Err(FAULT)
    }

    fn attestation_certificates(&mut self, _: BlobId, _: u16) -> Progress<u16> {
        Err(FAULT)
    }

    fn self_test(&mut self) -> Progress<u16> {
        Err(FAULT)
    }

    fn noise_samples(&mut self, _: BlobId, _: u16) -> Progress<u16> {
        Err(FAULT)
    }

    fn make_key(&mut self) -> Progress<KeyMade> {
        Err(FAULT)
    }

    fn sign_with_identity(&mut self, _: &[&[u8]]) -> Progress<RawSignature> {
        Err(FAULT)
    }

    fn verify(&mut self, _: AuthorityKey<'_>, _: &[&[u8]], _: &RawSignature) -> Progress<bool> {
        Err(FAULT)
    }

    fn read_blob(&mut self, _: BlobId, _: u16, _: &mut [u8]) -> Result<(), PlatformFault> {
        Err(PlatformFault)
    }

    fn write_blob(&mut self, _: BlobId, _: u16, _: &[u8]) -> Progress<()> {
        Err(FAULT)
    }

    fn digest_blob(&mut self, _: BlobId, _: u16, _: u16) -> Progress<Digest> {
        Err(FAULT)
    }

    fn install_chain(&mut self, _: BlobId, _: u16, _: u16) -> Progress<InstalledChain> {
        Err(FAULT)
    }

    fn trust_anchor_digest(&mut self, _: &Digest) -> Result<Digest, PlatformFault> {
        Err(PlatformFault)
    }

    fn lock(&mut self, _: SecurityLifecycle) -> Progress<()> {
        Err(FAULT)
    }

    fn show_verdict(&mut self, _: bool) {}
}

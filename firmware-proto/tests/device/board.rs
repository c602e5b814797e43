//! A board made of memory. Its "signatures" are digests over key and message: no test forges any.

use firmware_proto::object_transfer::BlobId;
use firmware_proto::platform::{
    AuthorityKey, HardwareIdentity, InstalledChain, KeyMade, RawSignature, Sec1Point,
};
use firmware_proto::self_test::encode_report;
use firmware_proto::transcript::Sha256;
use firmware_proto::{
    Digest, HardwareRevision, Measurement, Pause, Pending, Platform, PlatformFault, ProductCode,
    Progress, SecurityLifecycle, Uid, Unit, Value,
};
use sha2::Digest as _;

pub(crate) const OWNER: Sec1Point = [0x11; 65];
pub(crate) const AUTHORITY: Sec1Point = [0x22; 65];
pub(crate) const UID: [u8; 12] = *b"twelve bytes";
pub(crate) const ANCHOR: Digest = Digest::from_bytes([0x77; 32]);
pub(crate) const CERTIFICATE_BYTES: usize = 40;

pub(crate) fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update(part);
    }
    Digest::from_bytes(hash.finalize().into())
}

pub(crate) fn fake_signature(key: &[u8], parts: &[&[u8]]) -> RawSignature {
    let message = sha256(parts);
    let half = sha256(&[key, message.as_bytes()]);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(half.as_bytes());
    signature[32..].copy_from_slice(message.as_bytes());
    signature
}

/// What the noise source of every board gives.
pub(crate) const NOISE: [u8; 600] = [0x5A; 600];

/// What every board measures: one that an old station can read, and two that it can't.
pub(crate) fn measurements() -> [Measurement; 3] {
    [
        ("fuses", Value::Mask(0b1011), Unit::None),
        ("vdd_3v3", Value::Real(3.3), Unit::Volt),
        (
            "t_die",
            Value::Readings([24.5, 24.75].into_iter().collect()),
            Unit::Celsius,
        ),
    ]
    .map(|(name, value, unit)| Measurement {
        name: name.try_into().unwrap(),
        value,
        unit,
    })
}

/// What is still there after a power cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct NonVolatile {
    pub(crate) record: Vec<u8>,
    pub(crate) receipt: Vec<u8>,
    pub(crate) key: Option<u64>,
    pub(crate) keys_made: u64,
    pub(crate) chain: Vec<u8>,
    pub(crate) lifecycle: u16,
    pub(crate) drawn: u64,
}

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "defects that come in any combination"
)]
pub(crate) struct Board {
    pub(crate) nv: NonVolatile,
    volatile: [Vec<u8>; 4],
    /// Each slow operation answers `Working` once before its result, and then begins anew.
    pub(crate) is_slow: bool,
    pending: Option<Digest>,
    /// After so many instants at which power may be cut, it is.
    pub(crate) fuse: Option<u32>,
    pub(crate) is_off: bool,
    pub(crate) verdicts: Vec<bool>,
    pub(crate) misreads_chain: bool,
    pub(crate) cannot_lock: bool,
    pub(crate) cannot_store: bool,
    pub(crate) certificates: Vec<u8>,
    /// Operations that had an effect, for tests that count executions.
    pub(crate) effects: Vec<&'static str>,
}

impl Board {
    pub(crate) fn fresh() -> Self {
        Self {
            nv: NonVolatile {
                lifecycle: 0x2000,
                ..NonVolatile::default()
            },
            certificates: vec![0x30; 700],
            ..Self::default()
        }
    }

    /// The same board after its power came back.
    pub(crate) fn again(nv: NonVolatile) -> Self {
        Self {
            nv,
            ..Self::fresh()
        }
    }

    fn busy(&mut self, what: &str, parts: &[&[u8]]) -> Progress<()> {
        self.powered()?;
        let call = sha256(&[what.as_bytes(), sha256(parts).as_bytes()]);
        if !self.is_slow || self.pending == Some(call) {
            self.pending = None;
            return Ok(());
        }
        self.pending = Some(call);
        Err(Pause::Working(Pending { retry_ms: 20_000 }))
    }

    fn powered(&self) -> Result<(), PlatformFault> {
        if self.is_off {
            Err(PlatformFault)
        } else {
            Ok(())
        }
    }

    /// An instant at which power may be cut.
    fn instant(&mut self) -> Result<(), PlatformFault> {
        match self.fuse {
            Some(0) => self.is_off = true,
            Some(left) => self.fuse = Some(left - 1),
            None => {}
        }
        self.powered()
    }

    fn blob(&mut self, blob: BlobId) -> &mut Vec<u8> {
        match blob {
            BlobId::Evidence => &mut self.volatile[0],
            BlobId::KeyEvidence => &mut self.volatile[1],
            BlobId::InstallPackage => &mut self.volatile[2],
            BlobId::SelfTest => &mut self.volatile[3],
            BlobId::Receipt => &mut self.nv.receipt,
        }
    }

    fn put(&mut self, blob: BlobId, offset: u16, data: &[u8]) {
        let offset = usize::from(offset);
        let blob = self.blob(blob);
        let end = offset + data.len();
        if blob.len() < end {
            blob.resize(end, 0xEE);
        }
        blob[offset..end].copy_from_slice(data);
    }

    fn part(&mut self, blob: BlobId, offset: u16, length: u16) -> Vec<u8> {
        let (offset, length) = (usize::from(offset), usize::from(length));
        self.blob(blob)[offset..offset + length].to_vec()
    }

    pub(crate) fn key_digest(&self) -> Digest {
        sha256(&[b"key", &self.nv.key.unwrap_or(0).to_le_bytes()])
    }
}

impl Sha256 for Board {
    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        sha256(parts)
    }
}

impl Platform for Board {
    fn hardware(&self) -> HardwareIdentity {
        HardwareIdentity {
            uid: Uid::from_bytes(&UID).unwrap(),
            product: ProductCode::parse("SENSOR-A").unwrap(),
            revision: HardwareRevision::parse("C2").unwrap(),
        }
    }

    fn random(&mut self, out: &mut [u8]) -> Result<(), PlatformFault> {
        self.powered()?;
        for byte in out {
            self.nv.drawn += 1;
            *byte = sha256(&[&self.nv.drawn.to_le_bytes()]).as_bytes()[0];
        }
        Ok(())
    }

    fn load_record(&mut self, out: &mut [u8]) -> Result<usize, PlatformFault> {
        let record = &self.nv.record;
        out[..record.len()].copy_from_slice(record);
        Ok(record.len())
    }

    fn store_record(&mut self, record: &[u8]) -> Progress<()> {
        self.busy("store", &[record])?;
        self.instant()?;
        if self.cannot_store {
            return Err(PlatformFault.into());
        }
        self.nv.record = record.to_vec();
        self.effects.push("store");
        Ok(self.instant()?)
    }

    fn attest(&mut self, challenge: &Digest, blob: BlobId, offset: u16) -> Progress<u16> {
        self.busy("attest", &[challenge.as_bytes(), &offset.to_le_bytes()])?;
        self.instant()?;
        let lifecycle = self.nv.lifecycle.to_le_bytes();
        let token = [b"token", challenge.as_bytes().as_slice(), &lifecycle].concat();
        self.put(blob, offset, &token);
        self.effects.push("attest");
        self.instant()?;
        Ok(u16::try_from(token.len()).unwrap())
    }

    fn attestation_certificates(&mut self, blob: BlobId, offset: u16) -> Progress<u16> {
        self.busy("certificates", &[])?;
        let certificates = self.certificates.clone();
        self.put(blob, offset, &certificates);
        Ok(u16::try_from(certificates.len()).unwrap())
    }

    fn self_test(&mut self) -> Progress<u16> {
        self.busy("test", &[])?;
        self.effects.push("test");
        let mut report = [0; 300];
        let length = encode_report(&measurements(), &mut report).unwrap();
        self.put(BlobId::SelfTest, 0, &report[..length]);
        Ok(u16::try_from(length).unwrap())
    }

    fn noise_samples(&mut self, blob: BlobId, offset: u16) -> Progress<u16> {
        self.busy("noise", &[])?;
        self.put(blob, offset, &NOISE);
        Ok(u16::try_from(NOISE.len()).unwrap())
    }

    fn make_key(&mut self) -> Progress<KeyMade> {
        self.busy("key", &[])?;
        self.instant()?;
        if self.nv.key.is_none() {
            self.nv.keys_made += 1;
            self.nv.key = Some(self.nv.keys_made);
            self.effects.push("key");
        }
        self.instant()?;
        let csr = [b"csr", self.key_digest().as_bytes().as_slice()].concat();
        self.put(BlobId::KeyEvidence, 0, &csr);
        Ok(KeyMade {
            csr_bytes: u16::try_from(csr.len()).unwrap(),
            key_digest: self.key_digest(),
        })
    }

    fn sign_with_identity(&mut self, parts: &[&[u8]]) -> Progress<RawSignature> {
        self.busy("sign", parts)?;
        Ok(fake_signature(self.key_digest().as_bytes(), parts))
    }

    fn verify(
        &mut self,
        key: AuthorityKey<'_>,
        parts: &[&[u8]],
        signature: &RawSignature,
    ) -> Progress<bool> {
        self.busy("verify", parts)?;
        let key = match key {
            AuthorityKey::Owner => &OWNER,
            AuthorityKey::Station(key) => key,
        };
        Ok(*signature == fake_signature(key, parts))
    }

    fn read_blob(
        &mut self,
        blob: BlobId,
        offset: u16,
        out: &mut [u8],
    ) -> Result<(), PlatformFault> {
        self.powered()?;
        let part = self.part(blob, offset, u16::try_from(out.len()).unwrap());
        out.copy_from_slice(&part);
        Ok(())
    }

    fn write_blob(&mut self, blob: BlobId, offset: u16, data: &[u8]) -> Progress<()> {
        self.busy("write", &[&offset.to_le_bytes(), data])?;
        if blob == BlobId::Receipt {
            self.instant()?;
        }
        self.put(blob, offset, data);
        if blob == BlobId::Receipt {
            self.instant()?;
        }
        Ok(())
    }

    fn digest_blob(&mut self, blob: BlobId, offset: u16, length: u16) -> Progress<Digest> {
        self.busy("digest", &[&offset.to_le_bytes(), &length.to_le_bytes()])?;
        Ok(sha256(&[&self.part(blob, offset, length)]))
    }

    fn install_chain(
        &mut self,
        blob: BlobId,
        offset: u16,
        length: u16,
    ) -> Progress<InstalledChain> {
        let chain = self.part(blob, offset, length);
        self.busy("install", &[&chain])?;
        self.instant()?;
        self.nv.chain = chain[..chain.len() / 2].to_vec();
        self.instant()?;
        self.nv.chain = chain;
        self.effects.push("install");
        self.instant()?;
        let misread: &[u8] = if self.misreads_chain { b"!" } else { b"" };
        Ok(InstalledChain {
            chain: sha256(&[&self.nv.chain, misread]),
            certificate: sha256(&[&self.nv.chain[..CERTIFICATE_BYTES]]),
        })
    }

    fn trust_anchor_digest(&mut self, _: &Digest) -> Result<Digest, PlatformFault> {
        Ok(ANCHOR)
    }

    fn lock(&mut self, next: SecurityLifecycle) -> Progress<()> {
        self.busy("lock", &[])?;
        self.instant()?;
        if self.cannot_lock {
            return Err(PlatformFault.into());
        }
        self.nv.lifecycle = next.0;
        self.effects.push("lock");
        Ok(self.instant()?)
    }

    fn show_verdict(&mut self, passed: bool) {
        self.verdicts.push(passed);
    }
}

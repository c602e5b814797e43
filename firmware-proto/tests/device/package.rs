//! Install packages, good ones that a test then spoils.

use firmware_proto::authority::{Grant, Payload, Purpose, StationCredential};
use firmware_proto::cose::{self, ContentType};
use firmware_proto::object_transfer::InstallPackage;
use firmware_proto::platform::Sec1Point;
use firmware_proto::{Digest, ProductCode, SecurityLifecycle, Uid};

use crate::board::{ANCHOR, AUTHORITY, OWNER, UID, fake_signature, sha256};
use crate::station::Station;

/// What goes into a package, before it is signed.
pub(crate) struct Draft {
    pub(crate) credential: StationCredential,
    pub(crate) grant: Grant,
    pub(crate) chain: Vec<u8>,
    pub(crate) owner_key: Sec1Point,
    pub(crate) authority_key: Sec1Point,
}

pub(crate) fn signed(kind: ContentType, payload: &impl Payload, key: &Sec1Point) -> Vec<u8> {
    let payload = payload.encode().unwrap();
    let prefix = cose::to_be_signed_prefix(kind, payload.len()).unwrap();
    let signature = fake_signature(key, &[&prefix, &payload]);
    let mut out = [0; 512];
    let length = cose::encode(kind, &payload, &signature, &mut out).unwrap();
    out[..length].to_vec()
}

impl Draft {
    /// The same for another chain.
    pub(crate) fn with_chain(mut self, chain: Vec<u8>) -> Self {
        self.grant.chain = sha256(&[&chain]);
        self.chain = chain;
        self
    }

    pub(crate) fn sealed(&self) -> Vec<u8> {
        let kind = ContentType::StationCredential;
        let credential = signed(kind, &self.credential, &self.owner_key);
        let grant = signed(ContentType::Grant, &self.grant, &self.authority_key);
        let header = InstallPackage {
            credential_bytes: u16::try_from(credential.len()).unwrap(),
            grant_bytes: u16::try_from(grant.len()).unwrap(),
            chain_bytes: u16::try_from(self.chain.len()).unwrap(),
        };
        [
            header.to_bytes().to_vec(),
            credential,
            grant,
            self.chain.clone(),
        ]
        .concat()
    }
}

impl Station {
    /// A package that the board must take.
    pub(crate) fn draft(&self) -> Draft {
        let product = ProductCode::parse("SENSOR-A").unwrap();
        let chain: Vec<u8> = (0..1500_u16).map(|i| i.to_le_bytes()[0]).collect();
        Draft {
            credential: StationCredential {
                station: "line-1".try_into().unwrap(),
                product: product.clone(),
                epoch: 3,
                authority_key: AUTHORITY,
            },
            grant: Grant {
                purpose: Purpose::InitialIdentity,
                product,
                uid: Uid::from_bytes(&UID).unwrap(),
                device_nonce: self.nonce(),
                identity_key: self.key.unwrap_or(Digest::from_bytes([0; 32])),
                chain: sha256(&[&chain]),
                trust_anchor: ANCHOR,
                next_state: SecurityLifecycle::SECURED,
                epoch: 3,
            },
            chain,
            owner_key: OWNER,
            authority_key: AUTHORITY,
        }
    }
}

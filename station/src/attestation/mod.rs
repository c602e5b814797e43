//! (being built: these are the shapes that provisioning needs; the builder of this room replaces the whole file)
use crate::clock::UtcMillis;
use crate::profile::Profile;
use crate::verdict::VerdictCode;
use firmware_proto::*;
#[derive(Debug, Clone)]
pub struct SoftwareComponent {
    pub component: String,
    pub version: String,
    pub measurement: Vec<u8>,
    pub signer: Vec<u8>,
}
#[derive(Debug, Clone)]
pub struct TokenClaims {
    pub instance_id: [u8; 33],
    pub implementation_id: [u8; 32],
    pub boot_seed: Option<Vec<u8>>,
    pub lifecycle: SecurityLifecycle,
    pub components: Vec<SoftwareComponent>,
}
#[derive(Debug, Clone)]
pub struct TrustedBoard;
pub struct Rejection {
    pub code: VerdictCode,
    pub detail: String,
}
impl TrustedBoard {
    pub fn uid(&self) -> &Uid {
        todo!()
    }
    pub fn instance_id(&self) -> &[u8] {
        todo!()
    }
    pub fn agrees_with(&self, _: &TrustedBoard, _: bool) -> Result<(), Rejection> {
        todo!()
    }
}
#[derive(Debug)]
pub struct AppraisedEvidence {
    pub code: VerdictCode,
    pub detail: String,
    pub uid: Option<Uid>,
    pub claims: Option<TokenClaims>,
    pub board: Option<TrustedBoard>,
}
pub struct EvidenceInput<'a> {
    pub token: &'a [u8],
    pub certificates: &'a [u8],
    pub challenge: &'a Digest,
    pub identity: &'a response::Identity,
    pub now: UtcMillis,
}
pub fn appraise_evidence(_: &Profile, _: EvidenceInput<'_>) -> AppraisedEvidence {
    todo!()
}
pub fn appraise_key_token(
    _: &Profile,
    _: &TrustedBoard,
    _: &[u8],
    _: &Digest,
) -> Result<(), Rejection> {
    todo!()
}
pub fn appraise_receipt_token(
    _: &Profile,
    _: &TrustedBoard,
    _: &[u8],
    _: &Digest,
) -> Result<(), Rejection> {
    todo!()
}

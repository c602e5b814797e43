//! The room's border: evidence in, a verdict out. The evidence is made by the simulator with other
//! libraries, or is the RFC's own.

use firmware_proto::response::Identity;
use firmware_proto::version;
use firmware_proto::{
    BootId, DeviceNonce, Digest, HardwareRevision, ProductCode, ProvisioningState,
    SecurityLifecycle, Uid,
};
use proptest::collection::vec;
use proptest::prelude::*;
use simulator::blueprint::{Blueprint, genuine_component};
use simulator::device_keys::DeviceKey;
use simulator::evidence::{TokenFault, TokenRequest, token};
use simulator::seed::{Purpose, Seed};
use simulator::vendor_ca::{EndorsementValidity, Issuer, OTHER_HARDWARE_TYPE, endorse, root_der};

use super::*;
use crate::clock::UtcMillis;
use crate::profile::Profile;
use crate::verdict::VerdictCode;

pub(super) const NOW: UtcMillis = UtcMillis(1_795_336_200_250);
pub(super) const SEED: Seed = Seed(7);

pub(super) const fn profile_text() -> &'static str {
    include_str!("../../../fixtures/profiles/sensor-a.toml")
}

fn profile() -> Profile {
    Profile::parse("sensor-a.toml", profile_text()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// One board and the token it would give.
pub(super) struct Case {
    pub(super) board: Blueprint,
    challenge: Digest,
    pub(super) fault: TokenFault,
    boot_seed: [u8; 32],
}

impl Case {
    pub(super) fn good() -> Self {
        Self {
            board: Blueprint::good(SEED, 3, [4; 65]),
            challenge: Digest::from_bytes([9; 32]),
            fault: TokenFault::None,
            boot_seed: [5; 32],
        }
    }

    pub(super) fn token(&self) -> Vec<u8> {
        token(&TokenRequest {
            key: &self.board.attestation_key,
            claims: &self.board.claims,
            lifecycle: self.board.lifecycle,
            boot_seed: &self.boot_seed,
            challenge: &self.challenge,
            fault: self.fault,
        })
        .unwrap()
    }

    pub(super) fn certificates(&self) -> Vec<u8> {
        endorse(&self.board.attestation_key, &self.board.endorsement).unwrap()
    }

    fn appraise(&self) -> AppraisedEvidence {
        appraise(&self.token(), &self.certificates(), &self.board.claimed.uid)
    }

    pub(super) fn appraise_under(
        &self,
        profile: &Profile,
        trust: &TrustMaterial,
    ) -> AppraisedEvidence {
        let (token, certificates) = (self.token(), self.certificates());
        appraise_under(
            profile,
            trust,
            &token,
            &certificates,
            &self.board.claimed.uid,
        )
    }
}

fn appraise(token: &[u8], certificates: &[u8], claimed: &Uid) -> AppraisedEvidence {
    appraise_under(
        &profile(),
        &TrustMaterial::default(),
        token,
        certificates,
        claimed,
    )
}

pub(super) fn appraise_under(
    profile: &Profile,
    trust: &TrustMaterial,
    token: &[u8],
    certificates: &[u8],
    claimed: &Uid,
) -> AppraisedEvidence {
    let identity = Identity {
        version: version::CURRENT,
        max_frame_bytes: 1024,
        window_chunks: 8,
        uid: claimed.clone(),
        product: ProductCode::parse("SENSOR-A").unwrap(),
        hardware_revision: HardwareRevision::parse("C2").unwrap(),
        state: ProvisioningState::Unprovisioned,
        device_nonce: DeviceNonce::from_bytes([1; 32]),
        boot: BootId::from_bytes([1; 4]),
    };
    let challenge = Digest::from_bytes([9; 32]);
    let input = EvidenceInput {
        token,
        certificates,
        challenge: &challenge,
        identity: &identity,
        trust,
        now: NOW,
    };
    appraise_evidence(profile, input)
}

#[test]
fn a_good_board_is_trusted() {
    let case = Case::good();
    let appraised = case.appraise();
    assert_eq!(appraised.code, VerdictCode::Pass, "{}", appraised.detail);
    let board = appraised.board.unwrap();
    assert_eq!(board.uid(), &case.board.claimed.uid);
    assert_eq!(board.attestation_key(), &case.board.attestation_key.point());
    assert_eq!(board.claims().components.len(), 2);
}

#[track_caller]
fn check(spoil: impl FnOnce(&mut Case), code: VerdictCode, detail: &str) -> AppraisedEvidence {
    let mut case = Case::good();
    spoil(&mut case);
    let appraised = case.appraise();
    assert_eq!(appraised.code, code, "{}", appraised.detail);
    assert!(appraised.detail.contains(detail), "{}", appraised.detail);
    assert!(!appraised.detail.contains('\n') && appraised.board.is_none());
    appraised
}

#[test]
fn trust_is_judged_before_contents() {
    use VerdictCode::{
        AttKeyExpired, AttKeyUnknown, AttMalformed, AttNonce, AttProduct, AttSignature,
    };

    let old = |case: &mut Case| {
        case.board.claims.components[1] = genuine_component("APP", "2.4.0");
    };
    let stranger = |case: &mut Case| {
        old(case);
        case.board.endorsement.issuer = Issuer::Stranger;
        case.board.endorsement.validity = EndorsementValidity::Expired;
    };
    let appraised = check(stranger, AttKeyUnknown, "was issued by another CN=Sim");
    assert_eq!((appraised.uid, appraised.claims), (None, None));
    check(
        |case| case.board.endorsement.validity = EndorsementValidity::Expired,
        AttKeyExpired,
        "valid",
    );
    let other = |case: &mut Case| {
        old(case);
        case.board.endorsement.hardware_type = OTHER_HARDWARE_TYPE;
    };
    check(
        other,
        AttProduct,
        "32473.1.2, expected 1.3.6.1.4.1.32473.1.1",
    );
    let forged = |case: &mut Case| {
        old(case);
        case.fault = TokenFault::Signature;
    };
    let appraised = check(forged, AttSignature, "not by the endorsed");
    assert_eq!((appraised.uid, appraised.claims), (None, None));
    let stale = |case: &mut Case| {
        old(case);
        case.fault = TokenFault::StaleNonce;
    };
    assert_eq!(check(stale, AttNonce, "expected 0909").uid, None);
    check(
        |case| case.fault = TokenFault::Truncated,
        AttMalformed,
        "cut off",
    );
    check(
        |case| case.fault = TokenFault::DoubledClaim,
        AttMalformed,
        "twice",
    );
}

#[test]
fn claims_are_the_profiles() {
    use VerdictCode::{AttClaims, AttDebug, AttLifecycle, AttProduct, AttUid};

    let uid = |case: &mut Case| case.board.claimed.uid = Uid::from_bytes(&[7; 12]).unwrap();
    assert!(check(uid, AttUid, "claims UID 0707").uid.is_some());
    check(
        |case| case.board.claims.implementation_id = [1; 32],
        AttProduct,
        "implementation ID",
    );
    check(
        |case| case.board.claims.client_id = -1,
        AttClaims,
        "client ID: got -1, expected 1",
    );
    check(
        |case| case.fault = TokenFault::ForeignInstance,
        AttClaims,
        "instance ID",
    );
    let lifecycle = |value| move |case: &mut Case| case.board.lifecycle = SecurityLifecycle(value);
    check(lifecycle(0x4000), AttDebug, "0x4000 (non-psa-rot-debug)");
    check(lifecycle(0x50ff), AttDebug, "0x50ff");
    check(lifecycle(0x4fff), AttDebug, "0x4fff (no state)");
    check(
        lifecycle(0x1000),
        AttLifecycle,
        "allowed psa-rot-provisioning, secured",
    );
    check(lifecycle(0x6000), AttLifecycle, "decommissioned");
    check(lifecycle(0x3100), AttLifecycle, "no state");
}

#[test]
fn firmware_is_the_released_one() {
    use VerdictCode::{FwComponent, FwMeasurement, FwVersion};

    let component = |index: usize, name, version| {
        move |case: &mut Case| {
            case.board.claims.components[index] = genuine_component(name, version);
        }
    };
    check(
        component(1, "APP", "2.4.0"),
        FwVersion,
        "APP: got version 2.4.0, allowed 2.5.1",
    );
    check(
        component(1, "BL", "1.2.0"),
        FwComponent,
        "expected one component BL, got several",
    );
    check(
        component(1, "WIFI", "1.0"),
        FwComponent,
        "expected no component WIFI, got one",
    );
    let missing = |case: &mut Case| drop(case.board.claims.components.remove(0));
    check(missing, FwComponent, "expected one component BL, got none");
    let tampered = |case: &mut Case| {
        case.board.claims.components[0].measurement = Digest::from_bytes([1; 32]);
    };
    check(tampered, FwMeasurement, "BL 1.2.0: got image 01010101");
    let signer = |case: &mut Case| {
        case.board.claims.components[0].signer = Digest::from_bytes([1; 32]);
    };
    check(signer, FwMeasurement, "BL 1.2.0: got signer 01010101");
}

#[test]
fn certificates_are_one_leaf_under_the_root() {
    let case = Case::good();
    let (token, uid) = (case.token(), &case.board.claimed.uid);
    let leaf = case.certificates();
    let root = root_der().unwrap();
    let check = |certificates: &[u8], code| {
        let appraised = appraise(&token, certificates, uid);
        assert_eq!(appraised.code, code, "{}", appraised.detail);
    };
    check(&[], VerdictCode::AttKeyUnknown);
    check(&root, VerdictCode::AttKeyUnknown);
    check(&[leaf.as_slice(), &[0]].concat(), VerdictCode::AttMalformed);
    check(&leaf[..leaf.len() - 1], VerdictCode::AttMalformed);
    check(
        &[leaf.as_slice(), &leaf, &leaf, &leaf].concat(),
        VerdictCode::AttMalformed,
    );
    check(
        &[leaf.as_slice(), &leaf].concat(),
        VerdictCode::AttKeyUnknown,
    );
    let mut other = Case::good();
    other.board.attestation_key = DeviceKey::of(SEED, Purpose::AttestationKey, 4);
    check(&other.certificates(), VerdictCode::AttSignature);
}

#[test]
fn later_tokens_agree_with_the_first() {
    use VerdictCode::{AttBootSeed, AttDebug, AttLifecycle, AttNonce, AttSession, Pass};

    let (profile, board) = (profile(), Case::good().appraise().board.unwrap());
    let check = |spoil: &dyn Fn(&mut Case), before: VerdictCode, after: VerdictCode| {
        let mut case = Case::good();
        case.challenge = Digest::from_bytes([8; 32]);
        spoil(&mut case);
        let (token, challenge) = (case.token(), Digest::from_bytes([8; 32]));
        let code =
            |result: Result<(), Rejection>| result.map_or_else(|error| error.code, |()| Pass);
        assert_eq!(
            code(appraise_key_token(&profile, &board, &token, &challenge)),
            before
        );
        assert_eq!(
            code(appraise_receipt_token(&profile, &board, &token, &challenge)),
            after
        );
    };
    let lifecycle = |value| move |case: &mut Case| case.board.lifecycle = SecurityLifecycle(value);
    check(&|_| {}, Pass, AttLifecycle);
    check(&lifecycle(0x3000), Pass, Pass);
    check(&lifecycle(0x4000), AttDebug, AttDebug);
    check(
        &|case| case.challenge = Digest::from_bytes([9; 32]),
        AttNonce,
        AttNonce,
    );
    check(&|case| case.boot_seed = [6; 32], AttBootSeed, AttBootSeed);
    check(
        &|case| case.board.claims.client_id = 2,
        AttSession,
        AttSession,
    );
    check(
        &|case| drop(case.board.claims.components.pop()),
        AttSession,
        AttSession,
    );
    check(
        &|case| case.fault = TokenFault::ForeignInstance,
        AttSession,
        AttSession,
    );
    let swapped = |case: &mut Case| {
        case.board.attestation_key = DeviceKey::of(SEED, Purpose::AttestationKey, 4);
    };
    check(&swapped, AttSession, AttSession);
}

#[test]
fn a_reset_may_change_the_boot_seed_and_nothing_else() {
    let first = Case::good().appraise().board.unwrap();
    let mut again = Case::good();
    again.boot_seed = [6; 32];
    let again = again.appraise().board.unwrap();
    assert!(first.agrees_with(&again, true).is_ok());
    assert_eq!(
        first.agrees_with(&again, false).unwrap_err().code,
        VerdictCode::AttBootSeed
    );
    let mut other = Case::good();
    other.board = Blueprint::good(SEED, 4, [4; 65]);
    let other = other.appraise().board.unwrap();
    assert_eq!(
        first.agrees_with(&other, true).unwrap_err().code,
        VerdictCode::AttSession
    );
}

proptest! {
    #[test]
    fn noise_is_no_evidence(noise in vec(any::<u8>(), 0..2000)) {
        let uid = Case::good().board.claimed.uid;
        prop_assert!(appraise(&noise, &Case::good().certificates(), &uid).board.is_none());
        prop_assert!(appraise(&Case::good().token(), &noise, &uid).board.is_none());
    }

    #[test]
    fn claims_of_a_hostile_root_of_trust_never_panic(noise in vec(any::<u8>(), 0..300)) {
        prop_assert!(psa_token::read_claims(&noise).is_err());
    }
}

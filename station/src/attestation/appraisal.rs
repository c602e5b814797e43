//! The appraisal of a board's first token: is this a genuine board of the product, with released
//! firmware?

use firmware_proto::platform::Sec1Point;
use firmware_proto::response::Identity;
use firmware_proto::{Digest, SecurityLifecycle, Uid};

use super::Rejection;
use super::attestation_key::endorsed_key;
use super::firmware::judge_components;
use super::psa_token::{TokenClaims, TokenError, verify_token};
use super::trust_material::TrustMaterial;
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::profile::{AttestationRules, LifecycleRange, Profile, is_debug};
use crate::verdict::VerdictCode;

/// What is appraised.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceInput<'a> {
    /// Token 1.
    pub token: &'a [u8],
    /// The attestation-key certificates: DER, leaf first, one right after the other.
    pub certificates: &'a [u8],
    /// What the token must attest.
    pub challenge: &'a Digest,
    /// What the board claimed on the link.
    pub identity: &'a Identity,
    /// The vendor's files that the profile may need.
    pub trust: &'a TrustMaterial,
    /// When.
    pub now: UtcMillis,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppraisedEvidence {
    /// `PASS`, or why not.
    pub code: VerdictCode,
    /// One line for people.
    pub detail: String,
    /// The authentic UID: certified, and its holder has answered our challenge. A certificate
    /// alone, which anybody can copy, gives none.
    pub uid: Option<Uid>,
    /// SHA-256 of the vendor's files that the key was trusted by, besides the profile.
    pub relied_on: Vec<Digest>,
    /// The claims, where the token's signature is the endorsed key's.
    pub claims: Option<TokenClaims>,
    /// The board, if and only if `code` is `PASS`.
    pub board: Option<TrustedBoard>,
}

/// A board whose evidence has passed. Can only come from [`appraise_evidence`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedBoard {
    uid: Uid,
    attestation_key: Sec1Point,
    claims: TokenClaims,
}

impl TrustedBoard {
    /// The authentic UID.
    #[must_use]
    pub const fn uid(&self) -> &Uid {
        &self.uid
    }

    /// The instance ID, which stays with the attestation key for life.
    #[must_use]
    pub const fn instance_id(&self) -> &[u8] {
        &self.claims.instance_id
    }

    /// The claims of token 1.
    #[must_use]
    pub const fn claims(&self) -> &TokenClaims {
        &self.claims
    }

    /// The attestation key, under which every token of the session must verify.
    #[must_use]
    pub const fn attestation_key(&self) -> &Sec1Point {
        &self.attestation_key
    }
}

/// Appraises token 1. The first of these that fails decides:
///
/// 1. The certificates chain to a root of the profile, now (`ATT-KEY-UNKNOWN`, `ATT-KEY-EXPIRED`), nobody has
///    revoked them where the profile asks (`ATT-KEY-REVOKED`), and they certify a chip of this product
///    (`ATT-PRODUCT`). Without certificates, the profile's allow-list has the chip (`ATT-KEY-UNKNOWN`). What the
///    station itself lacks for this is `STATION-TRUST`.
/// 2. The token is signed by that key (`ATT-SIGNATURE`) and is a PSA token
///    (`ATT-MALFORMED`).
/// 3. It answers our challenge (`ATT-NONCE`).
/// 4. The board has claimed the certified UID (`ATT-UID`).
/// 5. Implementation (`ATT-PRODUCT`), profile, client and instance (`ATT-CLAIMS`) are the
///    profile's.
/// 6. The lifecycle is one for provisioning (`ATT-DEBUG`, `ATT-LIFECYCLE`).
/// 7. The firmware is released (`FW-COMPONENT`, `FW-VERSION`, `FW-MEASUREMENT`).
#[must_use]
pub fn appraise_evidence(profile: &Profile, input: EvidenceInput<'_>) -> AppraisedEvidence {
    let mut appraised = AppraisedEvidence {
        code: VerdictCode::Pass,
        detail: String::new(),
        uid: None,
        relied_on: Vec::new(),
        claims: None,
        board: None,
    };
    match appraise(profile, input, &mut appraised) {
        Ok(board) => {
            appraised.detail = format!("{} components as released", board.claims.components.len());
            appraised.board = Some(board);
        }
        Err(rejection) => {
            appraised.code = rejection.code;
            appraised.detail = rejection.detail;
        }
    }
    appraised
}

/// Fills in what is proven so far, whether or not the rest fails.
fn appraise(
    profile: &Profile,
    input: EvidenceInput<'_>,
    appraised: &mut AppraisedEvidence,
) -> Result<TrustedBoard, Rejection> {
    let rules = &profile.attestation;
    let evidence = (input.token, input.certificates);
    let key = endorsed_key(&rules.keys, input.trust, evidence, input.now)?;
    appraised.relied_on.clone_from(&key.relied_on);
    let claims = verify_token(input.token, &key.point).map_err(token_rejection)?;
    appraised.claims = Some(claims.clone());
    judge_nonce(&claims, input.challenge)?;
    appraised.uid = Some(key.uid.clone());
    if key.uid != input.identity.uid {
        let detail = format!(
            "the board claims UID {}, its chip is {}",
            input.identity.uid, key.uid
        );
        return Err(Rejection::new(VerdictCode::AttUid, detail));
    }
    judge_claims(rules, &claims)?;
    judge_instance(rules, &claims, &key.point)?;
    judge_lifecycle(&rules.lifecycle_before, claims.lifecycle)?;
    judge_components(&profile.firmware, &claims.components)?;
    Ok(TrustedBoard {
        uid: key.uid,
        attestation_key: key.point,
        claims,
    })
}

pub(super) fn token_rejection(error: TokenError) -> Rejection {
    let code = match error {
        TokenError::Malformed(_) => VerdictCode::AttMalformed,
        TokenError::Signature => VerdictCode::AttSignature,
    };
    Rejection::new(code, error.to_string())
}

pub(super) fn judge_nonce(claims: &TokenClaims, challenge: &Digest) -> Result<(), Rejection> {
    if claims.nonce == challenge.as_bytes() {
        return Ok(());
    }
    let got = Hex(claims.nonce.clone());
    let detail = format!("the token answers {got}, expected {challenge}");
    Err(Rejection::new(VerdictCode::AttNonce, detail))
}

pub(super) fn judge_claims(
    rules: &AttestationRules,
    claims: &TokenClaims,
) -> Result<(), Rejection> {
    if claims.implementation_id != rules.implementation_id {
        let got = Hex(claims.implementation_id.to_vec());
        let expected = Hex(rules.implementation_id.to_vec());
        let detail = format!("implementation ID: got {got}, expected {expected}");
        return Err(Rejection::new(VerdictCode::AttProduct, detail));
    }
    let wrong = |detail: String| Err(Rejection::new(VerdictCode::AttClaims, detail));
    if claims.profile != rules.psa_profile {
        return wrong(format!(
            "token profile: got {}, expected {}",
            claims.profile, rules.psa_profile
        ));
    }
    if claims.client_id != rules.client_id {
        return wrong(format!(
            "client ID: got {}, expected {}",
            claims.client_id, rules.client_id
        ));
    }
    Ok(())
}

pub(super) fn judge_instance(
    rules: &AttestationRules,
    claims: &TokenClaims,
    key: &Sec1Point,
) -> Result<(), Rejection> {
    let [_, instance @ ..] = &claims.instance_id;
    if rules.instance_id_is_key_digest && instance != sha256(key).as_bytes() {
        let (got, expected) = (Hex(instance.to_vec()), sha256(key));
        let detail = format!("instance ID: got {got}, expected the key's digest {expected}");
        return Err(Rejection::new(VerdictCode::AttClaims, detail));
    }
    Ok(())
}

pub(super) fn judge_lifecycle(
    allowed: &[LifecycleRange],
    lifecycle: SecurityLifecycle,
) -> Result<(), Rejection> {
    let got = format!(
        "0x{:04x} ({})",
        lifecycle.0,
        lifecycle.state_name().unwrap_or("no state")
    );
    if is_debug(lifecycle) {
        let detail = format!("security lifecycle: got {got}, where a debug port is open");
        return Err(Rejection::new(VerdictCode::AttDebug, detail));
    }
    if allowed.iter().any(|range| range.contains(lifecycle)) {
        return Ok(());
    }
    let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
    let detail = format!(
        "security lifecycle: got {got}, allowed {}",
        allowed.join(", ")
    );
    Err(Rejection::new(VerdictCode::AttLifecycle, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        let text = include_str!("../../../fixtures/profiles/sensor-a.toml");
        Profile::parse("sensor-a.toml", text).unwrap()
    }

    /// A board of that profile whose instance ID need not be its key's digest.
    fn board(rules: &AttestationRules) -> TrustedBoard {
        TrustedBoard {
            uid: Uid::from_bytes(&[1; 12]).unwrap(),
            attestation_key: [4; 65],
            claims: TokenClaims {
                nonce: vec![1; 32],
                instance_id: [1; 33],
                implementation_id: rules.implementation_id,
                boot_seed: Some(vec![2; 32]),
                lifecycle: SecurityLifecycle(0x2000),
                client_id: rules.client_id,
                components: Vec::new(),
                profile: rules.psa_profile.clone(),
                certification_reference: None,
                verification_service: None,
                other: Vec::new(),
            },
        }
    }

    #[test]
    fn a_token_of_another_token_profile_is_refused() {
        let mut rules = profile().attestation;
        rules.instance_id_is_key_digest = false;
        let board = board(&rules);
        judge_claims(&rules, &board.claims).unwrap();
        let mut claims = board.claims;
        claims.profile.push('2');
        let refused = judge_claims(&rules, &claims).unwrap_err();
        assert_eq!(refused.code, VerdictCode::AttClaims);
        assert!(refused.detail.contains("token profile"), "{refused:?}");
    }

    #[test]
    fn the_attestation_key_stays_the_same_through_a_session() {
        let first = board(&profile().attestation);
        let mut later = first.clone();
        first.agrees_with(&later, true).unwrap();
        later.attestation_key = [5; 65];
        let refused = first.agrees_with(&later, true).unwrap_err();
        assert_eq!(refused.code, VerdictCode::AttSession);
    }

    #[test]
    fn the_token_profile_stays_the_same_through_a_session() {
        let first = board(&profile().attestation);
        let mut later = first.clone();
        later.claims.profile.push('2');
        let refused = first.agrees_with(&later, true).unwrap_err();
        assert_eq!(refused.code, VerdictCode::AttSession);
        assert!(refused.detail.contains("token profile"), "{refused:?}");
    }
}

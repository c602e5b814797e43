//! A token for people: what stands in it, whoever signed it, and each check of a profile with its outcome.
//!
//! Trusts nothing and gives no proof type: boards are judged by `appraise_evidence` alone, with the same checks.

use firmware_proto::Digest;

use super::Rejection;
use super::appraisal::{
    judge_claims, judge_instance, judge_lifecycle, judge_nonce, token_rejection,
};
use super::attestation_key::{EndorsedKey, endorsed_key};
use super::cbor::{Fault, Reader};
use super::cose_sign1::{CoseSign1, HeaderParameter};
use super::firmware::judge_components;
use super::psa_token::{MAX_TOKEN_BYTES, TokenClaims, TokenError, read_claims, verify_token};
use super::trust_material::TrustMaterial;
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::profile::Profile;
use crate::verdict::VerdictCode;

/// A token as it stands, not trusted.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What is around it, in words.
    pub envelope: String,
    /// Why a board with this envelope would be refused.
    pub envelope_fault: Option<Fault>,
    /// Header parameters besides the algorithm.
    pub parameters: Vec<HeaderParameter>,
    /// The payload as it stands; none where there is no envelope around it.
    pub payload: Option<Vec<u8>>,
    /// The claims, or why they are none of a PSA token.
    pub claims: Result<TokenClaims, Fault>,
}

/// Reads a token: tagged as RFC 9783 has it or, to show it nevertheless, in another COSE envelope.
#[must_use]
pub fn inspect_token(token: &[u8]) -> Inspected {
    let tagged = if token.len() > MAX_TOKEN_BYTES {
        Err("it is longer than 4 KiB")
    } else {
        CoseSign1::parse(token)
    };
    let strict = match &tagged {
        Err(_) => CoseSign1::untagged(Reader::new(token)).ok(),
        Ok(envelope) => Some(envelope.clone()),
    };
    let parameters = strict.map(|envelope| envelope.parameters().cloned().collect());
    let (envelope, payload) = parts(token);
    let claims = payload.ok_or("there are no claims to read");
    Inspected {
        envelope,
        envelope_fault: tagged.err(),
        parameters: parameters.unwrap_or_default(),
        claims: claims.and_then(read_claims),
        payload: payload.map(<[u8]>::to_vec),
    }
}

/// The envelope in words, and its payload: an array of four with up to two tags before it.
fn parts(token: &[u8]) -> (String, Option<&[u8]>) {
    let mut reader = Reader::new(token);
    let mut words = Vec::new();
    for _ in 0..2 {
        let mut ahead = reader;
        let Ok(tag) = ahead.tag() else { break };
        reader = ahead;
        words.push(match tag {
            17 => "COSE_Mac0 (tag 17)".to_owned(),
            18 => "COSE_Sign1 (tag 18)".to_owned(),
            61 => "CWT (tag 61)".to_owned(),
            other => format!("tag {other}"),
        });
    }
    let mut payload = || {
        reader.array().ok().filter(|parts| *parts == 4)?;
        reader.bytes().ok()?;
        reader.value().ok()?;
        reader.bytes().ok()
    };
    let payload = payload();
    if payload.is_none() {
        words.push("no COSE envelope with one payload".to_owned());
    } else if words.is_empty() {
        words.push("COSE without a tag".to_owned());
    }
    (words.join(", "), payload)
}

/// What a token is reviewed against.
#[derive(Clone, Copy, Debug)]
pub struct ReviewInput<'a> {
    /// The token.
    pub token: &'a [u8],
    /// The certificates that came with it; none where they are not at hand.
    pub certificates: Option<&'a [u8]>,
    /// What the token should attest; none where that is not known.
    pub challenge: Option<&'a Digest>,
    /// The vendor's files.
    pub trust: &'a TrustMaterial,
    /// When.
    pub now: UtcMillis,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is checked.
    pub name: &'static str,
    /// What came of it.
    pub result: CheckResult,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// As the profile has it.
    Passed,
    /// A board would be refused for this.
    Failed(Rejection),
    /// What it needs is not at hand.
    NotJudged(&'static str),
}

/// Every check, in the order in which a board is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Review {
    /// The first failure, which would be the board's verdict.
    #[must_use]
    pub fn failure(&self) -> Option<&Rejection> {
        self.checks.iter().find_map(|check| match &check.result {
            CheckResult::Failed(rejection) => Some(rejection),
            _ => None,
        })
    }

    /// Whether all that makes evidence of a token was judged, and passed. The nonce may be left out: what a
    /// token on file has answered is over.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.checks.iter().all(|check| match check.result {
            CheckResult::Passed => true,
            CheckResult::Failed(_) => false,
            CheckResult::NotJudged(_) => check.name == NONCE,
        })
    }
}

const NONCE: &str = "nonce";

/// Checks a token against a profile, all of it even where something fails.
#[must_use]
pub fn review_evidence(profile: &Profile, input: ReviewInput<'_>) -> Review {
    let rules = &profile.attestation;
    let mut checks = Vec::new();
    let mut add = |name, result| checks.push(Check { name, result });
    let key = reviewed_key(profile, input);
    let signature = match &key {
        Some(Ok(key)) => judged(verify_token(input.token, &key.point).map_err(token_rejection)),
        _ => CheckResult::NotJudged("the attestation key is not known"),
    };
    let endorsed = match &key {
        None => CheckResult::NotJudged("the certificates of the board are not at hand"),
        Some(Ok(_)) => CheckResult::Passed,
        Some(Err(rejection)) => CheckResult::Failed(rejection.clone()),
    };
    add("attestation key", endorsed);
    let inspected = inspect_token(input.token);
    let form = match (inspected.envelope_fault, &inspected.claims) {
        (Some(fault), _) => Err(TokenError::Malformed(fault)),
        (None, claims) => claims
            .as_ref()
            .map_err(|fault| TokenError::Malformed(fault))
            .map(drop),
    };
    add("form", judged(form.map_err(token_rejection)));
    add("signature", signature);
    let Ok(claims) = inspected.claims else {
        return Review { checks };
    };
    let nonce = match input.challenge {
        Some(challenge) => judged(judge_nonce(&claims, challenge)),
        None => CheckResult::NotJudged("no nonce was given"),
    };
    add(NONCE, nonce);
    add(
        "implementation, profile, client",
        judged(judge_claims(rules, &claims)),
    );
    let instance = match &key {
        Some(Ok(key)) => judged(judge_instance(rules, &claims, &key.point)),
        _ if rules.instance_id_is_key_digest => {
            CheckResult::NotJudged("the attestation key is not known")
        }
        _ => CheckResult::Passed,
    };
    add("instance ID", instance);
    let lifecycle = judge_lifecycle(&rules.lifecycle_before, claims.lifecycle);
    add("lifecycle, before the lock", judged(lifecycle));
    add(
        "firmware",
        judged(judge_components(&profile.firmware, &claims.components)),
    );
    Review { checks }
}

/// The key; none where it takes certificates that are not at hand.
fn reviewed_key(
    profile: &Profile,
    input: ReviewInput<'_>,
) -> Option<Result<EndorsedKey, Rejection>> {
    let keys = &profile.attestation.keys;
    if input.certificates.is_none() && input.trust.allow_list_of(keys).is_none() {
        return None;
    }
    let evidence = (input.token, input.certificates.unwrap_or_default());
    Some(endorsed_key(keys, input.trust, evidence, input.now))
}

fn judged<T>(result: Result<T, Rejection>) -> CheckResult {
    match result {
        Ok(_) => CheckResult::Passed,
        Err(rejection) => CheckResult::Failed(rejection),
    }
}

/// A payload that holds no claims of a PSA token, for people.
impl Inspected {
    /// The payload in diagnostic notation where it is CBOR, else its bytes.
    #[must_use]
    pub fn payload_text(&self) -> String {
        match &self.payload {
            Some(payload) => super::diagnostic(payload),
            None => format!("h'{}'", Hex(Vec::new())),
        }
    }

    /// The verdict code of a board with this envelope or these claims, whatever the profile.
    #[must_use]
    pub const fn code(&self) -> VerdictCode {
        if self.envelope_fault.is_some() || self.claims.is_err() {
            VerdictCode::AttMalformed
        } else {
            VerdictCode::Pass
        }
    }
}

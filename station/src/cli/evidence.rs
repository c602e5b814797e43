//! `station evidence`: look at attestation tokens, offline.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use firmware_proto::Digest;
use serde_json::{Value, json};

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::named_file::read_at_most;
use super::vendor_files::{read_allow_list, read_revocation_list};
use crate::attestation::{
    CheckResult, Inspected, Review, ReviewInput, SoftwareComponent, TokenClaims, TrustMaterial,
    diagnostic, inspect_token, review_evidence,
};
use crate::encoding::Hex;
use crate::profile::{MAX_PROFILE_BYTES, Profile};

/// Longest file of a token or of certificates: more than a board can send.
const MAX_EVIDENCE_BYTES: usize = 64 * 1024;

/// What can be done with evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Show a PSA token, and why it would pass or fail under a profile
    ///
    /// Needs no station home, no HSM and no network. Without a profile it only shows what stands in the token.
    /// With one it makes every check of the profile, whatever fails first on a board. The attestation key can
    /// only be judged with the board's certificates, or by the profile's allow-list, which is looked for beside
    /// the profile. Exit status 1 where the token would fail, or its key or signature could not be judged, or where
    /// the file holds no token.
    #[command(after_help = "Examples:\n  station evidence inspect token.cbor\n  \
                      station evidence inspect token.cbor --profile sensor-a.toml \\\n      \
                      --certificates iak.der")]
    Inspect {
        /// The token: COSE in CBOR, tagged or not; - reads it from stdin
        file: PathBuf,
        /// The product profile to check it against (TOML)
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
        /// The board's attestation-key certificates: PEM, or DER one after the other, leaf first
        #[arg(long, value_name = "FILE", requires = "profile")]
        certificates: Option<PathBuf>,
        /// A revocation list of the chip vendor (DER or PEM); can be given several times
        #[arg(long, value_name = "FILE", requires = "profile")]
        crl: Vec<PathBuf>,
        /// The nonce that the token should answer: 64 hexadecimal digits
        #[arg(long, value_name = "HEX", requires = "profile", value_parser = nonce)]
        nonce: Option<Digest>,
    },
}

/// Does it.
pub(crate) fn run(command: &EvidenceCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let EvidenceCommand::Inspect {
        file,
        profile,
        certificates,
        crl,
        nonce,
    } = command;
    let token = read_token(file)?;
    let inspected = inspect_token(&token);
    let Some(profile_file) = profile else {
        context.output.object(&shown(&inspected, None));
        show_token(context, &inspected);
        return Ok(if inspected.claims.is_ok() {
            ExitStatus::Done
        } else {
            ExitStatus::CheckFailed
        });
    };
    let profile = read_profile(profile_file)?;
    let trust = trust(&profile, profile_file, crl)?;
    let certificates = certificates.as_deref().map(read_certificates).transpose()?;
    let review = review_evidence(
        &profile,
        ReviewInput {
            token: &token,
            certificates: certificates.as_deref(),
            challenge: nonce.as_ref(),
            trust: &trust,
            now: context.now(),
        },
    );
    context.output.object(&shown(&inspected, Some(&review)));
    show_token(context, &inspected);
    show_review(context, &profile, &review);
    Ok(if review.passes() {
        ExitStatus::Done
    } else {
        ExitStatus::CheckFailed
    })
}

fn nonce(text: &str) -> Result<Digest, &'static str> {
    let bytes = base16ct::lower::decode_vec(text).ok();
    bytes
        .and_then(|bytes| Hex(bytes).digest())
        .ok_or("a nonce has 64 lower-case hexadecimal digits")
}

fn read_token(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = if file == Path::new("-") {
        let mut bytes = Vec::new();
        let limit = MAX_EVIDENCE_BYTES as u64;
        let input = io::stdin()
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes);
        input.map(|_| bytes)
    } else {
        read_at_most(file, MAX_EVIDENCE_BYTES)
    };
    bounded(file, read)
}

fn bounded(file: &Path, read: io::Result<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let what = format!("cannot read {}", file.display());
    match read {
        Ok(bytes) if bytes.is_empty() => {
            Err(Failure::usage(what, "it is empty", "name another file"))
        }
        Ok(bytes) if bytes.len() > MAX_EVIDENCE_BYTES => Err(Failure::usage(
            what,
            "it is longer than 64 KiB",
            "name the file that holds the evidence of one board",
        )),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(Failure::usage(
            what,
            error,
            "name a file that is there and can be read",
        )),
    }
}

fn read_profile(file: &Path) -> Result<Profile, Failure> {
    let what = format!("cannot read the profile {}", file.display());
    let bytes = read_at_most(file, MAX_PROFILE_BYTES)
        .map_err(|error| Failure::usage(&what, error, "name a file that is there"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(&what, "it is not UTF-8", "write it as TOML"))?;
    Profile::parse(&file.display().to_string(), &text)
        .map_err(|faults| Failure::usage(what, faults, "mend the profile"))
}

fn trust(profile: &Profile, file: &Path, crl: &[PathBuf]) -> Result<TrustMaterial, Failure> {
    let rule = profile.attestation.keys.allow_list.as_ref();
    let allow_list = rule
        .map(|rule| read_allow_list(&file.with_file_name(&rule.file), rule))
        .transpose()?;
    let lists = crl.iter().map(|path| read_revocation_list(path));
    Ok(TrustMaterial {
        allow_list,
        revocation_lists: lists.collect::<Result<_, _>>()?,
    })
}

/// DER, leaf first: as boards send them.
fn read_certificates(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = bounded(file, read_at_most(file, MAX_EVIDENCE_BYTES))?;
    if !bytes.starts_with(b"-----BEGIN") {
        return Ok(bytes);
    }
    let read = x509_cert::Certificate::load_pem_chain(&bytes);
    let der = read.and_then(|all| {
        let each = all.iter().map(der::Encode::to_der);
        each.collect::<der::Result<Vec<_>>>()
    });
    der.map(|all| all.concat()).map_err(|error| {
        let what = format!("cannot read {}", file.display());
        Failure::usage(
            what,
            error,
            "give certificates in PEM or DER, the leaf first",
        )
    })
}

fn show_token(context: &Context, inspected: &Inspected) {
    let output = &context.output;
    output.text(&format!("envelope: {}", inspected.envelope));
    if let Some(fault) = inspected.envelope_fault {
        output.text(&format!("  no board may send this: {fault}"));
    }
    for parameter in &inspected.parameters {
        let place = if parameter.protected {
            "protected"
        } else {
            "not protected"
        };
        let value = diagnostic(&parameter.value);
        output.text(&format!("  header {} ({place}): {value}", parameter.label));
    }
    match &inspected.claims {
        Ok(claims) => {
            output.text("claims, as the token has them:");
            for (name, value) in claim_rows(claims) {
                output.text(&format!("  {name:<24} {value}"));
            }
            show_components(context, &claims.components);
        }
        Err(fault) => {
            output.text(&format!("no claims of a PSA token: {fault}"));
            output.text(&format!("  payload: {}", inspected.payload_text()));
        }
    }
}

fn show_components(context: &Context, components: &[SoftwareComponent]) {
    for one in components {
        let described = one.description.as_ref();
        let described = described.map_or_else(String::new, |text| format!(" ({text})"));
        let output = &context.output;
        output.text(format!("  component {} {}", name(&one.component), one.version).trim_end());
        let measured = Hex(one.measurement.clone());
        output.text(&format!("    measurement {measured}{described}"));
        output.text(&format!("    signer      {}", Hex(one.signer.clone())));
    }
}

fn name(text: &str) -> &str {
    if text.is_empty() { "(no type)" } else { text }
}

/// Every claim but the components, in the order of RFC 9783, section 4, then those that it does not know.
fn claim_rows(claims: &TokenClaims) -> Vec<(String, String)> {
    let hex = |bytes: &[u8]| Hex(bytes.to_vec()).to_string();
    let side = if claims.client_id < 0 {
        "non-secure"
    } else {
        "secure"
    };
    let state = claims.lifecycle.state_name();
    let state = state.unwrap_or("in no range of RFC 9783");
    let none = || "(none)".to_owned();
    let known = [
        ("nonce", hex(&claims.nonce)),
        ("client ID", format!("{} ({side} side)", claims.client_id)),
        ("instance ID", hex(&claims.instance_id)),
        ("implementation ID", hex(&claims.implementation_id)),
        (
            "certification reference",
            claims.certification_reference.clone().unwrap_or_else(none),
        ),
        (
            "lifecycle",
            format!("0x{:04x} ({state})", claims.lifecycle.0),
        ),
        (
            "boot seed",
            claims.boot_seed.as_deref().map_or_else(none, hex),
        ),
        (
            "verification service",
            claims.verification_service.clone().unwrap_or_else(none),
        ),
        ("profile", claims.profile.clone()),
    ];
    let known = known.map(|(name, value)| (name.to_owned(), value));
    let other = claims.other.iter();
    let other = other.map(|one| (format!("claim {}", one.label), diagnostic(&one.value)));
    known.into_iter().chain(other).collect()
}

fn show_review(context: &Context, profile: &Profile, review: &Review) {
    let output = &context.output;
    output.text(&format!("under the profile {:?}:", profile.name));
    for check in &review.checks {
        let (mark, why) = match &check.result {
            CheckResult::Passed => ("passed", String::new()),
            CheckResult::Failed(rejection) => ("FAILED", rejection.to_string()),
            CheckResult::NotJudged(why) => ("not judged", (*why).to_owned()),
        };
        output.text(format!("  {mark:<10} {:<32} {why}", check.name).trim_end());
    }
    output.text(&match (review.failure(), review.passes()) {
        (Some(rejection), _) => format!("would fail: {}", rejection.code),
        (None, true) => "would pass".to_owned(),
        (None, false) => {
            "not shown to pass: give the board's certificates with --certificates".to_owned()
        }
    });
}

fn shown(inspected: &Inspected, review: Option<&Review>) -> Value {
    let claims = inspected.claims.as_ref().ok();
    let parameter = |one: &crate::attestation::HeaderParameter| {
        json!({
            "label": one.label.to_string(),
            "value": diagnostic(&one.value),
            "protected": one.protected,
        })
    };
    json!({
        "envelope": inspected.envelope,
        "envelope_fault": inspected.envelope_fault,
        "headers": inspected.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "claims": claims.map(claims_object),
        "claims_fault": inspected.claims.as_ref().err(),
        "payload": claims.is_none().then(|| inspected.payload_text()),
        "review": review.map(review_object),
    })
}

fn claims_object(claims: &TokenClaims) -> Value {
    let component = |one: &SoftwareComponent| {
        json!({
            "type": one.component,
            "version": one.version,
            "measurement": Hex(one.measurement.clone()),
            "signer": Hex(one.signer.clone()),
            "description": one.description,
        })
    };
    let other = claims.other.iter();
    let other = other.map(|one| (one.label.to_string(), diagnostic(&one.value).into()));
    json!({
        "nonce": Hex(claims.nonce.clone()),
        "client_id": claims.client_id,
        "instance_id": Hex(claims.instance_id.to_vec()),
        "implementation_id": Hex(claims.implementation_id.to_vec()),
        "certification_reference": claims.certification_reference,
        "lifecycle": claims.lifecycle.0,
        "lifecycle_state": claims.lifecycle.state_name(),
        "boot_seed": claims.boot_seed.clone().map(Hex),
        "verification_service": claims.verification_service,
        "profile": claims.profile,
        "components": claims.components.iter().map(component).collect::<Vec<_>>(),
        "other": other.collect::<serde_json::Map<String, Value>>(),
    })
}

fn review_object(review: &Review) -> Value {
    let check = |check: &crate::attestation::Check| {
        let (result, code, why) = match &check.result {
            CheckResult::Passed => ("passed", None, None),
            CheckResult::Failed(rejection) => (
                "failed",
                Some(rejection.code),
                Some(rejection.detail.as_str()),
            ),
            CheckResult::NotJudged(why) => ("not-judged", None, Some(*why)),
        };
        json!({ "check": check.name, "result": result, "code": code, "why": why })
    };
    json!({
        "would_pass": review.passes(),
        "code": review.failure().map(|rejection| rejection.code),
        "checks": review.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

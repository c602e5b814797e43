//! The keys in the token. One that exists is kept where this same `init` was interrupted, and refused otherwise.

use serde::Serialize;

use super::plan::Plan;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::hsm::{KeyAlgorithm, Token, role_name};
use crate::identity::signer::KeyRole;

/// Refuses a token that has a key of any role already: nobody knows who made it.
pub(super) fn refuse_existing(token: &Token, plan: &Plan) -> Result<(), Failure> {
    let mut existing = Vec::new();
    for (role, uri) in plan.config.hsm.keys.roles() {
        if token.find(role, uri)?.is_some() {
            existing.push(uri.to_string());
        }
    }
    if existing.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(
        format_args!("cannot make the keys of station {}", plan.config.name),
        format_args!(
            "the token already has {}, and no key is ever replaced",
            existing.join(", ")
        ),
        "use another --station name or another token; to use a station that exists, name its home",
    ))
}

/// Makes every key that is not there yet.
pub(super) fn make(token: &Token, plan: &Plan, context: &Context) -> Result<(), Failure> {
    let ed25519 = token.knows_ed25519()?;
    for (role, uri) in plan.config.hsm.keys.roles() {
        if token.discard_half(role, uri)? {
            let line = format!("removed the public half of {uri}: its making had been cut short");
            context.output.progress(&line);
        }
        let kept = token.find(role, uri)?;
        let algorithm = match (kept, role) {
            (Some(kept), _) => kept.algorithm,
            (None, KeyRole::Ledger) if ed25519 => KeyAlgorithm::Ed25519,
            (None, _) => KeyAlgorithm::P256,
        };
        if kept.is_none() {
            token.generate(role, uri, algorithm)?;
        }
        let name = role_name(role);
        let algorithm = algorithm.name();
        let made = if kept.is_some() { "kept" } else { "made" };
        let line = format!("{made} the {name} key ({algorithm}) as {uri}");
        let key = KeyMade {
            key: name,
            algorithm,
            uri: uri.to_string(),
            kept: kept.is_some(),
        };
        context.output.object(&key);
        context.output.progress(&line);
    }
    Ok(())
}

#[derive(Serialize)]
struct KeyMade<'a> {
    key: &'a str,
    algorithm: &'a str,
    uri: String,
    kept: bool,
}

//! PIN, module, token, and each key: found, as it must be, and the one that was certified.

use super::report::{Report, State};
use crate::cli::context::ledger_key;
use crate::hsm::{HsmError, Operation, SignerPool, Token, role_name};
use crate::identity::signer::{KeyRole, PublicKey, Signer as _};
use crate::station_home::{Pki, StationHome};

/// Goes as far as it can, and gives the working keys where all are well.
pub(super) fn check(
    home: &StationHome,
    pki: Option<&Pki>,
    report: &mut Report,
) -> Option<SignerPool> {
    let hsm = &home.config().hsm;
    let pin = match hsm.pin.read(home.path()) {
        Ok(pin) => {
            report.ok("PIN", &hsm.pin);
            pin
        }
        Err(error) => {
            broken(report, "PIN", &error);
            return None;
        }
    };
    let token = match Token::open(&hsm.token_config(), &pin) {
        Ok(token) => {
            report.ok("module", hsm.module.display());
            report.ok("token", format_args!("{}, logged in", hsm.token));
            token
        }
        Err(error) => {
            let is_module = matches!(error.at(), Operation::OpenModule(_));
            broken(report, if is_module { "module" } else { "token" }, &error);
            return None;
        }
    };
    if !check_each(&token, home, report) {
        return None;
    }
    let pool = SignerPool::start(token, &hsm.keys, hsm.workers, hsm.request_timeout_ms);
    let signer = match pool {
        Ok(signer) => signer,
        Err(error) => {
            broken(report, "self-test", &error);
            return None;
        }
    };
    check_random(&signer, report);
    check_certified(&signer, home, pki, report);
    Some(signer)
}

/// Each key by itself, so that the report shows all that are wrong.
fn check_each(token: &Token, home: &StationHome, report: &mut Report) -> bool {
    let mut all_well = true;
    for (role, uri) in home.config().hsm.keys.roles() {
        let check = format!("{} key", role_name(role));
        match token.find(role, uri) {
            Ok(Some(key)) => report.ok(check, format_args!("{}, {uri}", key.algorithm.name())),
            Ok(None) => {
                let advice = "correct the URI in [hsm.keys], or restore the token's backup";
                report.add(
                    check,
                    State::Broken,
                    format_args!("the token has no {uri}"),
                    advice,
                );
                all_well = false;
            }
            Err(error) => {
                broken(report, &check, &error);
                all_well = false;
            }
        }
        if role == KeyRole::Root && all_well {
            let detail = "the root's key is on line: who takes the station can make any CA";
            let advice = "use --external-root for real products";
            report.add("root on line", State::Warning, detail, advice);
        }
    }
    all_well
}

fn check_random(signer: &SignerPool, report: &mut Report) {
    let (mut one, mut other) = ([0; 32], [0; 32]);
    match signer
        .random(&mut one)
        .and_then(|()| signer.random(&mut other))
    {
        Ok(()) if one != other && one != [0; 32] => {
            report.ok("random", "the token gives fresh bytes");
        }
        Ok(()) => {
            let advice = "do not use this token: nonces and serials would repeat";
            report.add(
                "random",
                State::Broken,
                "the token gives the same bytes again",
                advice,
            );
        }
        Err(error) => broken(report, "random", &error),
    }
}

/// Each key signs, and the signature is checked under what was certified for it.
fn check_certified(
    signer: &SignerPool,
    home: &StationHome,
    pki: Option<&Pki>,
    report: &mut Report,
) {
    let Some(pki) = pki else {
        report.add(
            "self-test",
            State::Skipped,
            "there is nothing to check the keys against",
            "",
        );
        return;
    };
    let published = ledger_key(
        &home.paths().ledger_vkey(),
        &pki.ledger_vkey,
        &home.config().name,
    );
    let certified = pki
        .certified_keys()
        .map(|(role, key)| (role, PublicKey::P256(key)));
    let ledger = published.ok().map(|key| (KeyRole::Ledger, key));
    let before = report.is_broken();
    for (role, key) in certified.into_iter().chain(ledger) {
        if let Err(error) = signer.prove(role, &key) {
            broken(report, &format!("{} self-test", role_name(role)), &error);
        }
    }
    if before || !report.is_broken() {
        let detail = "every key signs, and verifies under what was certified for it";
        report.ok("self-test", detail);
    }
}

fn broken(report: &mut Report, check: &str, error: &HsmError) {
    let detail = format!("cannot {}: {}", error.operation(), error.reason());
    report.add(check, State::Broken, detail, error.advice());
}

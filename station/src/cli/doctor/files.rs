//! What lies in `pki/`, and the ledger.

use super::report::{Report, State};
use crate::cli::context::ledger_key;
use crate::cli::counted::counted;
use crate::cli::failure::Failure;
use crate::cli::kept_checkpoint;
use crate::clock::UtcMillis;
use crate::hsm::SignerPool;
use crate::ledger::MirrorSeen;
use crate::station_home::{
    Pki, PkiError, StationHome, check_credential, read_bounded, read_certificate, read_issuing,
    read_manifest, read_public_key,
};

/// Every file by itself, then all together.
pub(super) fn check(home: &StationHome, at: UtcMillis, report: &mut Report) -> Option<Pki> {
    let (paths, name) = (home.paths(), &home.config().name);
    let root = read_certificate(&paths.root_certificate());
    let subject = root.as_ref().map(|root| format!("{}", root.subject()));
    tell(report, "root certificate", subject);
    if let Ok(root) = &root {
        let issuing = read_issuing(&paths.issuing_certificate(), root, at);
        let subject = issuing
            .as_ref()
            .map(|issuing| issuing.certificate().subject().to_string());
        tell(report, "issuing certificate", subject);
        let manifest = read_manifest(&paths.manifest_certificate(), root, home.config(), at);
        let subject = manifest.as_ref();
        let subject = subject.map(|manifest| manifest.certificate.subject().to_string());
        tell(report, "manifest certificate", subject);
    }
    let owner = read_public_key(&paths.owner_key());
    tell(
        report,
        "owner key file",
        owner.as_ref().map(|_| "pinned".to_owned()),
    );
    if let Ok(owner) = &owner {
        let path = paths.credential();
        let object = read_bounded(&path).map_err(PkiError::from);
        let credential = object.and_then(|object| check_credential(&path, &object, owner, name));
        let detail = credential.as_ref().map(|credential| {
            let (product, epoch) = (&credential.product, credential.epoch);
            format!("station {name}, product {product}, epoch {epoch}")
        });
        tell(report, "credential", detail);
    }
    match Pki::load(&paths, home.config(), at) {
        Ok(pki) => {
            match ledger_key(&paths.ledger_vkey(), &pki.ledger_vkey, name) {
                Ok(_) => report.ok("ledger key file", &pki.ledger_vkey),
                Err(failure) => {
                    report.add(
                        "ledger key file",
                        State::Broken,
                        failure.why(),
                        failure.to_do(),
                    );
                }
            }
            Some(pki)
        }
        Err(error) => {
            // Said already where it is about one file alone.
            if !report.is_broken() {
                report.add("papers", State::Broken, &error, error.advice());
            }
            None
        }
    }
}

/// The ledger's end against its last checkpoint and the mirror's. Full proof is `station ledger verify`.
pub(super) fn check_ledger(home: &StationHome, signer: Option<SignerPool>, report: &mut Report) {
    let Some(signer) = signer else {
        let advice = "mend the token first, or run station ledger verify";
        report.add(
            "ledger",
            State::Skipped,
            "it is opened with the token's key",
            advice,
        );
        return;
    };
    let mirror = match kept_checkpoint::examine(home, &signer) {
        Ok(mirror) => {
            report.ok("ledger", "it agrees with its last checkpoint");
            mirror
        }
        Err(failure) => {
            report.add("ledger", State::Broken, failure.why(), failure.to_do());
            None
        }
    };
    check_kept(home, &signer, report);
    check_mirror(home, mirror, report);
}

/// The mirror, which nobody begins by looking at it.
fn check_mirror(
    home: &StationHome,
    seen: Option<Result<MirrorSeen, Failure>>,
    report: &mut Report,
) {
    let check = "mirror";
    let Some(path) = &home.config().ledger.checkpoint_mirror else {
        let detail = "none: an old copy of the whole ledger in its place would not be seen";
        let advice = "name a file on another machine's disk as ledger.checkpoint_mirror";
        report.add(check, State::Warning, detail, advice);
        return;
    };
    let path = path.display();
    match seen {
        Some(Ok(MirrorSeen::Covers(size))) => {
            let entries = counted(size, "entry", "entries");
            report.ok(check, format_args!("{path}: a checkpoint over {entries}"));
        }
        Some(Ok(MirrorSeen::Empty)) => {
            let detail = format!(
                "{path} is empty: nothing is compared with it, and whoever records something next begins it"
            );
            let advice = "if nobody emptied it on purpose, put its note back first; else station ledger \
                          checkpoint begins it";
            report.add(check, State::Warning, detail, advice);
        }
        Some(Err(failure)) => {
            report.add(check, State::Broken, failure.why(), failure.to_do());
        }
        None => {
            let detail = format!("{path}: it is compared with a ledger that is well");
            report.add(check, State::Skipped, detail, "mend the ledger first");
        }
    }
}

/// What the token keeps, and that it is what the last batch left there: an opening or closing goes on without.
fn check_kept(home: &StationHome, signer: &SignerPool, report: &mut Report) {
    let check = "token's checkpoint";
    let notes = kept_checkpoint::notes(home, signer);
    let found = notes.and_then(|kept| {
        let uncovered = kept_checkpoint::uncovered(home, &kept)?;
        Ok((kept.is_empty(), uncovered))
    });
    match found {
        Ok((_, Some(entry))) => {
            let detail = format!(
                "the token keeps none over entry {entry}, which opened or closed a batch: home and mirror put \
                 back to a time before it would not be seen"
            );
            let advice = "see why the token takes no object (room, write protection); it is written again when a \
                          batch is opened or closed";
            report.add(check, State::Warning, detail, advice);
        }
        Ok((true, None)) => report.ok(check, "none yet: no batch was opened"),
        Ok((false, None)) => report.ok(check, "the token keeps one"),
        Err(failure) => report.add(check, State::Warning, failure.why(), failure.to_do()),
    }
}

fn tell(report: &mut Report, check: &str, found: Result<String, &PkiError>) {
    match found {
        Ok(detail) => report.ok(check, detail),
        Err(error) => report.add(check, State::Broken, error, error.advice()),
    }
}

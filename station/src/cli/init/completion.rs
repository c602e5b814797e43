//! `station init --complete`: takes what an outside root and product owner have signed.

use std::path::Path;

use super::papers::{adopt_certificate, require_key};
use super::{InitArguments, finish, start};
use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::cli::named_file::must_be_readable;
use crate::hsm::Token;
use crate::identity::signer::KeyRole;
use crate::station_home::{
    Config, HomeError, HomeLock, HomePaths, PkiError, check_credential, read_bounded,
    read_certificate, read_issuing, read_manifest, read_public_key, write_new,
};

/// Checks everything before it writes anything.
pub(super) fn run(
    arguments: &InitArguments,
    home: &Path,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let paths = HomePaths::new(home);
    if paths.config().exists() {
        context
            .output
            .progress("this station home is complete already; nothing was changed");
        return Ok(ExitStatus::Done);
    }
    if !paths.unfinished_config().exists() {
        return Err(HomeError::Missing(home.to_owned()).into());
    }
    let lock = HomeLock::take(home)?;
    let config = unfinished_config(&paths)?;
    let pin = config.hsm.pin.read(home)?;
    let signer = start(Token::open(&config.hsm.token_config(), &pin)?, &config)?;

    let at = context.now();
    let root_path = given(arguments.root.as_deref(), "--root")?;
    let root = read_certificate(root_path).map_err(not_taken)?;
    if !root.is_signed_by(&root) || root.require_authority(1).is_err() {
        return Err(Failure::usage(
            format_args!("cannot use {} as root", root_path.display()),
            "it is no self-signed certificate of an authority with an authority below it",
            "give the certificate of the root CA itself",
        ));
    }
    let issuing_path = given(arguments.issuing_cert.as_deref(), "--issuing-cert")?;
    let issuing = read_issuing(issuing_path, &root, at).map_err(not_taken)?;
    let issuing = issuing.certificate();
    require_key(&signer, KeyRole::Issuing, issuing.point(), issuing_path)?;
    let manifest_path = given(arguments.manifest_cert.as_deref(), "--manifest-cert")?;
    let manifest = read_manifest(manifest_path, &root, &config, at).map_err(not_taken)?;
    require_key(
        &signer,
        KeyRole::Manifest,
        manifest.certificate.point(),
        manifest_path,
    )?;
    let credential = match &arguments.credential {
        None if paths.credential().exists() => paths.credential(),
        given_path => given(given_path.as_deref(), "--credential")?.to_owned(),
    };
    let object = read_bounded(&credential)?;
    let owner = read_public_key(&paths.owner_key())?;
    let authorised = check_credential(&credential, &object, &owner, &config.name);
    let authorised = authorised.map_err(not_taken)?;
    require_key(
        &signer,
        KeyRole::Authority,
        &authorised.authority_key,
        &credential,
    )?;

    adopt_certificate(&paths.root_certificate(), &root)?;
    adopt_certificate(&paths.issuing_certificate(), issuing)?;
    adopt_certificate(&paths.manifest_certificate(), &manifest.certificate)?;
    if !paths.credential().exists() {
        write_new(&paths.credential(), &object)?;
    }
    let finished = finish(&paths, &config, &signer, context);
    drop(signer);
    drop(lock);
    finished
}

/// What was signed outside is not what this station needs.
fn not_taken(error: PkiError) -> Failure {
    match error {
        PkiError::File(error) => error.into(),
        error => Failure::check(
            "cannot complete the station home",
            error,
            "have the requests in pki/ signed as docs/configuration.md says; nothing was changed",
        ),
    }
}

fn unfinished_config(paths: &HomePaths) -> Result<Config, Failure> {
    let path = paths.unfinished_config();
    let text = String::from_utf8(read_bounded(&path)?);
    let text = text.map_err(|_| HomeError::NotText(path.clone()))?;
    Ok(Config::parse(&text).map_err(|fault| HomeError::Config(path, Box::new(fault)))?)
}

fn given<'a>(path: Option<&'a Path>, flag: &str) -> Result<&'a Path, Failure> {
    let path = path.ok_or_else(|| {
        Failure::usage(
            "cannot complete the station home",
            format_args!("{flag} is missing"),
            "give what the root and the product owner have signed; see station init --help",
        )
    })?;
    must_be_readable(path)?;
    Ok(path)
}

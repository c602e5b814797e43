//! `station owner`: what the product owner does, with their own token and without a station home.
//!
//! Devices pin the owner's public key; a credential is the owner's word that a station may provision one
//! product, under the station authority's key. A station never has this key, but for development.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use firmware_proto::ProductCode;
use firmware_proto::authority::StationCredential;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::init::{
    PinArguments, REQUEST_TIMEOUT_MS, absolute, p256, pin_source, sign_credential, write_public_key,
};
use super::named_file::{self, MAX_TEXT_BYTES};
use crate::encoding::{Hex, sha256};
use crate::hsm::{
    KeyAlgorithm, KeyUri, KeyUris, PoolSize, SignerPool, Token, TokenConfig, TokenUri,
};
use crate::identity::csr::{CredentialRequest, MAX_CSR_BYTES, parse_credential_request};
use crate::identity::signer::KeyRole;
use crate::names::StationName;
use crate::station_home::{check_credential, write_new};

/// What the product owner can do.
#[derive(Debug, Subcommand)]
pub(crate) enum OwnerCommand {
    /// Make the product owner's key, and write the public key that devices pin
    ///
    /// The key never leaves the token. One that exists is kept, and its public key is written.
    #[command(
        after_help = "Example:\n  station owner key --module /usr/lib/softhsm/libsofthsm2.so \\\n      \
                      --token owner --pin-file ~/.owner-pin -o owner.pub.pem"
    )]
    Key {
        #[command(flatten)]
        token: OwnerToken,
        /// The file for the public key (PEM)
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Sign a station's request for a credential
    ///
    /// The request is the pki/authority.csr.pem that station init --external-root leaves. It must name
    /// the station and the product that are given here. Devices refuse a lower epoch than the highest
    /// that they have met: a new one for all good stations shuts a stolen one out.
    #[command(
        after_help = "Example:\n  station owner credential home/pki/authority.csr.pem --station line-3 \\\n      \
                      --product SENSOR-A --epoch 1 --module /usr/lib/softhsm/libsofthsm2.so \\\n      \
                      --token owner --pin-file ~/.owner-pin -o credential.cose"
    )]
    Credential {
        /// The station's request (PKCS#10, PEM)
        request: PathBuf,
        /// The station that it must be from
        #[arg(long, value_name = "NAME")]
        station: StationName,
        /// The product that the station may provision
        #[arg(long, value_name = "CODE", value_parser = product)]
        product: ProductCode,
        /// The credential's epoch
        #[arg(long, value_name = "N")]
        epoch: u32,
        #[command(flatten)]
        token: OwnerToken,
        /// The file for the credential
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Where the owner's key is.
#[derive(Debug, Args)]
pub(crate) struct OwnerToken {
    /// The PKCS#11 module of the HSM's vendor
    #[arg(long, value_name = "FILE")]
    module: PathBuf,
    /// The label of the owner's token
    #[arg(long, value_name = "LABEL")]
    token: String,
    /// The label of the owner's key
    #[arg(long, value_name = "LABEL", default_value = "product-owner")]
    key: String,
    #[command(flatten)]
    pin: PinArguments,
}

/// Does it.
pub(crate) fn run(command: &OwnerCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        OwnerCommand::Key { token, output } => make_key(context, token, output)?,
        OwnerCommand::Credential {
            request,
            station,
            product,
            epoch,
            token,
            output,
        } => {
            let asked = read_request(request, station, product)?;
            let credential = StationCredential {
                station: station.as_str().try_into().map_err(|_| too_long())?,
                product: product.clone(),
                epoch: *epoch,
                authority_key: asked.authority_key,
            };
            let signer = token.open(false)?;
            let object = sign_credential(&signer, &credential)?;
            // What a station would refuse is never given away.
            check_credential(output, &object, &p256(&signer, KeyRole::Owner)?, station)?;
            write_new(output, &object)?;
            let shown = Signed {
                credential: output.display().to_string(),
                station,
                product: product.to_string(),
                epoch: *epoch,
                sha256: sha256(&object).into(),
            };
            let text = format!(
                "wrote {}: station {station} may provision {product}, epoch {epoch}",
                shown.credential
            );
            context.output.fact(&shown, &text);
        }
    }
    Ok(ExitStatus::Done)
}

#[derive(Serialize)]
struct Signed<'a> {
    credential: String,
    station: &'a StationName,
    product: String,
    epoch: u32,
    sha256: Hex,
}

fn make_key(context: &Context, token: &OwnerToken, output: &Path) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Made {
        owner_key: String,
    }
    let signer = token.open(true)?;
    write_public_key(output, &p256(&signer, KeyRole::Owner)?)?;
    let owner_key = output.display().to_string();
    let text = format!("wrote {owner_key}: give it to devices and to station init --owner-key");
    context.output.fact(&Made { owner_key }, &text);
    Ok(())
}

impl OwnerToken {
    /// Opens the token with the owner's key, which is made first where it may be.
    pub(super) fn open(&self, make: bool) -> Result<SignerPool, Failure> {
        let uri = KeyUri::with_label(&self.key);
        let one = PoolSize::new(1).ok_or_else(too_long)?;
        let config = TokenConfig {
            module: absolute(&self.module)?,
            token: TokenUri::with_label(&self.token),
            keys: KeyUris::default().with(KeyRole::Owner, uri.clone()),
            workers: one,
            request_timeout_ms: REQUEST_TIMEOUT_MS,
        };
        let pin = pin_source(&self.pin)?.read(Path::new("."))?;
        let token = Token::open(&config, &pin)?;
        if make {
            token.discard_half(KeyRole::Owner, &uri)?;
            if token.find(KeyRole::Owner, &uri)?.is_none() {
                token.generate(KeyRole::Owner, &uri, KeyAlgorithm::P256)?;
            }
        }
        Ok(SignerPool::start(
            token,
            &config.keys,
            config.workers,
            config.request_timeout_ms,
        )?)
    }
}

/// The request, where it is from the station and for the product that the owner means.
fn read_request(
    path: &Path,
    station: &StationName,
    product: &ProductCode,
) -> Result<CredentialRequest, Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::check(
            format_args!("cannot sign {}", path.display()),
            why,
            "take the pki/authority.csr.pem of the station that you mean; nothing was signed",
        )
    };
    let pem = named_file::read(path, MAX_TEXT_BYTES).map_err(|failure| {
        let to_do =
            "bring the pki/authority.csr.pem of the station over, and name it as it is here";
        Failure::usage(failure.what(), failure.why(), to_do)
    })?;
    let (label, der) = der::pem::decode_vec(pem.trim_ascii())
        .map_err(|error| refused(&format_args!("it is no PEM: {error}")))?;
    if label != "CERTIFICATE REQUEST" || der.len() > MAX_CSR_BYTES {
        return Err(refused(&"it is no certification request of a station"));
    }
    let request = parse_credential_request(&der).map_err(|error| refused(&error))?;
    if request.station != station.as_str() || request.product != product.as_str() {
        return Err(refused(&format_args!(
            "it is from station {} for product {}, not from {station} for {product}",
            request.station, request.product
        )));
    }
    Ok(request)
}

fn too_long() -> Failure {
    Failure::usage(
        "cannot make a credential",
        "the station's name is too long",
        "give the name as station init was given it",
    )
}

fn product(text: &str) -> Result<ProductCode, String> {
    ProductCode::parse(text).map_err(|error| error.to_string())
}

//! What the home's `pki/` says: who this station is, under whose authority, and which keys it must hold.

use std::path::{Path, PathBuf};

use firmware_proto::ProductCode;
use firmware_proto::authority::StationCredential;
use firmware_proto::cose::ContentType;
use firmware_proto::platform::Sec1Point;
use thiserror::Error;

use super::HomePaths;
use super::config::Config;
use super::error::HomeError;
use super::private_file::read_bounded;
use crate::certificate_path::{ParsedCertificate, PathError};
use crate::clock::UtcMillis;
use crate::es256;
use crate::hsm::{HsmError, SignerPool};
use crate::identity::chain::{
    IssuingCertificate, ManifestSigner, manifest_signing, verify_manifest_signer,
};
use crate::identity::signed_object::{SignedObjectError, verify_payload};
use crate::identity::signer::{KeyRole, PublicKey};
use crate::names::StationName;

/// Certificates, credential and pinned keys, read and checked against each other.
#[derive(Clone, Debug)]
pub struct Pki {
    /// The trust anchor.
    pub root: ParsedCertificate,
    /// Issues the devices' certificates.
    pub issuing: IssuingCertificate,
    /// Signs the manifests.
    pub manifest: ManifestSigner,
    /// The product owner's key, which the devices pin.
    pub owner: Sec1Point,
    /// The product owner's word for this station.
    pub credential: StationCredential,
    /// The same as the object that travels to the devices.
    pub credential_object: Vec<u8>,
    /// The ledger's key as a C2SP note verifier key.
    pub ledger_vkey: String,
}

/// What is wrong with `pki/`: which file, and what.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PkiError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] HomeError),
    /// A certificate is not what it must be.
    #[error("{}: {}", .0.display(), .1)]
    Certificate(PathBuf, PathError),
    /// The credential is not what it must be.
    #[error("{}: {}", .0.display(), .1)]
    Credential(PathBuf, SignedObjectError),
    /// A file fits by itself but not to the others.
    #[error("{}: {}", .0.display(), .1)]
    Mismatch(PathBuf, String),
}

impl PkiError {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::File(error) => error.advice(),
            _ => "restore pki/ from a backup, or make the station anew; station doctor shows all of it"
                .to_owned(),
        }
    }
}

impl Pki {
    /// Reads everything and checks it: root to issuing CA, root to manifest signer, owner to credential, at
    /// the time `at` and for the station that the configuration describes.
    ///
    /// # Errors
    /// The first file that is missing or wrong.
    pub fn load(paths: &HomePaths, config: &Config, at: UtcMillis) -> Result<Self, PkiError> {
        let name = &config.name;
        let root = read_certificate(&paths.root_certificate())?;
        let issuing = read_issuing(&paths.issuing_certificate(), &root, at)?;
        let manifest = read_manifest(&paths.manifest_certificate(), &root, config, at)?;
        let owner = read_public_key(&paths.owner_key())?;
        let credential_object = read_bounded(&paths.credential())?;
        let credential = check_credential(&paths.credential(), &credential_object, &owner, name)?;
        if manifest.product != credential.product.as_str() {
            let problem = format!(
                "it is for product {}, the credential for {}",
                manifest.product, credential.product
            );
            return Err(PkiError::Mismatch(paths.manifest_certificate(), problem));
        }
        let ledger_vkey = read_text(&paths.ledger_vkey())?.trim_end().to_owned();
        Ok(Self {
            root,
            issuing,
            manifest,
            owner,
            credential,
            credential_object,
            ledger_vkey,
        })
    }

    /// The product that the credential is for.
    #[must_use]
    pub const fn product(&self) -> &ProductCode {
        &self.credential.product
    }

    /// Lets every certified key of the token sign, and checks the signatures under the certificates' and
    /// the credential's keys. The ledger's key is proven by whoever opens the ledger.
    ///
    /// # Errors
    /// The first key that is not the certified one.
    pub fn prove_keys(&self, signer: &SignerPool) -> Result<(), HsmError> {
        for (role, key) in self.certified_keys() {
            signer.prove(role, &PublicKey::P256(key))?;
        }
        let elsewhere = [
            (KeyRole::Root, *self.root.point()),
            (KeyRole::Owner, self.owner),
        ];
        for (role, key) in elsewhere {
            if signer.roles().any(|own| own == role) {
                signer.prove(role, &PublicKey::P256(key))?;
            }
        }
        Ok(())
    }

    /// The roles whose keys somebody has certified, with the key that was.
    #[must_use]
    pub fn certified_keys(&self) -> [(KeyRole, Sec1Point); 3] {
        [
            (KeyRole::Issuing, *self.issuing.certificate().point()),
            (KeyRole::Manifest, *self.manifest.certificate.point()),
            (KeyRole::Authority, self.credential.authority_key),
        ]
    }
}

/// Reads a certificate in PEM.
///
/// # Errors
/// Where it cannot be read, or is none.
pub fn read_certificate(path: &Path) -> Result<ParsedCertificate, PkiError> {
    let parsed = ParsedCertificate::from_pem(&read_text(path)?);
    parsed.map_err(|error| PkiError::Certificate(path.to_owned(), error))
}

/// Reads the issuing CA's certificate and checks that `root` has issued it.
///
/// # Errors
/// Where it is none, or of another root.
pub fn read_issuing(
    path: &Path,
    root: &ParsedCertificate,
    at: UtcMillis,
) -> Result<IssuingCertificate, PkiError> {
    let wrong = |error| PkiError::Certificate(path.to_owned(), error);
    let issuing = IssuingCertificate::from_der(read_certificate(path)?.der()).map_err(wrong)?;
    issuing.verify_issuer(root, at).map_err(wrong)?;
    Ok(issuing)
}

/// Reads the manifest signer's certificate and checks that `root` itself has issued it to this station,
/// for the kind of PKI that the configuration says.
///
/// # Errors
/// Where it is none, or of another root, station or kind.
pub fn read_manifest(
    path: &Path,
    root: &ParsedCertificate,
    config: &Config,
    at: UtcMillis,
) -> Result<ManifestSigner, PkiError> {
    let name = &config.name;
    let certificate = read_certificate(path)?;
    let manifest = verify_manifest_signer(certificate.der(), root.der(), at)
        .map_err(|error| PkiError::Certificate(path.to_owned(), error))?;
    if manifest.station != name.as_str() {
        let problem = format!("it names station {}, this one is {name}", manifest.station);
        return Err(PkiError::Mismatch(path.to_owned(), problem));
    }
    if manifest.development != config.development {
        let (wanted, kind) = (manifest_signing(config.development), config.development);
        let problem = format!(
            "it is for a {} PKI, but station.toml says development = {kind}; that takes the \
             extended key usage {wanted}",
            if kind { "real" } else { "development" },
        );
        return Err(PkiError::Mismatch(path.to_owned(), problem));
    }
    Ok(manifest)
}

/// Reads a P-256 public key in PEM.
///
/// # Errors
/// Where it cannot be read, or is none.
pub fn read_public_key(path: &Path) -> Result<Sec1Point, PkiError> {
    let text = read_text(path)?;
    let none = || PkiError::Mismatch(path.to_owned(), "no P-256 public key in PEM".to_owned());
    let (label, spki) = der::pem::decode_vec(text.trim().as_bytes()).map_err(|_| none())?;
    if label != "PUBLIC KEY" {
        return Err(none());
    }
    es256::point_of_spki(&spki).ok_or_else(none)
}

/// Checks a station credential: signed by the owner, for this station.
///
/// # Errors
/// Where it is none, or for another station.
pub fn check_credential(
    path: &Path,
    object: &[u8],
    owner: &Sec1Point,
    name: &StationName,
) -> Result<StationCredential, PkiError> {
    let credential: StationCredential =
        verify_payload(ContentType::StationCredential, object, owner)
            .map_err(|error| PkiError::Credential(path.to_owned(), error))?;
    if credential.station.as_str() != name.as_str() {
        let problem = format!(
            "it is for station {}, this one is {name}",
            credential.station
        );
        return Err(PkiError::Mismatch(path.to_owned(), problem));
    }
    Ok(credential)
}

fn read_text(path: &Path) -> Result<String, HomeError> {
    String::from_utf8(read_bounded(path)?).map_err(|_| HomeError::NotText(path.to_owned()))
}

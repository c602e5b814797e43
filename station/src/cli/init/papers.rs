//! Certificates, requests, credential and published keys. Each is made once: one that exists is checked
//! and kept.

use std::path::Path;

use firmware_proto::authority::{Payload as _, StationCredential};
use firmware_proto::cose::ContentType;
use firmware_proto::platform::Sec1Point;

use super::plan::Plan;
use crate::certificate_path::ParsedCertificate;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::es256;
use crate::hsm::SignerPool;
use crate::identity::ceremony::{
    AuthorityName, NewCertificate, SignerName, complete, complete_request, issuing_request,
    issuing_tbs, manifest_signer_request, manifest_signer_tbs, root_tbs,
};
use crate::identity::signed_object::{assemble, to_be_signed};
use crate::identity::signer::{KeyRole, PublicKey, Signer as _};
use crate::names::CertificateSerial;
use crate::station_home::{
    HomePaths, check_credential, read_bounded, read_certificate, read_issuing, read_manifest,
    read_public_key, write_new, write_pem,
};

/// What all papers need.
pub(super) struct Papers<'a> {
    pub(super) paths: &'a HomePaths,
    pub(super) signer: &'a SignerPool,
    pub(super) plan: &'a Plan,
    pub(super) context: &'a Context,
}

impl Papers<'_> {
    /// Root, issuing CA, manifest signer.
    pub(super) fn certificates(&self) -> Result<(), Failure> {
        let organization = self.plan.organization.as_str();
        let station = &self.plan.config.name;
        let path = self.paths.root_certificate();
        if !path.exists() {
            let key = p256(self.signer, KeyRole::Root)?;
            // For people: what a verifier goes by is the manifest signer's extended key usage.
            let common_name = format!("{station} development root");
            let name = AuthorityName {
                organization,
                common_name: &common_name,
            };
            let tbs = root_tbs(name, self.new_certificate(&key)?).map_err(our_bug)?;
            self.issue(&path, &tbs)?;
        }
        let root = read_certificate(&path)?;
        require_key(self.signer, KeyRole::Root, root.point(), &path)?;

        let path = self.paths.issuing_certificate();
        if !path.exists() {
            let key = p256(self.signer, KeyRole::Issuing)?;
            let common_name = format!("{station} issuing CA");
            let name = AuthorityName {
                organization,
                common_name: &common_name,
            };
            let new = self.new_certificate(&key)?;
            self.issue(&path, &issuing_tbs(name, new, &root).map_err(our_bug)?)?;
        }
        let issuing = read_issuing(&path, &root, self.context.now())?;
        require_key(
            self.signer,
            KeyRole::Issuing,
            issuing.certificate().point(),
            &path,
        )?;

        let path = self.paths.manifest_certificate();
        if !path.exists() {
            let key = p256(self.signer, KeyRole::Manifest)?;
            let new = self.new_certificate(&key)?;
            let tbs = manifest_signer_tbs(self.signer_name(), new, &root);
            self.issue(&path, &tbs.map_err(our_bug)?)?;
        }
        let manifest = read_manifest(&path, &root, &self.plan.config, self.context.now())?;
        require_key(
            self.signer,
            KeyRole::Manifest,
            manifest.certificate.point(),
            &path,
        )
    }

    /// Requests for a root that is elsewhere; the credential too where the owner's key is here.
    pub(super) fn requests(&self) -> Result<(), Failure> {
        let organization = self.plan.organization.as_str();
        let station = &self.plan.config.name;
        let key = p256(self.signer, KeyRole::Issuing)?;
        let common_name = format!("{station} issuing CA");
        let name = AuthorityName {
            organization,
            common_name: &common_name,
        };
        let info = issuing_request(name, &key).map_err(our_bug)?;
        self.request(&self.paths.issuing_request(), KeyRole::Issuing, &key, &info)?;
        let key = p256(self.signer, KeyRole::Manifest)?;
        let info = manifest_signer_request(self.signer_name(), &key).map_err(our_bug)?;
        self.request(
            &self.paths.manifest_request(),
            KeyRole::Manifest,
            &key,
            &info,
        )?;
        match &self.plan.owner_key {
            None => self.credential(),
            Some(owner) => {
                write_public_key(&self.paths.owner_key(), &read_public_key(owner)?)?;
                let key = p256(self.signer, KeyRole::Authority)?;
                write_public_key(&self.paths.authority_key(), &key)?;
                let info = manifest_signer_request(self.signer_name(), &key).map_err(our_bug)?;
                let path = self.paths.credential_request();
                self.request(&path, KeyRole::Authority, &key, &info)
            }
        }
    }

    /// The owner's and the authority's public keys, and the owner's word for the authority.
    pub(super) fn credential(&self) -> Result<(), Failure> {
        let owner = p256(self.signer, KeyRole::Owner)?;
        let authority = p256(self.signer, KeyRole::Authority)?;
        write_public_key(&self.paths.owner_key(), &owner)?;
        write_public_key(&self.paths.authority_key(), &authority)?;
        let station = &self.plan.config.name;
        let path = self.paths.credential();
        if !path.exists() {
            let payload = StationCredential {
                station: station
                    .as_str()
                    .try_into()
                    .map_err(|_| our_bug("name too long"))?,
                product: self.plan.product.clone(),
                epoch: self.plan.epoch,
                authority_key: authority,
            };
            write_new(&path, &sign_credential(self.signer, &payload)?)?;
        }
        let credential = check_credential(&path, &read_bounded(&path)?, &owner, station)?;
        require_key(
            self.signer,
            KeyRole::Authority,
            &credential.authority_key,
            &path,
        )
    }

    fn signer_name(&self) -> SignerName<'_> {
        SignerName {
            organization: &self.plan.organization,
            product: &self.plan.product,
            station: &self.plan.config.name,
            development: self.plan.config.development,
        }
    }

    fn new_certificate<'k>(&self, key: &'k Sec1Point) -> Result<NewCertificate<'k>, Failure> {
        let mut random = [0; 16];
        self.signer.random(&mut random)?;
        let serial = CertificateSerial::from_random(random)
            .ok_or_else(|| our_bug("the token's random generator gave nothing but zeros"))?;
        Ok(NewCertificate {
            public_key: key,
            serial,
            not_before: self.context.now(),
        })
    }

    /// Lets the root sign the certificate and writes it.
    fn issue(&self, path: &Path, tbs: &[u8]) -> Result<(), Failure> {
        let signature = self.signer.sign(KeyRole::Root, tbs)?;
        let root = p256(self.signer, KeyRole::Root)?;
        let der = complete(tbs, &signature, &root).map_err(our_bug)?;
        write_pem(path, "CERTIFICATE", &der)?;
        self.context
            .output
            .progress(&format!("wrote {}", path.display()));
        Ok(())
    }

    fn request(
        &self,
        path: &Path,
        role: KeyRole,
        key: &Sec1Point,
        info: &[u8],
    ) -> Result<(), Failure> {
        if path.exists() {
            return Ok(());
        }
        let signature = self.signer.sign(role, info)?;
        let der = complete_request(info, &signature, key).map_err(our_bug)?;
        Ok(write_pem(path, "CERTIFICATE REQUEST", &der)?)
    }
}

/// The credential as the product owner's key signs it.
pub(in crate::cli) fn sign_credential(
    signer: &SignerPool,
    credential: &StationCredential,
) -> Result<Vec<u8>, Failure> {
    let payload = credential.encode().map_err(our_bug)?;
    let content = ContentType::StationCredential;
    let message = to_be_signed(content, &payload).map_err(our_bug)?;
    let signature = signer.sign(KeyRole::Owner, &message)?;
    assemble(content, &payload, &signature).map_err(our_bug)
}

/// Refuses a certificate of another key than the token's: it belongs to another station.
pub(super) fn require_key(
    signer: &SignerPool,
    role: KeyRole,
    certified: &Sec1Point,
    path: &Path,
) -> Result<(), Failure> {
    if p256(signer, role)? == *certified {
        return Ok(());
    }
    Err(Failure::usage(
        format_args!("cannot use {}", path.display()),
        "it is about another key than the one in the token",
        "take the one that was made for this station's request; look into station.toml for the keys",
    ))
}

pub(in crate::cli) fn p256(signer: &SignerPool, role: KeyRole) -> Result<Sec1Point, Failure> {
    match signer.public_key(role)? {
        PublicKey::P256(point) => Ok(point),
        PublicKey::Ed25519(_) => Err(our_bug("an Ed25519 key in a role for P-256")),
    }
}

/// Writes a public key, or checks that the file is about the same.
pub(in crate::cli) fn write_public_key(path: &Path, key: &Sec1Point) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(write_pem(path, "PUBLIC KEY", &es256::spki(key))?);
    }
    if read_public_key(path)? == *key {
        return Ok(());
    }
    Err(Failure::usage(
        format_args!("cannot use {}", path.display()),
        "it holds another public key than this station's",
        "use another home; nothing is overwritten",
    ))
}

fn our_bug(error: impl std::fmt::Display) -> Failure {
    Failure::station(
        "cannot put the station's certificates together",
        error,
        "check the names given and the clock; nothing was lost, the command can be repeated",
    )
}

/// Writes a certificate from outside in this station's own PEM, or checks that the same is there.
pub(super) fn adopt_certificate(
    path: &Path,
    certificate: &ParsedCertificate,
) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(write_pem(path, "CERTIFICATE", certificate.der())?);
    }
    if read_certificate(path)?.der() == certificate.der() {
        return Ok(());
    }
    Err(Failure::usage(
        format_args!("cannot take the certificate into {}", path.display()),
        "another certificate is there already",
        "give the same one again, or remove the file after you have found out where it comes from",
    ))
}

//! `station device certificate` and `export-certificates`: live certificates in PEM.

use std::fs;
use std::path::Path;

use der::pem::{LineEnding, encode_string};
use firmware_proto::Uid;
use serde::Serialize;

use super::batch_record;
use super::context::Context;
use super::failure::Failure;
use crate::cli::counted::counted;
use crate::ledger::Reader;
use crate::ledger::event::Fact;
use crate::ledger::reader::{CertificateOverview, DeviceOverview};
use crate::names::{BatchId, DeviceSerial};

/// Prints a board's live certificate.
pub(super) fn certificate(
    context: &Context,
    reader: &Reader,
    device: &DeviceOverview,
) -> Result<(), Failure> {
    let overviews = reader.certificates(&device.uid)?;
    let live = overviews.iter().find(|one| one.revoked_at.is_none());
    let live = live.ok_or_else(|| {
        Failure::check(
            format_args!("board {} has no live certificate", device.uid),
            "none was issued, or it was revoked",
            "see station device show",
        )
    })?;
    let pem = pem(&certificate_der(reader, live)?)?;
    context.output.object(&CertificateText {
        uid: &device.uid,
        serial: &live.device_serial,
        pem: &pem,
    });
    pem.lines().for_each(|line| context.output.text(line));
    Ok(())
}

#[derive(Serialize)]
struct CertificateText<'a> {
    uid: &'a Uid,
    serial: &'a DeviceSerial,
    pem: &'a str,
}

#[derive(Serialize)]
struct Written<'a> {
    uid: &'a Uid,
    serial: &'a DeviceSerial,
    file: String,
}

/// Writes the live certificates of a batch's passed boards.
pub(super) fn export_certificates(
    context: &Context,
    reader: &Reader,
    batch: &BatchId,
    dir: &Path,
) -> Result<(), Failure> {
    reader
        .batch(batch)?
        .ok_or_else(|| batch_record::unknown(batch))?;
    let failed = |path: &Path, error: std::io::Error| {
        Failure::usage(
            format_args!("cannot write {}", path.display()),
            error,
            "name a folder that can be written",
        )
    };
    fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    let certificates = reader.certificates_of_batch(batch)?;
    let passed =
        |one: &&CertificateOverview| one.revoked_at.is_none() && one.provisioned_at.is_some();
    let mut count = 0_u64;
    for one in certificates.iter().filter(passed) {
        let path = dir.join(format!("{}.pem", one.device_serial));
        let pem = pem(&certificate_der(reader, one)?)?;
        fs::write(&path, pem).map_err(|error| failed(&path, error))?;
        let file = path.display().to_string();
        context.output.object(&Written {
            uid: &one.uid,
            serial: &one.device_serial,
            file,
        });
        count += 1;
    }
    context.output.text(&format!(
        "wrote {} to {}",
        counted(count, "certificate", "certificates"),
        dir.display()
    ));
    Ok(())
}

/// The certificate itself.
pub(super) fn certificate_der(
    reader: &Reader,
    overview: &CertificateOverview,
) -> Result<Vec<u8>, Failure> {
    match reader.entry(overview.issued_at)?.leaf.fact {
        Fact::CertificateIssued { certificate, .. } => Ok(certificate.0),
        _ => Err(Failure::station(
            "cannot read the certificate",
            format_args!("entry {} holds none", overview.issued_at),
            "run station ledger verify",
        )),
    }
}

fn pem(der: &[u8]) -> Result<String, Failure> {
    encode_string("CERTIFICATE", LineEnding::LF, der).map_err(|error| {
        Failure::station(
            "cannot write the certificate",
            error,
            "run station ledger verify",
        )
    })
}

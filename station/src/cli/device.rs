//! `station device`: list, show, history, certificates.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use der::pem::{LineEnding, encode_string};
use firmware_proto::Uid;
use serde::Serialize;

use super::batch_record;
use super::context::Context;
use super::device_history;
use super::device_measurements;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use crate::encoding::{Hex, sha256};
use crate::ledger::Reader;
use crate::ledger::event::{ComponentRecord, Fact, MeasurementRecord};
use crate::ledger::reader::{CertificateOverview, DeviceFilter, DeviceOverview};
use crate::ledger::standing::LiveStage;
use crate::names::{BatchId, CertificateSerial, DeviceSerial};
use crate::verdict::VerdictCode;

/// What can be done with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the boards that proved who they are, by serial
    #[command(after_help = "Example:\n  station device list --batch B-2026-47 --json")]
    List {
        /// Only those whose last verdict was in this batch
        #[arg(long, value_name = "BATCH")]
        batch: Option<BatchId>,
    },
    /// Show a board: its certificates by version, their status, its firmware
    #[command(after_help = "Example:\n  station device show SA-000001")]
    Show {
        /// UID or serial
        device: String,
    },
    /// Show everything that the ledger has about a board, from the opening of each of its sessions
    ///
    /// With --json, the leaves of the log themselves, byte for byte.
    #[command(after_help = "Example:\n  station device history SA-000001")]
    History {
        /// UID or serial
        device: String,
    },
    /// Print a board's live certificate (PEM)
    #[command(after_help = "Example:\n  station device certificate SA-000001 > SA-000001.pem")]
    Certificate {
        /// UID or serial
        device: String,
    },
    /// Write the live certificates of a batch's passed boards as DIR/SERIAL.pem
    #[command(
        after_help = "Example:\n  station device export-certificates --batch B-2026-47 --dir certs"
    )]
    ExportCertificates {
        /// The batch
        #[arg(long, value_name = "BATCH")]
        batch: BatchId,
        /// The folder; made where it is not there
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// Does it.
pub(crate) fn run(command: &DeviceCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let reader = Reader::snapshot(&context.home()?.ledger())?;
    match command {
        DeviceCommand::List { batch } => list(context, &reader, batch.as_ref())?,
        DeviceCommand::Show { device } => show(context, &reader, &find(&reader, device)?)?,
        DeviceCommand::History { device } => {
            device_history::show(context, &reader, &find(&reader, device)?.uid)?;
        }
        DeviceCommand::Certificate { device } => {
            certificate(context, &reader, &find(&reader, device)?)?;
        }
        DeviceCommand::ExportCertificates { batch, dir } => {
            export_certificates(context, &reader, batch, dir)?;
        }
    }
    Ok(ExitStatus::Done)
}

/// Finds a board by UID or serial; none where there is none.
pub(super) fn known(reader: &Reader, device: &str) -> Result<Option<DeviceOverview>, Failure> {
    let serial = DeviceSerial::parse(device).ok();
    let by_serial = DeviceFilter {
        device_serial: serial.clone(),
        ..DeviceFilter::default()
    };
    let upper = serde_json::Value::String(device.to_ascii_uppercase());
    let by_uid: Option<Uid> = serde_json::from_value(upper).ok();
    let found = match serial {
        Some(_) => reader.devices(&by_serial)?.pop(),
        None => None,
    };
    Ok(match (found, by_uid) {
        (None, Some(uid)) => reader.device(&uid)?,
        (found, _) => found,
    })
}

/// Finds a board by UID or serial.
pub(super) fn find(reader: &Reader, device: &str) -> Result<DeviceOverview, Failure> {
    known(reader, device)?.ok_or_else(|| {
        Failure::usage(
            format_args!("there is no board {device:?}"),
            "the ledger has none with that serial, nor one that proved that UID",
            "see station device list",
        )
    })
}

#[derive(Serialize)]
struct DeviceView {
    uid: Uid,
    serial: Option<DeviceSerial>,
    code: Option<VerdictCode>,
    batch: Option<BatchId>,
    lane: Option<String>,
    time: Option<String>,
    certificate_serial: Option<CertificateSerial>,
    certificate_status: &'static str,
}

impl From<DeviceOverview> for DeviceView {
    fn from(device: DeviceOverview) -> Self {
        let status = match device.live {
            Some((_, LiveStage::Provisioned)) => "live",
            Some((_, LiveStage::CommitSigned)) => "in-doubt",
            Some((_, LiveStage::Issued)) => "unfinished",
            None if device.withdrawn => "revoked",
            None => "none",
        };
        let verdict = device.verdict;
        Self {
            uid: device.uid,
            serial: device.device_serial,
            code: verdict.as_ref().map(|verdict| verdict.code),
            batch: verdict.as_ref().map(|verdict| verdict.batch.clone()),
            lane: verdict.as_ref().map(|verdict| verdict.lane.to_string()),
            time: verdict.as_ref().map(|verdict| verdict.time.to_string()),
            certificate_serial: device.live.map(|(serial, _)| serial),
            certificate_status: status,
        }
    }
}

fn list(context: &Context, reader: &Reader, batch: Option<&BatchId>) -> Result<(), Failure> {
    let filter = DeviceFilter {
        batch: batch.cloned(),
        ..DeviceFilter::default()
    };
    let mut devices = reader.devices(&filter)?;
    // Boards without a serial come last, by UID as before.
    devices.sort_by_key(|device| {
        let serial = device.device_serial.clone();
        (serial.is_none(), serial)
    });
    let views: Vec<DeviceView> = devices.into_iter().map(DeviceView::from).collect();
    for view in &views {
        context.output.object(view);
    }
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let cells = |view: &DeviceView| {
        vec![
            text(view.serial.as_ref().map(ToString::to_string)),
            view.uid.to_string(),
            text(view.code.map(|code| code.to_string())),
            view.certificate_status.to_owned(),
            text(view.batch.as_ref().map(ToString::to_string)),
            text(view.time.clone()),
        ]
    };
    let rows: Vec<Vec<String>> = views.iter().map(cells).collect();
    context.output.table(
        &["serial", "uid", "code", "certificate", "batch", "time"],
        &rows,
    );
    Ok(())
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    device: DeviceView,
    firmware: Vec<ComponentRecord>,
    measurements: Vec<MeasurementRecord>,
    certificates: Vec<CertificateView>,
}

#[derive(Serialize)]
struct CertificateView {
    version: usize,
    certificate_serial: CertificateSerial,
    serial: DeviceSerial,
    sha256: Hex,
    status: &'static str,
    batch: BatchId,
    issued: String,
    provisioned: Option<String>,
    revoked: Option<String>,
}

fn show(context: &Context, reader: &Reader, device: &DeviceOverview) -> Result<(), Failure> {
    let overviews = reader.certificates(&device.uid)?;
    let mut certificates = Vec::new();
    for (version, overview) in (1..).zip(&overviews) {
        certificates.push(certificate_view(reader, version, overview)?);
    }
    let shown = Shown {
        firmware: firmware(reader, &device.uid)?,
        measurements: device_measurements::last(reader, &device.uid)?,
        device: device.clone().into(),
        certificates,
    };
    let output = &context.output;
    output.object(&shown);
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let view = &shown.device;
    output.text(&format!("board {}", view.uid));
    output.text(&format!(
        "  serial       {}",
        text(view.serial.as_ref().map(ToString::to_string))
    ));
    output.text(&format!(
        "  last verdict {}",
        text(view.code.map(|code| code.to_string()))
    ));
    for one in &shown.firmware {
        output.text(&format!(
            "  firmware     {} {} {}",
            one.component, one.version, one.measurement
        ));
    }
    for one in &shown.measurements {
        let said = device_measurements::in_words(one);
        output.text(&format!("  measurement  {said}"));
    }
    for one in &shown.certificates {
        output.text(&format!(
            "  certificate  {} {} ({}, issued {})",
            one.version, one.certificate_serial, one.status, one.issued
        ));
    }
    Ok(())
}

fn certificate_view(
    reader: &Reader,
    version: usize,
    overview: &CertificateOverview,
) -> Result<CertificateView, Failure> {
    let time = |index: Option<u64>| match index {
        None => Ok(None),
        Some(index) => reader
            .entry(index)
            .map(|entry| Some(entry.leaf.time.to_string())),
    };
    let status = match (overview.revoked_at, overview.provisioned_at) {
        (Some(_), _) => "revoked",
        (None, Some(_)) => "live",
        (None, None) => "unfinished",
    };
    Ok(CertificateView {
        version,
        certificate_serial: overview.certificate_serial,
        serial: overview.device_serial.clone(),
        sha256: sha256(&certificate_der(reader, overview)?).into(),
        status,
        batch: overview.batch.clone(),
        issued: time(Some(overview.issued_at))?.unwrap_or_default(),
        provisioned: time(overview.provisioned_at)?,
        revoked: time(overview.revoked_at)?,
    })
}

/// The firmware of the last evidence that was found good, or of the last at all.
fn firmware(reader: &Reader, uid: &Uid) -> Result<Vec<ComponentRecord>, Failure> {
    let mut last = Vec::new();
    for leaf in reader.history(uid) {
        if let Fact::EvidenceAppraised { components, .. } = batch_record::event(leaf)?.1.fact
            && !components.is_empty()
        {
            last = components;
        }
    }
    Ok(last)
}

fn certificate(context: &Context, reader: &Reader, device: &DeviceOverview) -> Result<(), Failure> {
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

fn export_certificates(
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
    context
        .output
        .text(&format!("wrote {count} certificates to {}", dir.display()));
    Ok(())
}

fn certificate_der(reader: &Reader, overview: &CertificateOverview) -> Result<Vec<u8>, Failure> {
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

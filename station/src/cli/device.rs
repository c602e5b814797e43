//! `station device`: list, show, history, certificates, quarantine.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use firmware_proto::Uid;
use serde::Serialize;

use super::batch_record;
use super::context::Context;
use super::device_certificates::{certificate, certificate_der, export_certificates};
use super::device_history;
use super::device_measurements;
use super::device_quarantine::{self, QuarantineView, Turn};
use super::device_scrap;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use crate::encoding::{Hex, sha256};
use crate::ledger::Reader;
use crate::ledger::event::{ComponentRecord, Fact, MeasurementRecord};
use crate::ledger::reader::{CertificateOverview, DeviceFilter, DeviceOverview};
use crate::ledger::standing::LiveStage;
use crate::names::{BatchId, CertificateSerial, DeviceSerial};
use crate::verdict::VerdictCode;
use crate::words::RefusalReason;

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
    /// Record that a board is thrown away
    ///
    /// Only a board that was presented in the batch, while the batch is open, and only one without a live
    /// certificate. The manifest counts it as scrapped. Takes the role of a supervisor.
    #[command(
        after_help = "Example:\n  station device scrap 0123456789ABCDEF01234567 --batch B-2026-47 \\\n      \
                            --reason \"cracked\" --operator sv-3"
    )]
    Scrap {
        /// UID or serial
        device: String,
        /// The batch in which it was presented
        #[arg(long, value_name = "BATCH")]
        batch: BatchId,
        /// Why; recorded
        #[arg(long, value_name = "TEXT")]
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// Set a board aside: it gets nothing until it is released
    ///
    /// On any line of this station, in whatever batch, it is refused as QUARANTINED before anything is issued to
    /// it or goes on. What the ledger has of it stays. Takes the role of a supervisor or a security officer.
    #[command(
        after_help = "Example:\n  station device quarantine SA-000001 --reason \"lot 7, solder joints\" \\\n      \
                      --operator sv-3"
    )]
    Quarantine(device_quarantine::QuarantineArguments),
    /// Let a board go on that was set aside
    ///
    /// It is again what it was before: passed, failed, revoked, or in the middle of its way.
    #[command(
        after_help = "Example:\n  station device release SA-000001 --reason \"X-rayed, joints are good\" \\\n      \
                      --operator sv-3"
    )]
    Release(device_quarantine::QuarantineArguments),
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
        DeviceCommand::Quarantine(arguments) => {
            let uid = find(&reader, &arguments.device)?.uid;
            drop(reader);
            device_quarantine::ask(context, uid, Turn::Aside, arguments)?;
        }
        DeviceCommand::Release(arguments) => {
            let uid = find(&reader, &arguments.device)?.uid;
            drop(reader);
            device_quarantine::ask(context, uid, Turn::Back, arguments)?;
        }
        DeviceCommand::List { batch } => list(context, &reader, batch.as_ref())?,
        DeviceCommand::Show { device } => show(context, &reader, &find(&reader, device)?)?,
        DeviceCommand::History { device } => {
            device_history::show(context, &reader, &find(&reader, device)?.uid)?;
        }
        DeviceCommand::Scrap {
            device,
            batch,
            reason,
        } => device_scrap::scrap(context, reader, (device, batch, reason))?,
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
    if let Some(found) = known(reader, device)? {
        return Ok(found);
    }
    let list = "see station device list";
    let to_do = in_another_case(reader, device)?.map_or_else(
        || list.to_owned(),
        |serial| format!("did you mean {serial}? capitals and small letters differ; {list}"),
    );
    Err(Failure::usage(
        format_args!("there is no board {device:?}"),
        "the ledger has none with that serial, nor one that proved that UID",
        to_do,
    )
    .because(RefusalReason::BoardUnknown))
}

/// A serial that is all in capitals, or all in small letters, and otherwise the one that was asked for.
fn in_another_case(reader: &Reader, device: &str) -> Result<Option<DeviceSerial>, Failure> {
    for other in [device.to_ascii_uppercase(), device.to_ascii_lowercase()] {
        let serial = DeviceSerial::parse(&other).ok();
        let filter = DeviceFilter {
            device_serial: serial.clone(),
            ..DeviceFilter::default()
        };
        if serial.is_some() && !reader.devices(&filter)?.is_empty() {
            return Ok(serial);
        }
    }
    Ok(None)
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
    quarantined: bool,
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
            quarantined: device.quarantined_at.is_some(),
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
            if view.quarantined { "yes" } else { "-" }.to_owned(),
            text(view.batch.as_ref().map(ToString::to_string)),
            text(view.time.clone()),
        ]
    };
    let rows: Vec<Vec<String>> = views.iter().map(cells).collect();
    context.output.table(
        &[
            "serial",
            "uid",
            "code",
            "certificate",
            "quarantined",
            "batch",
            "time",
        ],
        &rows,
    );
    Ok(())
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    device: DeviceView,
    quarantine: Option<QuarantineView>,
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
        quarantine: device_quarantine::of(reader, device)?,
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
    if let Some(quarantine) = &shown.quarantine {
        output.text(&format!("  quarantined  {}", quarantine.in_words()));
    }
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

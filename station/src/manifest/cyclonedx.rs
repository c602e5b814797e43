//! The manifest's rows as a CycloneDX document, for tools that keep inventories: each device with its firmware
//! and its certificates. Not signed: the DSSE manifest is the proof.
//!
//! Written piece by piece: one device is in memory at a time. A document of the same statement has the same
//! bytes.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::board_row::RowTaker;
use super::statement::{BoardRow, CertificateRow, CertificateStatus, Predicate};
use crate::encoding::{Hex, sha256};
use crate::ledger::event::ComponentRecord;
use crate::verdict::Outcome;

/// The version of CycloneDX; its schema is in `fixtures/schema`.
pub const SPEC_VERSION: &str = "1.7";

/// What the names of our properties begin with.
const NAMESPACE: &str = "provisioning-station:";

/// Writes the document. The predicate's own rows are not read: `boards` hands over one after the other.
///
/// # Errors
/// What keeps `out` from being written to, or the rows from being read.
pub fn write(
    out: &mut impl Write,
    predicate: &Predicate,
    boards: impl FnOnce(&mut RowTaker<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let batch = format!("batch:{}", predicate.batch);
    write!(
        out,
        "{{\"$schema\":\"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json\",\
         \"bomFormat\":\"CycloneDX\",\"specVersion\":\"{SPEC_VERSION}\",\"serialNumber\":\"{}\",\
         \"version\":1,\n\"metadata\":{},\n\"components\":[",
        serial_number(predicate),
        metadata(predicate, &batch),
    )?;
    let mut comma = "";
    boards(&mut |board| {
        write!(out, "{comma}\n{}", device(predicate, board))?;
        comma = ",";
        Ok(())
    })?;
    // The ledger proves that no board of the batch is missing.
    let complete = json!([{ "aggregate": "complete", "assemblies": [batch] }]);
    writeln!(out, "\n],\n\"compositions\":{complete}}}")
}

/// A UUID that names this document: of version 8 (RFC 9562), since its bits are those of a SHA-256.
fn serial_number(predicate: &Predicate) -> String {
    let ledger = &predicate.ledger;
    let named = json!([
        NAMESPACE,
        ledger.origin,
        predicate.batch,
        ledger.event_head,
        predicate.signed_at,
    ]);
    let digest = sha256(named.to_string().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = Hex(bytes.to_vec()).to_string();
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    format!("urn:uuid:{}", groups.join("-"))
}

fn metadata(predicate: &Predicate, batch: &str) -> Value {
    let (counts, ledger) = (&predicate.counts, &predicate.ledger);
    let milestone = |one: &super::statement::Milestone| format!("{} by {}", one.time, one.operator);
    let properties = properties([
        ("batch", predicate.batch.to_string()),
        ("work-order", predicate.work_order.to_string()),
        (
            "work-order-sha256",
            text(predicate.work_order_file.as_ref().map(|file| &file.sha256)),
        ),
        ("station", predicate.station.to_string()),
        ("development", predicate.development.to_string()),
        ("quantity", predicate.quantity.to_string()),
        ("opened", milestone(&predicate.opened)),
        ("closed", milestone(&predicate.closed)),
        ("profile-sha256", predicate.profile.sha256.to_string()),
        (
            "issuing-certificate-sha256",
            predicate.issuing_certificate.sha256.to_string(),
        ),
        ("presented", counts.presented.to_string()),
        ("passed", counts.passed.to_string()),
        ("failed", counts.failed.to_string()),
        ("scrapped", counts.scrapped.to_string()),
        ("still-held", counts.still_held.to_string()),
        ("ledger-origin", ledger.origin.clone()),
        ("ledger-vkey", ledger.vkey.clone()),
        ("ledger-first-index", ledger.first_index.to_string()),
        ("ledger-last-index", ledger.last_index.to_string()),
        ("ledger-checkpoint", ledger.checkpoint.clone()),
    ]);
    json!({
        "timestamp": predicate.signed_at,
        "tools": { "components": [{
            "type": "application",
            "name": "provisioning station",
            "version": env!("CARGO_PKG_VERSION"),
        }] },
        "component": {
            "type": "device",
            "bom-ref": batch,
            "name": predicate.product.to_string(),
            "description": format!("Batch {} of {}", predicate.batch, predicate.product),
        },
        "properties": properties,
    })
}

fn device(predicate: &Predicate, board: &BoardRow) -> Value {
    let reference = format!("device:{}", board.uid);
    let properties = properties([
        ("uid", board.uid.to_string()),
        ("uid-proven", board.uid_proven.to_string()),
        ("serial", text(board.serial.as_ref())),
        ("verdict", outcome(board.verdict).to_owned()),
        ("code", text(board.code)),
        ("reworked", board.reworked.to_string()),
        ("held", board.held.to_string()),
        ("scrapped", text(board.scrapping().map(|one| &one.reason))),
        ("lane", board.lane.to_string()),
        ("operator", text(board.operator.as_ref())),
        ("shift", text(board.shift.as_ref())),
        ("started", board.started.to_string()),
        ("finished", text(board.finished)),
    ]);
    let firmware = board.firmware.iter().enumerate();
    let firmware = firmware.map(|(at, one)| component(&format!("{reference}/firmware/{at}"), one));
    let parts: Vec<Value> = firmware
        .chain(board.certificates.iter().map(certificate))
        .collect();
    json!({
        "type": "device",
        "bom-ref": reference,
        "name": predicate.product.to_string(),
        "description": board.serial.as_ref().map_or_else(
            || format!("Board {}", board.uid),
            |serial| format!("{} {serial}", predicate.product),
        ),
        "components": parts,
        "properties": properties,
    })
}

fn component(reference: &str, record: &ComponentRecord) -> Value {
    json!({
        "type": "firmware",
        "bom-ref": reference,
        "name": record.component,
        "version": record.version,
        "hashes": hashes(&record.measurement),
        "properties": properties([
            ("measurement", record.measurement.to_string()),
            ("signer", record.signer.to_string()),
        ]),
    })
}

fn certificate(row: &CertificateRow) -> Value {
    let mut details = json!({
        "serialNumber": row.serial.to_string(),
        "certificateFormat": "X.509",
        "certificateState": [{ "state": match row.status {
            CertificateStatus::Live => "active",
            CertificateStatus::Revoked => "revoked",
        } }],
        "creationDate": row.issued,
    });
    if let Some(at) = row.provisioned {
        details["activationDate"] = json!(at);
    }
    if let Some(at) = row.revoked {
        details["revocationDate"] = json!(at);
    }
    if let Some(reason) = row.reason {
        details["certificateState"][0]["reason"] = json!(reason);
    }
    json!({
        "type": "cryptographic-asset",
        "bom-ref": format!("certificate:{}", row.serial),
        "name": "device certificate",
        "hashes": hashes(&row.sha256),
        "cryptoProperties": { "assetType": "certificate", "certificateProperties": details },
    })
}

/// A digest under its algorithm's name; none of a length that no algorithm has.
fn hashes(digest: &Hex) -> Value {
    let algorithm = match digest.0.len() {
        32 => "SHA-256",
        48 => "SHA-384",
        64 => "SHA-512",
        _ => return json!([]),
    };
    json!([{ "alg": algorithm, "content": digest }])
}

fn text(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Properties with a value; those without are left out.
fn properties<const N: usize>(named: [(&str, String); N]) -> Value {
    let known = named.into_iter().filter(|(_, value)| !value.is_empty());
    known
        .map(|(name, value)| json!({ "name": format!("{NAMESPACE}{name}"), "value": value }))
        .collect()
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Error => "ERROR",
    }
}

//! Appraised values as the ledger keeps them.

use crate::attestation::TokenClaims;
use crate::encoding::Hex;
use crate::ledger::event::{ComponentRecord, MeasurementRecord};
use crate::profile::JudgedMeasurements;

pub(super) fn component_records(claims: &TokenClaims) -> Vec<ComponentRecord> {
    let record = |component: &crate::attestation::SoftwareComponent| ComponentRecord {
        component: component.component.clone(),
        version: component.version.clone(),
        measurement: Hex(component.measurement.clone()),
        signer: Hex(component.signer.clone()),
    };
    claims.components.iter().map(record).collect()
}

pub(super) fn measurement_records(judged: &JudgedMeasurements) -> Vec<MeasurementRecord> {
    let record = |row: &crate::profile::JudgedMeasurement| MeasurementRecord {
        name: row.name.clone(),
        value: row.value.clone(),
        unit: row.unit.to_owned(),
        low: row.low.clone(),
        high: row.high.clone(),
        code: row.code,
    };
    judged.rows.iter().map(record).collect()
}

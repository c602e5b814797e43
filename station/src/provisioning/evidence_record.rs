//! Appraised values as the ledger keeps them.

use crate::attestation::{OtherClaim, TokenClaims, diagnostic};
use crate::encoding::{Base64Bytes, Hex};
use crate::ledger::event::{ClaimsRecord, ComponentRecord, MeasurementRecord, RandomSourceRecord};
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

pub(super) fn claims_record(claims: &TokenClaims) -> ClaimsRecord {
    let description = |one: &crate::attestation::SoftwareComponent| one.description.clone();
    let other = |one: &OtherClaim| (one.label.to_string(), diagnostic(&one.value));
    ClaimsRecord {
        profile: claims.profile.clone(),
        nonce: Hex(claims.nonce.clone()),
        client_id: claims.client_id,
        certification_reference: claims.certification_reference.clone(),
        verification_service: claims.verification_service.clone(),
        descriptions: claims
            .components
            .iter()
            .map(|one| description(one).unwrap_or_default())
            .collect(),
        other: claims.other.iter().map(other).collect(),
    }
}

pub(super) fn measurement_records(judged: &JudgedMeasurements) -> Vec<MeasurementRecord> {
    let record = |row: &crate::profile::JudgedMeasurement| MeasurementRecord {
        name: row.name.clone(),
        value: row.value.clone(),
        unit: row.unit.to_owned(),
        low: row.low.clone(),
        high: row.high.clone(),
        code: row.code,
        limits: row.limits.clone(),
        readings: row.readings.clone(),
        deviation: row.deviation.clone(),
        marginal: row.marginal,
    };
    judged.rows.iter().map(record).collect()
}

pub(super) fn random_source_record(judged: &JudgedMeasurements) -> Option<RandomSourceRecord> {
    let source = judged.random_source.as_ref()?;
    Some(RandomSourceRecord {
        samples: Base64Bytes(source.samples.clone()),
        longest_run: source.health.longest_run,
        repetition_cutoff: source.health.repetition_cutoff,
        highest_count: source.health.highest_count,
        proportion_cutoff: source.health.proportion_cutoff,
        code: source.code,
    })
}

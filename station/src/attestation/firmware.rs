//! The software components of a token against the profile's.

use super::Rejection;
use super::psa_token::SoftwareComponent;
use crate::encoding::Hex;
use crate::profile::ComponentRule;
use crate::verdict::VerdictCode;

/// Judges the components.
///
/// 1. Each component of the profile is there once, and no other one, else `FW-COMPONENT`.
/// 2. Each has an allowed version, else `FW-VERSION`.
/// 3. Each has the measurement of that version and the profile's signer, else `FW-MEASUREMENT`.
pub(super) fn judge_components(
    rules: &[ComponentRule],
    components: &[SoftwareComponent],
) -> Result<(), Rejection> {
    for component in components {
        let known = rules.iter().any(|rule| is_of(rule, component));
        if !known {
            let detail = format!(
                "expected no component {}, got one",
                name(&component.component)
            );
            return Err(Rejection::new(VerdictCode::FwComponent, detail));
        }
    }
    let pairs = rules
        .iter()
        .map(|rule| only_component(rule, components).map(|component| (rule, component)))
        .collect::<Result<Vec<_>, _>>()?;
    for (rule, component) in &pairs {
        if !rule
            .versions
            .iter()
            .any(|allowed| allowed.version == component.version)
        {
            return Err(Rejection::new(
                VerdictCode::FwVersion,
                version_detail(rule, component),
            ));
        }
    }
    pairs
        .iter()
        .try_for_each(|(rule, component)| judge_image(rule, component))
}

fn is_of(rule: &ComponentRule, component: &SoftwareComponent) -> bool {
    component.component == rule.component
}

fn only_component<'c>(
    rule: &ComponentRule,
    components: &'c [SoftwareComponent],
) -> Result<&'c SoftwareComponent, Rejection> {
    let mut found = components.iter().filter(|component| is_of(rule, component));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (first, _) => {
            let got = if first.is_none() { "none" } else { "several" };
            let detail = format!("expected one component {}, got {got}", rule.component);
            Err(Rejection::new(VerdictCode::FwComponent, detail))
        }
    }
}

fn version_detail(rule: &ComponentRule, component: &SoftwareComponent) -> String {
    let allowed: Vec<_> = rule
        .versions
        .iter()
        .map(|allowed| allowed.version.as_str())
        .collect();
    format!(
        "{}: got version {}, allowed {}",
        rule.component,
        name(&component.version),
        allowed.join(", "),
    )
}

fn judge_image(rule: &ComponentRule, component: &SoftwareComponent) -> Result<(), Rejection> {
    let allowed = rule
        .versions
        .iter()
        .find(|allowed| allowed.version == component.version);
    let expected = allowed.map(|allowed| allowed.measurement.as_bytes().as_slice());
    let (what, expected, got) = if expected != Some(component.measurement.as_slice()) {
        (
            "image",
            expected.unwrap_or_default(),
            &component.measurement,
        )
    } else if component.signer != rule.signer.as_bytes() {
        (
            "signer",
            rule.signer.as_bytes().as_slice(),
            &component.signer,
        )
    } else {
        return Ok(());
    };
    let short = |bytes: &[u8]| Hex(bytes.get(..8).unwrap_or_default().to_vec());
    let detail = format!(
        "{} {}: got {what} {}…, expected {}…",
        rule.component,
        component.version,
        short(got),
        short(expected),
    );
    Err(Rejection::new(VerdictCode::FwMeasurement, detail))
}

fn name(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

//! The software components of a token against the profile's.

use super::Rejection;
use super::psa_token::SoftwareComponent;
use crate::profile::{ComponentRule, FirmwareFault};
use crate::verdict::VerdictCode;

/// Judges the components.
///
/// 1. Each component of the profile is there once, and no other one, else `FW-COMPONENT`.
/// 2. Each has an allowed version that is pinned and not known to be bad, else `FW-VERSION`.
/// 3. Each has the measurement of that version and the profile's signer, else `FW-MEASUREMENT`.
/// 4. Each has at least the profile's security counter, else `FW-ROLLBACK`. A token has no counter;
///    the one that is pinned with the measurement counts.
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
    let mut releases = Vec::new();
    for (rule, component) in pairs {
        let release = rule.allowed_release(&component.version);
        let release = release.map_err(|fault| {
            Rejection::new(code(&fault), format!("{}: {fault}", rule.component))
        })?;
        releases.push((rule, component, release));
    }
    let of_image = |component: &SoftwareComponent, fault: FirmwareFault| {
        let (name, version) = (&component.component, &component.version);
        Rejection::new(code(&fault), format!("{name} {version}: {fault}"))
    };
    for (rule, component, release) in &releases {
        rule.check_image(release, &component.measurement, &component.signer)
            .map_err(|fault| of_image(component, fault))?;
    }
    releases.iter().try_for_each(|(rule, component, release)| {
        rule.check_counter(release)
            .map_err(|fault| of_image(component, fault))
    })
}

const fn code(fault: &FirmwareFault) -> VerdictCode {
    match fault {
        FirmwareFault::KnownBad { .. } | FirmwareFault::Version { .. } => VerdictCode::FwVersion,
        FirmwareFault::Measurement { .. } | FirmwareFault::Signer { .. } => {
            VerdictCode::FwMeasurement
        }
        FirmwareFault::RolledBack { .. } => VerdictCode::FwRollback,
    }
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

fn name(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

#[cfg(test)]
mod tests;

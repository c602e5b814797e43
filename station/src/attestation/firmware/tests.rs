//! Components in, the profile's word on them out.

use super::*;
use crate::encoding::sha256;
use crate::profile::Profile;

fn rules() -> Vec<ComponentRule> {
    let text = include_str!("../../../../fixtures/profiles/sensor-a.toml");
    Profile::parse("sensor-a.toml", text)
        .unwrap_or_else(|faults| panic!("{faults}"))
        .firmware
}

/// A component as a genuine board of the simulator reports it.
fn genuine(name: &str, version: &str) -> SoftwareComponent {
    let image = format!("{name} {version} image");
    SoftwareComponent {
        component: name.to_owned(),
        version: version.to_owned(),
        measurement: sha256(image.as_bytes()).as_bytes().to_vec(),
        signer: sha256(b"vendor firmware signing key").as_bytes().to_vec(),
        description: None,
    }
}

#[track_caller]
fn check(components: &[SoftwareComponent], code: VerdictCode, detail: &str) {
    let rejection = judge_components(&rules(), components).unwrap_err();
    assert_eq!((rejection.code, rejection.detail.as_str()), (code, detail));
}

#[test]
fn every_component_is_there_once_and_no_other() {
    let (bl, app) = (genuine("BL", "1.2.0"), genuine("APP", "2.5.1"));
    assert!(judge_components(&rules(), &[app.clone(), bl.clone()]).is_ok());
    let code = VerdictCode::FwComponent;
    check(
        std::slice::from_ref(&bl),
        code,
        "expected one component APP, got none",
    );
    check(&[], code, "expected one component BL, got none");
    let doubled = [bl.clone(), app.clone(), app.clone()];
    check(&doubled, code, "expected one component APP, got several");
    let more = [bl, app, genuine("MODEM", "1.0.0")];
    check(&more, code, "expected no component MODEM, got one");
}

#[track_caller]
fn check_app(app: SoftwareComponent, code: VerdictCode, detail: &str) {
    check(&[genuine("BL", "1.2.0"), app], code, detail);
}

#[test]
fn says_what_is_wrong_with_a_version() {
    let code = VerdictCode::FwVersion;
    let of = |version: &str| genuine("APP", version);
    check_app(of("2.4.0"), code, "APP: got version 2.4.0, allowed 2.5.1");
    check_app(of(""), code, "APP: got version (none), allowed 2.5.1");
    check_app(of("2.6.0"), code, "APP: got version 2.6.0, allowed 2.5.1");
    // Within the range, and nobody has said what it looks like.
    check_app(
        of("2.5.9"),
        code,
        "APP: got version 2.5.9, not pinned, allowed 2.5.1",
    );
    check_app(of("2.05.1"), code, "APP: got version 2.05.1, allowed 2.5.1");
    check_app(
        of("2.4.1"),
        code,
        "APP: version 2.4.1 is known to be bad: forgets its calibration after a brown-out",
    );
}

#[test]
fn a_bad_version_without_a_build_number_means_every_build() {
    let components = |app: &str| [genuine("BL", "1.2.0"), genuine("APP", app)];
    let judged = |bad: &str, app: &str| {
        let mut rules = rules();
        for rule in rules.iter_mut().filter(|rule| rule.component == "APP") {
            // The build is pinned and in no range's way: its bad name alone is against it.
            rule.allowed = None;
            rule.versions[0].version = app.to_owned();
            rule.versions[0].measurement = sha256(format!("APP {app} image").as_bytes());
            rule.versions[0].security_counter = rule.minimum_security_counter;
            rule.known_bad[0].version = bad.to_owned();
        }
        judge_components(&rules, &components(app)).map_err(|rejection| rejection.code)
    };
    let bad = Err(VerdictCode::FwVersion);
    assert_eq!(judged("2.6.1", "2.6.1+3"), bad);
    assert_eq!(judged("2.6.1+3", "2.6.1+3"), bad);
    assert_eq!(judged("2.6.1+4", "2.6.1+3"), Ok(()));
    assert_eq!(judged("2.6.1+3", "2.6.1"), Ok(()));
    assert_eq!(judged("2.6.2", "2.6.1+3"), Ok(()));
}

#[test]
fn a_release_that_was_left_behind_is_named_only_where_its_image_is_genuine() {
    let mut app = genuine("APP", "2.5.0");
    let detail = "APP 2.5.0: got security counter 6, at least 7 is required";
    check_app(app.clone(), VerdictCode::FwRollback, detail);
    app.measurement = genuine("APP", "2.5.1").measurement;
    let detail = "APP 2.5.0: got image 4f7a117d72956a1b…, expected ";
    let rejection = judge_components(&rules(), &[genuine("BL", "1.2.0"), app]).unwrap_err();
    assert_eq!(rejection.code, VerdictCode::FwMeasurement);
    assert!(rejection.detail.starts_with(detail), "{}", rejection.detail);
}

#[test]
fn the_signer_is_the_profile_s() {
    let mut app = genuine("APP", "2.5.1");
    app.signer = vec![1; 32];
    let detail = "APP 2.5.1: got signer 0101010101010101…, expected c126e95f9a40577b…";
    check_app(app, VerdictCode::FwMeasurement, detail);
}

//! A station for real products, from nothing to a passed board: the product owner and the station each
//! have a token, the root is elsewhere, and no key is where it does not belong.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::outside_root::{ISSUING, MANIFEST_SIGNER, OutsideRoot};
use acceptance::prepared_station::{PRODUCT, PreparedStation, SUPERVISOR};
use acceptance::production_station::{ProductOwner, STATION, complete, init};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::soft_token::SoftToken;
use acceptance::station_process::run;

const BATCH: &str = "REAL-1";

#[test]
fn a_station_for_real_products_needs_no_key_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let token = SoftToken::create(&at("station-hsm"), "station");
    let station = PreparedStation::on(folder.path(), token);
    let pki = station.home().join("pki");

    // The product owner makes a key; doing it again keeps it.
    let owner = ProductOwner::create(folder.path(), "owner");
    run(owner.command(["owner", "key"]).arg("-o").arg(owner.key())).ok();
    run(&mut init(&station, &owner.key())).ok();

    // The root and the product owner sign what the station asks for, and nothing else.
    let root = OutsideRoot::create(folder.path());
    let issuing = root.sign(&pki.join("issuing.csr.pem"), "issuing", ISSUING);
    let manifest = root.sign(&pki.join("manifest.csr.pem"), "manifest", MANIFEST_SIGNER);
    let request = pki.join("authority.csr.pem");
    let credential = at("credential.cose");
    owner
        .sign_credential(&request, "line-4", PRODUCT, &credential)
        .code(1);
    owner
        .sign_credential(&request, STATION, "SENSOR-B", &credential)
        .code(1);
    owner
        .sign_credential(
            &pki.join("authority.pub.pem"),
            STATION,
            PRODUCT,
            &credential,
        )
        .code(1);
    // A request for another key of the same names is refused where it counts: by the station.
    let other = at("other.cose");
    owner
        .sign_credential(&pki.join("manifest.csr.pem"), STATION, PRODUCT, &other)
        .ok();
    assert!(!credential.exists());
    owner
        .sign_credential(&request, STATION, PRODUCT, &credential)
        .ok();

    let complete = |credential: &Path| {
        let certificates = [issuing.as_path(), manifest.as_path()];
        run(&mut complete(&station, &root, certificates, credential))
    };
    let refused = complete(&other).code(2);
    assert!(refused.stderr.contains("another key"), "{}", refused.stderr);
    complete(&credential).ok();
    let report = station.run(["doctor", "--json"]).ok();
    assert!(report.stdout.contains("epoch 3"), "{}", report.stdout);
    assert!(
        !report.stdout.contains("development home"),
        "{}",
        report.stdout
    );

    // One board, from plug to a manifest that does not say "development".
    let profile = owner.sample_profile();
    run(&mut station.opening_with(BATCH, 1, &profile)).ok();
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 91);
    let line = SimulatedLine::start(&at("lanes"), &plan);
    station.provision(BATCH, &line.ports()).finish().ok();
    let _ = line.finish();
    let results = station.results(BATCH);
    assert_eq!(results[0]["code"], "PASS", "{results:?}");
    run(station
        .command(["batch", "close", BATCH])
        .args(["--operator", SUPERVISOR]))
    .ok();
    let file = at("manifest.json");
    run(station
        .command(["manifest", "export", BATCH, "--operator", SUPERVISOR, "-o"])
        .arg(&file))
    .ok();
    let mut verify = station.command(["manifest", "verify", "--json", "--trust"]);
    let verified = run(verify.arg(root.certificate()).arg(&file)).ok();
    assert_eq!(verified.json_lines()[0]["development"], false);
}

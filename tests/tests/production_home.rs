//! A station for real products, from nothing to a passed board: the product owner and the station each
//! have a token, the root is elsewhere, and no key is where it does not belong.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::outside_root::{ISSUING, MANIFEST_SIGNER, OutsideRoot};
use acceptance::prepared_station::{PRODUCT, PreparedStation, SUPERVISOR};
use acceptance::production_station::{ProductOwner, STATION, complete, init};
use acceptance::repository;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::soft_token::SoftToken;
use acceptance::station_process::run;

const BATCH: &str = "REAL-1";

/// What the page has the root put into both certificates is what the stations of these tests have in theirs.
#[test]
fn the_page_shows_the_extensions_that_a_station_takes() {
    let page = repository::root().join("docs/configuration.md");
    let page = std::fs::read_to_string(page).expect("a page");
    for (file, own) in [("issuing.ext", ISSUING), ("manifest.ext", MANIFEST_SIGNER)] {
        let begin = format!("cat >{file} <<'EOF'");
        let lines = page
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != begin);
        let shown: Vec<_> = lines.skip(1).take_while(|line| *line != "EOF").collect();
        let identifiers = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"];
        let expected: Vec<_> = identifiers.into_iter().chain(own.lines()).collect();
        assert_eq!(shown, expected, "{file}");
    }
}

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
    // What was not brought over is told as that; nothing is wrong with the owner's disk.
    let elsewhere = at("authority.csr.pem");
    let refused = owner.sign_credential(&elsewhere, STATION, PRODUCT, &credential);
    refused.told(2, &format!("cannot read {}", elsewhere.display()));
    refused.told(2, "there is no such file");
    refused.told(2, "bring the pki/authority.csr.pem of the station over");
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
    let lost = complete(&at("lost.cose"));
    lost.told(2, "lost.cose");
    lost.told(2, "there is no such file");
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

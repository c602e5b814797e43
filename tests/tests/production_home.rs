//! A station for real products, from nothing to a passed board: the product owner and the station each
//! have a token, the root is elsewhere, and no key is where it does not belong.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;

use acceptance::outside_root::{ISSUING, MANIFEST_SIGNER, OutsideRoot};
use acceptance::prepared_station::{OPERATOR, PRODUCT, PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::soft_token::{self, SoftToken};
use acceptance::station_process::{programs, run};

const BATCH: &str = "REAL-1";
const STATION: &str = "line-3";

/// A command of the product owner: their own token, no station home.
fn owner(token: &SoftToken, verb: &str) -> Command {
    let mut command = Command::new(&programs().station);
    command.env("SOFTHSM2_CONF", token.configuration());
    command.env_remove("STATION_HOME").args(["owner", verb]);
    command.args(["--token", token.label(), "--module"]);
    command.arg(soft_token::module());
    command.arg("--pin-file").arg(token.pin_file());
    command
}

fn init(station: &PreparedStation, owner_key: &Path) -> Command {
    let mut command = station.command(["init", "--external-root", "--station", STATION]);
    command.args(["--product", PRODUCT, "--organization", "Example Ltd"]);
    command.args(["--add-operator", &format!("{OPERATOR}=operator")]);
    command.args(["--add-operator", &format!("{SUPERVISOR}=supervisor")]);
    command.arg("--owner-key").arg(owner_key);
    command.arg("--module").arg(soft_token::module());
    command.args(["--token", station.token().label()]);
    command.arg("--pin-file").arg(station.token().pin_file());
    command
}

#[test]
fn a_station_for_real_products_needs_no_key_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let owner_token = SoftToken::create(&at("owner-hsm"), "owner");
    let token = SoftToken::create(&at("station-hsm"), "station");
    let station = PreparedStation::on(folder.path(), token);
    let pki = station.home().join("pki");

    // The product owner makes a key; doing it again keeps it.
    for _ in 0..2 {
        run(owner(&owner_token, "key")
            .arg("-o")
            .arg(at("owner.pub.pem")))
        .ok();
    }
    run(&mut init(&station, &at("owner.pub.pem"))).ok();

    // The root and the product owner sign what the station asks for, and nothing else.
    let root = OutsideRoot::create(folder.path());
    let issuing = root.sign(&pki.join("issuing.csr.pem"), "issuing", ISSUING);
    let manifest = root.sign(&pki.join("manifest.csr.pem"), "manifest", MANIFEST_SIGNER);
    let sign = |request: &Path, name: &str, product: &str, out: &Path| {
        let mut command = owner(&owner_token, "credential");
        command.arg(request).args(["--station", name]);
        command.args(["--product", product, "--epoch", "3", "-o"]);
        run(command.arg(out))
    };
    let request = pki.join("authority.csr.pem");
    let credential = at("credential.cose");
    sign(&request, "line-4", PRODUCT, &credential).code(1);
    sign(&request, STATION, "SENSOR-B", &credential).code(1);
    sign(
        &pki.join("authority.pub.pem"),
        STATION,
        PRODUCT,
        &credential,
    )
    .code(1);
    // A request for another key of the same names is refused where it counts: by the station.
    let other = at("other.cose");
    sign(&pki.join("manifest.csr.pem"), STATION, PRODUCT, &other).ok();
    assert!(!credential.exists());
    sign(&request, STATION, PRODUCT, &credential).ok();

    let complete = |credential: &Path| {
        let mut command = station.command(["init", "--complete"]);
        command.arg("--root").arg(root.certificate());
        command.arg("--issuing-cert").arg(&issuing);
        command.arg("--manifest-cert").arg(&manifest);
        run(command.arg("--credential").arg(credential))
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
    station.open_batch(BATCH, 1);
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

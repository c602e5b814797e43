//! The `station.toml` that `station init` writes, with a comment on each key.

use super::config::Config;
use crate::hsm::{PinSource, role_name};

/// The text of a configuration, which reads back as the same.
#[must_use]
pub fn config_text(config: &Config) -> String {
    let hsm = &config.hsm;
    let mut text = format!(
        "# A provisioning station. docs/configuration.md describes every key.\n\
         schema = 1\n\n\
         # As it stands in the station credential, the certificates and the ledger's origin.\n\
         name = {name}\n\
         # true: all keys are in one token, and every manifest says so. Never for real products.\n\
         development = {development}\n\n\
         [hsm]\n\
         # The PKCS#11 module of the HSM's vendor.\n\
         module = {module}\n\
         # RFC 7512; a PIN never stands in a URI.\n\
         token = {token}\n\
         # Sessions that sign at the same time, 1 to 16.\n\
         workers = {workers}\n\
         # A request that takes longer is given up, in milliseconds.\n\
         request_timeout_ms = {timeout}\n\n\
         [hsm.pin]\n\
         # One of: file = \"...\", environment = \"...\", systemd_credential = \"...\", prompt = true.\n\
         {pin}\n\n\
         [hsm.keys]\n\
         # One key per role.\n",
        name = quoted(config.name.as_str()),
        development = config.development,
        module = quoted(&hsm.module.to_string_lossy()),
        token = quoted(&hsm.token.to_string()),
        workers = hsm.workers.get(),
        timeout = hsm.request_timeout_ms,
        pin = pin_line(&hsm.pin),
    );
    for (role, uri) in hsm.keys.roles() {
        text.push_str(&format!(
            "{} = {}\n",
            role_name(role),
            quoted(&uri.to_string())
        ));
    }
    text.push_str(
        "\n[ledger]\n\
         # A file on another disk that gets every checkpoint before it counts as durable.\n",
    );
    match &config.ledger.checkpoint_mirror {
        Some(path) => {
            text.push_str(&format!(
                "checkpoint_mirror = {}\n",
                quoted(&path.to_string_lossy())
            ));
        }
        None => text.push_str("# checkpoint_mirror = \"/mnt/mirror/station.checkpoint\"\n"),
    }
    text.push_str("\n# Who may do what: operator, supervisor, security-officer, auditor.\n");
    for operator in &config.operators {
        let (id, role) = (quoted(operator.id.as_str()), quoted(operator.role.as_str()));
        text.push_str(&format!("[[operator]]\nid = {id}\nrole = {role}\n\n"));
    }
    text.push_str("# The working positions: one serial port each.\n");
    for lane in &config.lanes {
        let (name, port) = (
            quoted(lane.name.as_str()),
            quoted(&lane.port.to_string_lossy()),
        );
        let baud = lane.baud;
        text.push_str(&format!(
            "[[lane]]\nname = {name}\nport = {port}\nbaud = {baud}\n\n"
        ));
    }
    if config.lanes.is_empty() {
        text.push_str(
            "# [[lane]]\n# name = \"lane0\"\n# port = \"/dev/ttyUSB0\"\n# baud = 115200\n",
        );
    }
    text
}

fn pin_line(pin: &PinSource) -> String {
    match pin {
        PinSource::File(path) => format!("file = {}", quoted(&path.to_string_lossy())),
        PinSource::Environment(name) => format!("environment = {}", quoted(name)),
        PinSource::SystemdCredential(name) => format!("systemd_credential = {}", quoted(name)),
        PinSource::Prompt => "prompt = true".to_owned(),
    }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

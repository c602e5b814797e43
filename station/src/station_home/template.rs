//! The `station.toml` that `station init` writes, with a comment on each key.

use std::fmt::{self, Display, Write};

use super::config::{Config, HsmConfig, OperatorConfig};
use super::ledger_config::{LedgerConfig, WitnessConfig};
use super::printer_config::{LabelLanguage, LabelPrinterConfig, LabelPrinterKind};
use crate::hsm::{PinSource, role_name};

/// The text of a configuration, which reads back as the same.
#[must_use]
pub fn config_text(config: &Config) -> String {
    let mut text = String::new();
    // A string takes whatever is written into it.
    let _written = write_all(&mut text, config);
    text
}

fn write_all(out: &mut String, config: &Config) -> fmt::Result {
    writeln!(
        out,
        "# A provisioning station. docs/configuration.md describes every key.\n\
         schema = 1\n\n\
         # As it stands in the station credential, the certificates and the ledger's origin.\n\
         name = {name}\n\
         # true: all keys are in one token, and every manifest says so. Never for real products.\n\
         development = {development}\n",
        name = quoted(&config.name),
        development = config.development,
    )?;
    write_hsm(out, &config.hsm)?;
    write_ledger(out, &config.ledger)?;
    writeln!(
        out,
        "[terminal]\n\
         # The language in which the operator's screen begins: en, zh, es or de.\n\
         language = {}\n",
        quoted(config.terminal.language.code())
    )?;
    writeln!(
        out,
        "# Who may do what: operator, supervisor, security-officer, auditor."
    )?;
    for OperatorConfig { id, role } in &config.operators {
        writeln!(
            out,
            "[[operator]]\nid = {}\nrole = {}\n",
            quoted(id),
            quoted(role)
        )?;
    }
    writeln!(out, "# The working positions: one serial port each.")?;
    for lane in &config.lanes {
        let (name, port, baud) = (quoted(&lane.name), quoted(lane.port.display()), lane.baud);
        writeln!(out, "[[lane]]\nname = {name}\nport = {port}\nbaud = {baud}")?;
        if let Some(adapter) = &lane.adapter {
            writeln!(out, "adapter = {}", quoted(adapter))?;
        }
        writeln!(out)?;
    }
    if config.lanes.is_empty() {
        let sample = "# [[lane]]\n# name = \"lane0\"\n# port = \"/dev/ttyUSB0\"\n# baud = 115200";
        writeln!(out, "{sample}")?;
    }
    let idle = config.sign_in.idle_seconds;
    let idle = match idle % 60 {
        0 => format!("idle_minutes = {}", idle / 60),
        _ => format!("idle_seconds = {idle}"),
    };
    let why = "# Whoever does nothing for so long is signed out at the screen.";
    writeln!(out, "\n[sign_in]\n{why}\n{idle}")?;
    match &config.label_printer {
        Some(printer) => write_printer(out, printer),
        None => writeln!(
            out,
            "\n# Where the labels of boards that pass are printed: spool, tcp or device.\n\
             # [label_printer]\n# tcp = \"192.168.1.60:9100\""
        ),
    }
}

fn write_printer(out: &mut String, printer: &LabelPrinterConfig) -> fmt::Result {
    let (key, place) = match &printer.kind {
        LabelPrinterKind::Spool(path) => ("spool", path.display().to_string()),
        LabelPrinterKind::Tcp(address) => ("tcp", address.clone()),
        LabelPrinterKind::Device(path) => ("device", path.display().to_string()),
    };
    let language = match printer.language {
        LabelLanguage::Zpl => "zpl",
        LabelLanguage::Text => "text",
    };
    writeln!(
        out,
        "\n[label_printer]\n{key} = {}\nlanguage = \"{language}\"\ntimeout_ms = {}",
        quoted(place),
        printer.timeout_ms
    )
}

fn write_ledger(out: &mut String, ledger: &LedgerConfig) -> fmt::Result {
    writeln!(
        out,
        "[ledger]\n\
         # A file on another disk that gets every checkpoint before it counts as durable."
    )?;
    match &ledger.checkpoint_mirror {
        Some(path) => writeln!(out, "checkpoint_mirror = {}", quoted(path.display()))?,
        None => writeln!(
            out,
            "# checkpoint_mirror = \"/mnt/mirror/station.checkpoint\""
        )?,
    }
    writeln!(
        out,
        "# While a line runs, a checkpoint is made every so many seconds, 1 to 86400."
    )?;
    match ledger.checkpoint_interval_s {
        Some(seconds) => writeln!(out, "checkpoint_interval_s = {seconds}\n")?,
        None => writeln!(out, "# checkpoint_interval_s = 300\n")?,
    }
    writeln!(
        out,
        "# Who watches the log from elsewhere: C2SP witnesses, and how many must have cosigned."
    )?;
    if let Some(quorum) = ledger.witness_quorum {
        writeln!(out, "witness_quorum = {quorum}")?;
    }
    for WitnessConfig { name, vkey } in &ledger.witnesses {
        let (name, vkey) = (quoted(name), quoted(vkey));
        writeln!(out, "[[ledger.witness]]\nname = {name}\nvkey = {vkey}")?;
    }
    if ledger.witnesses.is_empty() {
        let sample = "# witness_quorum = 1\n# [[ledger.witness]]\n# name = \"auditor\"\n\
                      # vkey = \"witness.example+1e8d55cf+B...\"";
        writeln!(out, "{sample}")?;
    }
    writeln!(out)
}

fn write_hsm(out: &mut String, hsm: &HsmConfig) -> fmt::Result {
    writeln!(
        out,
        "[hsm]\n\
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
         # One key per role.",
        module = quoted(hsm.module.display()),
        token = quoted(&hsm.token),
        workers = hsm.workers.get(),
        timeout = hsm.request_timeout_ms,
        pin = pin_line(&hsm.pin),
    )?;
    for (role, uri) in hsm.keys.roles() {
        writeln!(out, "{} = {}", role_name(role), quoted(uri))?;
    }
    writeln!(out)
}

fn pin_line(pin: &PinSource) -> String {
    match pin {
        PinSource::File(path) => format!("file = {}", quoted(path.display())),
        PinSource::Environment(name) => format!("environment = {}", quoted(name)),
        PinSource::SystemdCredential(name) => format!("systemd_credential = {}", quoted(name)),
        PinSource::Prompt => "prompt = true".to_owned(),
    }
}

/// A TOML basic string.
fn quoted(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

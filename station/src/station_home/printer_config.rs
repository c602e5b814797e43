//! `[label_printer]` and `[sign_in]` of `station.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::config::Reader;
use super::config_fault::ConfigFault;

/// How long each step of a printer may take, in milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
const TIMEOUT_MS_DEFAULT: u64 = 5_000;
/// After how many minutes somebody who does nothing is signed out.
const IDLE_MINUTES: std::ops::RangeInclusive<u64> = 1..=480;
const IDLE_MINUTES_DEFAULT: u64 = 15;

/// `[label_printer]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelPrinterConfig {
    /// Where labels go.
    pub kind: LabelPrinterKind,
    /// What the printer understands.
    pub language: LabelLanguage,
    /// How long each of its steps may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Where labels go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelPrinterKind {
    /// Into a folder, a file each, for something else to print.
    Spool(PathBuf),
    /// To a printer's raw TCP port: `host:port`.
    Tcp(String),
    /// To a device file.
    Device(PathBuf),
}

/// What a printer understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelLanguage {
    /// ZPL II.
    #[default]
    Zpl,
    /// Plain text.
    Text,
}

/// `[sign_in]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInConfig {
    /// After how many minutes somebody who does nothing is signed out.
    pub idle_minutes: u64,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            idle_minutes: IDLE_MINUTES_DEFAULT,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLabelPrinter {
    spool: Option<PathBuf>,
    tcp: Option<String>,
    device: Option<PathBuf>,
    #[serde(default)]
    language: LabelLanguage,
    timeout_ms: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSignIn {
    idle_minutes: Spanned<u64>,
}

pub(super) fn label_printer(
    at: &Reader<'_>,
    raw: Spanned<RawLabelPrinter>,
) -> Result<LabelPrinterConfig, ConfigFault> {
    let place = raw.span();
    let raw = raw.into_inner();
    let one = "name exactly one of spool = \"FOLDER\", tcp = \"HOST:PORT\", device = \"FILE\"";
    let kind = match (raw.spool, raw.tcp, raw.device) {
        (Some(path), None, None) => LabelPrinterKind::Spool(path),
        (None, Some(address), None) => LabelPrinterKind::Tcp(address),
        (None, None, Some(path)) => LabelPrinterKind::Device(path),
        (None, None, None) => return Err(at.fault(&place, "no printer is named", one)),
        _ => return Err(at.fault(&place, "more than one printer is named", one)),
    };
    if let LabelPrinterKind::Tcp(address) = &kind {
        let port = address
            .rsplit_once(':')
            .map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(1..))) {
            let hint = "write it as HOST:PORT, for example \"192.168.1.60:9100\"";
            return Err(at.fault(&place, format!("{address:?} names no port"), hint));
        }
    }
    let timeout_ms = match raw.timeout_ms {
        None => TIMEOUT_MS_DEFAULT,
        Some(timeout) if TIMEOUT_MS.contains(timeout.get_ref()) => timeout.into_inner(),
        Some(timeout) => {
            let problem = "timeout_ms is out of range";
            return Err(at.fault(&timeout.span(), problem, "use 100 to 60000"));
        }
    };
    Ok(LabelPrinterConfig {
        kind,
        language: raw.language,
        timeout_ms,
    })
}

pub(super) fn sign_in(
    at: &Reader<'_>,
    raw: Option<RawSignIn>,
) -> Result<SignInConfig, ConfigFault> {
    let Some(RawSignIn { idle_minutes }) = raw else {
        return Ok(SignInConfig::default());
    };
    if !IDLE_MINUTES.contains(idle_minutes.get_ref()) {
        let problem = "idle_minutes is out of range";
        return Err(at.fault(&idle_minutes.span(), problem, "use 1 to 480"));
    }
    Ok(SignInConfig {
        idle_minutes: idle_minutes.into_inner(),
    })
}

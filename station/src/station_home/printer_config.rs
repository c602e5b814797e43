//! `[label_printer]` and `[sign_in]` of `station.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::config::Reader;
use super::config_fault::ConfigFault;

/// How long each step of a printer may take, in milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
const TIMEOUT_MS_DEFAULT: u64 = 5_000;
/// After how long somebody who does nothing is signed out.
const IDLE_MINUTES: std::ops::RangeInclusive<u64> = 1..=480;
const IDLE_SECONDS: std::ops::RangeInclusive<u64> = 5..=28_800;
const IDLE_SECONDS_DEFAULT: u64 = 15 * 60;

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
    /// After how many seconds somebody who does nothing is signed out.
    pub idle_seconds: u64,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            idle_seconds: IDLE_SECONDS_DEFAULT,
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
    idle_minutes: Option<Spanned<u64>>,
    idle_seconds: Option<Spanned<u64>>,
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
    raw: Option<Spanned<RawSignIn>>,
) -> Result<SignInConfig, ConfigFault> {
    let Some(raw) = raw else {
        return Ok(SignInConfig::default());
    };
    let place = raw.span();
    let raw = raw.into_inner();
    let (given, range, unit, problem, hint) = match (raw.idle_minutes, raw.idle_seconds) {
        (Some(given), None) => {
            let problem = "idle_minutes is out of range";
            (given, IDLE_MINUTES, 60, problem, "use 1 to 480")
        }
        (None, Some(given)) => {
            let problem = "idle_seconds is out of range";
            (given, IDLE_SECONDS, 1, problem, "use 5 to 28800")
        }
        _ => {
            let problem = "it does not say once how long";
            let hint = "give idle_minutes, or idle_seconds in its place";
            return Err(at.fault(&place, problem, hint));
        }
    };
    if !range.contains(given.get_ref()) {
        return Err(at.fault(&given.span(), problem, hint));
    }
    Ok(SignInConfig {
        idle_seconds: given.into_inner() * unit,
    })
}

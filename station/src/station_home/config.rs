//! `station.toml`, strict: an unknown key, a doubled name or a value out of range is refused with its line.
//! Described key by key in `docs/configuration.md`.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::config_fault::ConfigFault;
use super::ledger_config::{LedgerConfig, RawLedger};
use super::printer_config::{self, LabelPrinterConfig, RawLabelPrinter, RawSignIn, SignInConfig};
use super::shift_config;
use super::terminal_config::TerminalConfig;
use crate::hsm::{KeyUri, KeyUris, PinSource, PoolSize, TokenConfig, TokenUri};
use crate::identity::signer::KeyRole;
use crate::names::{LaneName, OperatorId, StationName};
use crate::role::Role;
use crate::shift::Shift;

/// The layout of the file that this version reads.
const SCHEMA: i64 = 1;
/// Most lanes of one station.
const MAX_LANES: usize = 64;
/// Shortest and longest time that a request to the HSM may take, in milliseconds.
const REQUEST_TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=120_000;
/// Slowest and fastest line, in baud.
const BAUD: std::ops::RangeInclusive<u32> = 1_200..=4_000_000;

/// The whole configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The station's name, as its credential and certificates have it.
    pub name: StationName,
    /// Whether all keys are in one token, for development only; every manifest says so.
    pub development: bool,
    /// Module, token, PIN and keys.
    pub hsm: HsmConfig,
    /// The ledger.
    pub ledger: LedgerConfig,
    /// The operator's terminal.
    pub terminal: TerminalConfig,
    /// Who may do what.
    pub operators: Vec<OperatorConfig>,
    /// The working positions.
    pub lanes: Vec<LaneConfig>,
    /// The working shifts.
    pub shifts: Vec<Shift>,
    /// Where labels are printed, where they are.
    pub label_printer: Option<LabelPrinterConfig>,
    /// Sign-in at the screen.
    pub sign_in: SignInConfig,
}

/// `[hsm]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsmConfig {
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// The token.
    pub token: TokenUri,
    /// How many sessions sign at once.
    pub workers: PoolSize,
    /// How long a request may take, in milliseconds.
    pub request_timeout_ms: u64,
    /// Where the PIN comes from.
    pub pin: PinSource,
    /// The keys by role.
    pub keys: KeyUris,
}

impl HsmConfig {
    /// What the token is opened with.
    #[must_use]
    pub fn token_config(&self) -> TokenConfig {
        TokenConfig {
            module: self.module.clone(),
            token: self.token.clone(),
            keys: self.keys.clone(),
            workers: self.workers,
            request_timeout_ms: self.request_timeout_ms,
        }
    }
}

/// `[[operator]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorConfig {
    /// Pseudonymous ID.
    pub id: OperatorId,
    /// What they may do.
    pub role: Role,
}

/// `[[lane]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// The lane's name.
    pub name: LaneName,
    /// The serial port.
    pub port: PathBuf,
    /// Its speed.
    pub baud: u32,
    /// The serial number of the adapter that belongs there, where it is known.
    pub adapter: Option<String>,
}

impl Config {
    /// Reads the configuration's text.
    ///
    /// # Errors
    /// The first fault, with line, column and hint.
    pub fn parse(text: &str) -> Result<Self, ConfigFault> {
        // The schema first: a later one may have keys that this version would call unknown.
        let schema: SchemaOnly =
            toml::from_str(text).map_err(|error| ConfigFault::from_toml(text, &error))?;
        let at = Reader { text };
        if *schema.schema.get_ref() != SCHEMA {
            let problem = format!("schema {} is not known", schema.schema.get_ref());
            let hint = "use schema = 1, or a station program that knows this schema";
            return Err(at.fault(&schema.schema.span(), problem, hint));
        }
        let raw: RawConfig =
            toml::from_str(text).map_err(|error| ConfigFault::from_toml(text, &error))?;
        Ok(Self {
            name: raw.name,
            development: raw.development,
            hsm: at.hsm(raw.hsm, raw.development)?,
            ledger: raw.ledger.check(&at)?,
            terminal: raw.terminal,
            operators: at.operators(raw.operator)?,
            lanes: at.lanes(raw.lane)?,
            shifts: shift_config::checked(text, raw.shift)?,
            label_printer: match raw.label_printer {
                Some(raw) => Some(printer_config::label_printer(&at, raw)?),
                None => None,
            },
            sign_in: printer_config::sign_in(&at, raw.sign_in)?,
        })
    }
}

#[derive(Deserialize)]
struct SchemaOnly {
    schema: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    #[serde(rename = "schema")]
    _schema: i64,
    name: StationName,
    development: bool,
    hsm: RawHsm,
    #[serde(default)]
    ledger: RawLedger,
    #[serde(default)]
    terminal: TerminalConfig,
    #[serde(default)]
    operator: Vec<RawOperator>,
    #[serde(default)]
    lane: Vec<RawLane>,
    #[serde(default)]
    shift: Vec<Spanned<Shift>>,
    label_printer: Option<Spanned<RawLabelPrinter>>,
    sign_in: Option<Spanned<RawSignIn>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHsm {
    module: Spanned<PathBuf>,
    token: TokenUri,
    workers: Spanned<usize>,
    request_timeout_ms: Spanned<u64>,
    pin: Spanned<RawPin>,
    keys: Spanned<RawKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPin {
    file: Option<PathBuf>,
    environment: Option<String>,
    systemd_credential: Option<String>,
    prompt: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    root: Option<Spanned<KeyUri>>,
    issuing: Spanned<KeyUri>,
    manifest: Spanned<KeyUri>,
    owner: Option<Spanned<KeyUri>>,
    authority: Spanned<KeyUri>,
    ledger: Spanned<KeyUri>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOperator {
    id: Spanned<OperatorId>,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLane {
    name: Spanned<LaneName>,
    port: Spanned<PathBuf>,
    baud: Spanned<u32>,
    adapter: Option<String>,
}

/// Turns raw values into checked ones; knows the text for its line numbers.
pub(super) struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    pub(super) fn fault(
        &self,
        place: &Range<usize>,
        problem: impl fmt::Display,
        hint: impl fmt::Display,
    ) -> ConfigFault {
        ConfigFault::at(self.text, Some(place.clone()), problem, hint)
    }

    fn hsm(&self, raw: RawHsm, development: bool) -> Result<HsmConfig, ConfigFault> {
        if !raw.module.get_ref().is_absolute() {
            let hint = "write the whole path, beginning with /";
            return Err(self.fault(
                &raw.module.span(),
                "the module's path is not absolute",
                hint,
            ));
        }
        let workers = PoolSize::new(*raw.workers.get_ref()).ok_or_else(|| {
            self.fault(
                &raw.workers.span(),
                "workers is out of range",
                "use 1 to 16",
            )
        })?;
        if !REQUEST_TIMEOUT_MS.contains(raw.request_timeout_ms.get_ref()) {
            let place = raw.request_timeout_ms.span();
            return Err(self.fault(
                &place,
                "request_timeout_ms is out of range",
                "use 100 to 120000",
            ));
        }
        Ok(HsmConfig {
            keys: self.keys(raw.keys, &raw.token, development)?,
            module: raw.module.into_inner(),
            token: raw.token,
            workers,
            request_timeout_ms: raw.request_timeout_ms.into_inner(),
            pin: self.pin(raw.pin)?,
        })
    }

    fn pin(&self, raw: Spanned<RawPin>) -> Result<PinSource, ConfigFault> {
        let place = raw.span();
        let one = "name exactly one of file, environment, systemd_credential, prompt = true";
        let RawPin {
            file,
            environment,
            systemd_credential,
            prompt,
        } = raw.into_inner();
        if prompt == Some(false) {
            return Err(self.fault(&place, "prompt = false says nothing", one));
        }
        if let Some(name) = environment.as_ref().or(systemd_credential.as_ref()) {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
                let problem = format!("{name:?} is no name of a variable or credential");
                return Err(self.fault(&place, problem, "use letters, digits, '_', '-' and '.'"));
            }
        }
        match (file, environment, systemd_credential, prompt) {
            (Some(path), None, None, None) => Ok(PinSource::File(path)),
            (None, Some(name), None, None) => Ok(PinSource::Environment(name)),
            (None, None, Some(name), None) => Ok(PinSource::SystemdCredential(name)),
            (None, None, None, Some(_)) => Ok(PinSource::Prompt),
            (None, None, None, None) => Err(self.fault(&place, "no PIN source is named", one)),
            _ => Err(self.fault(&place, "more than one PIN source is named", one)),
        }
    }

    fn keys(
        &self,
        raw: Spanned<RawKeys>,
        token: &TokenUri,
        development: bool,
    ) -> Result<KeyUris, ConfigFault> {
        let place = raw.span();
        let RawKeys {
            root,
            issuing,
            manifest,
            owner,
            authority,
            ledger,
        } = raw.into_inner();
        if !development && let Some(owner) = &owner {
            let problem = "the product owner's key is on this station";
            let hint = "keep it elsewhere and remove the line, or say development = true";
            return Err(self.fault(&owner.span(), problem, hint));
        }
        if development && owner.is_none() {
            let problem = "a development home has the product owner's key in its token";
            return Err(self.fault(&place, problem, "add owner, or say development = false"));
        }
        let named = [
            (KeyRole::Root, root),
            (KeyRole::Issuing, Some(issuing)),
            (KeyRole::Manifest, Some(manifest)),
            (KeyRole::Owner, owner),
            (KeyRole::Authority, Some(authority)),
            (KeyRole::Ledger, Some(ledger)),
        ];
        let mut keys = KeyUris::default();
        for (role, uri) in named {
            let Some(uri) = uri else {
                continue;
            };
            if !uri.get_ref().fits(token) {
                let hint = "remove the token's attributes from it, or correct hsm.token";
                return Err(self.fault(&uri.span(), "this key is in another token", hint));
            }
            if keys
                .roles()
                .any(|(_, other)| other.to_string() == uri.get_ref().to_string())
            {
                let problem = "another role has this key already";
                return Err(self.fault(&uri.span(), problem, "give each role a key of its own"));
            }
            keys = keys.with(role, uri.into_inner());
        }
        Ok(keys)
    }

    fn operators(&self, raw: Vec<RawOperator>) -> Result<Vec<OperatorConfig>, ConfigFault> {
        let mut seen = BTreeSet::new();
        let check = |raw: RawOperator| {
            if !seen.insert(raw.id.get_ref().clone()) {
                let problem = format!("operator {} is listed twice", raw.id.get_ref());
                return Err(self.fault(&raw.id.span(), problem, "keep one of the two entries"));
            }
            Ok(OperatorConfig {
                id: raw.id.into_inner(),
                role: raw.role,
            })
        };
        raw.into_iter().map(check).collect()
    }

    fn lanes(&self, raw: Vec<RawLane>) -> Result<Vec<LaneConfig>, ConfigFault> {
        if let Some(beyond) = raw.get(MAX_LANES) {
            let problem = format!("more than {MAX_LANES} lanes");
            return Err(self.fault(&beyond.name.span(), problem, "use a second station"));
        }
        let mut names = BTreeSet::new();
        let mut ports = BTreeSet::new();
        let check = |raw: RawLane| {
            if !names.insert(raw.name.get_ref().clone()) {
                let problem = format!("lane {} is listed twice", raw.name.get_ref());
                return Err(self.fault(&raw.name.span(), problem, "give each lane its own name"));
            }
            if !ports.insert(raw.port.get_ref().clone()) {
                let problem = format!("port {} is listed twice", raw.port.get_ref().display());
                return Err(self.fault(&raw.port.span(), problem, "give each lane its own port"));
            }
            if !BAUD.contains(raw.baud.get_ref()) {
                let hint = "use 1200 to 4000000, as the boards are built";
                return Err(self.fault(&raw.baud.span(), "baud is out of range", hint));
            }
            let (name, port) = (raw.name.into_inner(), raw.port.into_inner());
            Ok(LaneConfig {
                name,
                port,
                baud: raw.baud.into_inner(),
                adapter: raw.adapter,
            })
        };
        raw.into_iter().map(check).collect()
    }
}

#[cfg(test)]
pub(super) mod tests;

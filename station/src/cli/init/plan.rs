//! What `init` is going to make, and the unfinished configuration that remembers it.

use std::fs::remove_file;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use firmware_proto::ProductCode;

use super::{InitArguments, PinArguments};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::named_file::must_be_readable;
use crate::hsm::{KeyUri, KeyUris, PinSource, PoolSize, TokenUri, role_name};
use crate::identity::signer::KeyRole;
use crate::names::{LaneName, OperatorId};
use crate::station_home::{
    Config, HomePaths, HsmConfig, LaneConfig, LedgerConfig, OperatorConfig, Role, SignInConfig,
    TerminalConfig, config_text, read_bounded, read_public_key, write_new,
};

/// How long a request may take, as written into a new configuration.
pub(in crate::cli) const REQUEST_TIMEOUT_MS: u64 = 10_000;

/// What is going to be made.
pub(super) struct Plan {
    pub(super) config: Config,
    pub(super) external_root: bool,
    pub(super) product: ProductCode,
    pub(super) organization: String,
    pub(super) epoch: u32,
    /// The product owner's public key, where that key is elsewhere.
    pub(super) owner_key: Option<PathBuf>,
}

impl Plan {
    pub(super) fn from_arguments(
        arguments: &InitArguments,
        context: &Context,
    ) -> Result<Self, Failure> {
        let missing = |flag: &str| {
            Failure::usage(
                "cannot plan the station home",
                format_args!("{flag} is missing"),
                "see station init --help",
            )
        };
        let station = arguments
            .station
            .clone()
            .ok_or_else(|| missing("--station"))?;
        let module = arguments
            .module
            .as_deref()
            .ok_or_else(|| missing("--module"))?;
        let token = arguments
            .token
            .as_deref()
            .ok_or_else(|| missing("--token"))?;
        let workers = PoolSize::new(arguments.workers).ok_or_else(|| {
            let why = format!("--workers is {}", arguments.workers);
            Failure::usage("cannot plan the station home", why, "give 1 to 16")
        })?;
        if !arguments.development {
            let owner = arguments.owner_key.as_deref();
            let owner = owner.ok_or_else(|| missing("--owner-key"))?;
            must_be_readable(owner)?;
            read_public_key(owner)?;
        }
        let config = Config {
            development: arguments.development,
            hsm: HsmConfig {
                module: absolute(module)?,
                token: TokenUri::with_label(token),
                workers,
                request_timeout_ms: REQUEST_TIMEOUT_MS,
                pin: pin_source(&arguments.pin)?,
                keys: key_uris(station.as_str(), arguments),
            },
            name: station,
            ledger: LedgerConfig {
                checkpoint_mirror: match &arguments.checkpoint_mirror {
                    Some(path) => Some(absolute(path)?),
                    None => None,
                },
                ..LedgerConfig::default()
            },
            terminal: TerminalConfig::default(),
            operators: operators(arguments, context),
            shifts: Vec::new(),
            lanes: lanes(arguments),
            label_printer: None,
            sign_in: SignInConfig::default(),
        };
        let fallback = || ProductCode::parse("SENSOR-A").ok();
        let product = arguments.product.clone().or_else(fallback);
        let plan = Self {
            config,
            external_root: arguments.external_root,
            product: product.ok_or_else(|| missing("--product"))?,
            organization: arguments.organization.clone(),
            epoch: arguments.epoch,
            owner_key: arguments.owner_key.clone(),
        };
        plan.check()?;
        Ok(plan)
    }

    /// What goes into the unfinished configuration.
    pub(super) fn text(&self) -> String {
        config_text(&self.config)
    }

    /// The configuration must read back as it was meant: the same rules for people and for `init`.
    fn check(&self) -> Result<(), Failure> {
        Config::parse(&self.text()).map(drop).map_err(|fault| {
            Failure::usage("cannot plan the station home", fault.problem, fault.hint)
        })
    }

    /// Whether an earlier `init` with the same settings was interrupted.
    pub(super) fn compare_with_unfinished(&self, paths: &HomePaths) -> Result<bool, Failure> {
        let unfinished = paths.unfinished_config();
        if !unfinished.exists() {
            return Ok(false);
        }
        if read_bounded(&unfinished)? == self.text().as_bytes() {
            return Ok(true);
        }
        Err(Failure::usage(
            format_args!("cannot make a station home in {}", paths.home().display()),
            format_args!(
                "an init with other settings was interrupted there: {}",
                unfinished.display()
            ),
            "repeat that init with its own settings, or use another home and another --station name",
        ))
    }
}

/// Turns the unfinished configuration into the valid one.
pub(super) fn finish_config(paths: &HomePaths) -> Result<(), Failure> {
    write_new(&paths.config(), &read_bounded(&paths.unfinished_config())?)?;
    remove_leftover(paths)
}

/// Removes the unfinished configuration of a home that is complete.
pub(super) fn remove_leftover(paths: &HomePaths) -> Result<(), Failure> {
    match remove_file(paths.unfinished_config()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::station(
            format_args!("cannot remove {}", paths.unfinished_config().display()),
            error,
            "remove it by hand",
        )),
        _ => Ok(()),
    }
}

pub(in crate::cli) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        Failure::usage(
            format_args!("cannot use {}", path.display()),
            error,
            "give the whole path",
        )
    })
}

pub(in crate::cli) fn pin_source(arguments: &PinArguments) -> Result<PinSource, Failure> {
    Ok(match arguments {
        PinArguments {
            pin_file: Some(path),
            ..
        } => PinSource::File(absolute(path)?),
        PinArguments {
            pin_environment: Some(name),
            ..
        } => PinSource::Environment(name.clone()),
        PinArguments {
            pin_credential: Some(name),
            ..
        } => PinSource::SystemdCredential(name.clone()),
        PinArguments { .. } => PinSource::Prompt,
    })
}

fn key_uris(station: &str, arguments: &InitArguments) -> KeyUris {
    let mut roles = vec![
        KeyRole::Issuing,
        KeyRole::Manifest,
        KeyRole::Authority,
        KeyRole::Ledger,
    ];
    if arguments.development {
        roles.push(KeyRole::Owner);
    }
    if !arguments.external_root {
        roles.push(KeyRole::Root);
    }
    roles.into_iter().fold(KeyUris::default(), |keys, role| {
        keys.with(
            role,
            KeyUri::with_label(&format!("{station}-{}", role_name(role))),
        )
    })
}

fn operators(arguments: &InitArguments, context: &Context) -> Vec<OperatorConfig> {
    let mut operators: Vec<_> = arguments
        .add_operator
        .iter()
        .map(|OperatorArgument { id, role }| OperatorConfig {
            id: id.clone(),
            role: *role,
        })
        .collect();
    // Whoever makes the station keeps its keys, unless they are listed otherwise.
    if let Ok(id) = context.operator()
        && operators.iter().all(|listed| listed.id != id)
    {
        operators.push(OperatorConfig {
            id,
            role: Role::SecurityOfficer,
        });
    }
    operators
}

fn lanes(arguments: &InitArguments) -> Vec<LaneConfig> {
    let lane = |LaneArgument { name, port }: &LaneArgument| LaneConfig {
        name: name.clone(),
        port: port.clone(),
        baud: arguments.baud,
        adapter: None,
    };
    arguments.add_lane.iter().map(lane).collect()
}

/// `ID=ROLE`.
#[derive(Clone, Debug)]
pub(crate) struct OperatorArgument {
    id: OperatorId,
    role: Role,
}

impl FromStr for OperatorArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, role) = text.split_once('=').ok_or("write it as ID=ROLE")?;
        let id = OperatorId::parse(id).map_err(|error| error.to_string())?;
        let role = Role::named(role);
        let role = role.ok_or("roles are operator, supervisor, security-officer and auditor")?;
        Ok(Self { id, role })
    }
}

/// `NAME=PORT`.
#[derive(Clone, Debug)]
pub(crate) struct LaneArgument {
    name: LaneName,
    port: PathBuf,
}

impl FromStr for LaneArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, port) = text.split_once('=').ok_or("write it as NAME=PORT")?;
        let name = LaneName::parse(name).map_err(|error| error.to_string())?;
        Ok(Self {
            name,
            port: PathBuf::from(port),
        })
    }
}

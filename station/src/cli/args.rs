//! The tree of commands and the flags that all of them take.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use super::audit::AuditCommand;
use super::batch::BatchCommand;
use super::clock::ClockCommand;
use super::completions::CompletionsArguments;
use super::device::DeviceCommand;
use super::doctor::DoctorArguments;
use super::evidence::EvidenceCommand;
use super::explain::ExplainArguments;
use super::hold::HoldCommand;
use super::init::InitArguments;
use super::label::LabelCommand;
use super::lanes::LanesCommand;
use super::ledger::LedgerCommand;
use super::manifest::ManifestCommand;
use super::operator::OperatorCommand;
use super::product_owner::OwnerCommand;
use super::profile::ProfileCommand;
use super::provision::ProvisionArguments;
use super::run::RunArguments;
use super::status::StatusArguments;
use crate::names::OperatorId;

/// The provisioning station: gives boards that prove themselves an identity that anyone can verify.
///
/// Exit status: 0 done; 1 a device or a check failed; 2 wrong usage; 3 the station itself is at fault
/// (HSM, ledger, disk, clock). Errors go to stderr as what failed, why, and what to do.
#[derive(Debug, Parser)]
#[command(name = "station", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where help lists the flags of every command, apart from a command's own.
const GLOBAL: &str = "Global options";

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The station's home folder; where an example leaves it out, `STATION_HOME` names it
    #[arg(long, global = true, env = "STATION_HOME", value_name = "DIR", help_heading = GLOBAL)]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub(crate) home: Option<PathBuf>,
    /// Print one JSON object a line instead of text for people
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    /// Print results and errors only, no progress
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// Who is doing this; recorded in the ledger with every change. Where an example leaves it out,
    /// `STATION_OPERATOR` names them
    #[arg(long, global = true, env = "STATION_OPERATOR", value_name = "ID", help_heading = GLOBAL)]
    pub(crate) operator: Option<OperatorId>,
    /// Whether that stands on the command line, and not in the environment alone.
    #[arg(skip)]
    pub(crate) operator_is_typed: bool,
    #[command(flatten)]
    pub(crate) operator_pin: OperatorPinFlags,
}

/// Where an enrolled operator's PIN comes from. Never the PIN itself: arguments can be seen by every user of
/// the machine.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct OperatorPinFlags {
    /// The file that holds an enrolled operator's PIN (mode 0600) [default: asked for at the terminal]
    #[arg(
        long,
        global = true,
        env = "STATION_OPERATOR_PIN_FILE",
        value_name = "FILE"
    )]
    #[arg(help_heading = GLOBAL)]
    pub(crate) operator_pin_file: Option<PathBuf>,
    /// The systemd credential that holds an enrolled operator's PIN
    #[arg(
        long,
        global = true,
        env = "STATION_OPERATOR_PIN_CREDENTIAL",
        value_name = "NAME"
    )]
    #[arg(help_heading = GLOBAL)]
    pub(crate) operator_pin_credential: Option<String>,
}

/// The nouns and verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Box<InitArguments>),
    Doctor(DoctorArguments),
    Run(RunArguments),
    Provision(ProvisionArguments),
    Status(StatusArguments),
    /// See which lanes are held, and let them go on
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Accept a jump of the clock
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Open, close and look at batches
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Show and print the labels of boards
    #[command(subcommand)]
    Label(LabelCommand),
    /// See which lane is where, and bind lanes to places
    #[command(subcommand)]
    Lanes(LanesCommand),
    /// Say who works here: enrol operators, give them PINs and badges
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Check, sign, pin and look at product profiles
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Look at devices, their certificates and their history
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Export and verify batch manifests
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// Ask the manifests of many batches, offline
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at the evidence of boards: attestation tokens
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Check the ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// The product owner's side: make the key that devices pin, sign stations' credentials
    #[command(subcommand)]
    Owner(OwnerCommand),
    Explain(ExplainArguments),
    Completions(CompletionsArguments),
}

//! `station operator`: add, list, disable, enable, pin, badge.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::operator_proof::{badge, book, chosen_pin};
use super::owner;
use crate::access::Deed;
use crate::line::control::ControlRequest;
use crate::names::OperatorId;
use crate::role::Role;

/// What can be done about operators.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Enrol an operator with a PIN, and mostly a badge
    ///
    /// As long as nobody is enrolled, the [[operator]] list of station.toml counts and everybody's word is
    /// taken. The first to be enrolled must be a security officer; from then on only enrolled operators act,
    /// each with their PIN. The PIN is asked for at the terminal unless it stands in a file. Takes the role of
    /// a security officer; the ledger records who enrolled whom, never a PIN or a badge's code.
    #[command(
        after_help = "Examples:\n  station operator add so-1 --role security-officer --badge --operator so-1\n  \
                      station operator add op-17 --role operator --badge-file op-17.badge \\\n      \
                      --new-pin-file op-17.pin --operator so-1"
    )]
    Add {
        /// The pseudonymous ID: 1 to 32 letters, digits, '-', '_' and '.'
        id: OperatorId,
        /// What they may do: operator, supervisor, security-officer or auditor
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        /// Ask for a scan of their badge
        #[arg(long)]
        badge: bool,
        /// The file that holds what a scan of their badge yields (mode 0600)
        #[arg(long, value_name = "FILE", conflicts_with = "badge")]
        badge_file: Option<PathBuf>,
        /// The file that holds their PIN (mode 0600), 4 to 12 digits
        #[arg(long, value_name = "FILE")]
        new_pin_file: Option<PathBuf>,
    },
    /// List the operators, with role and badge
    #[command(after_help = "Example:\n  station operator list --json")]
    List,
    /// Let an operator sign in no more
    ///
    /// Whoever is signed in is signed out. The last security officer cannot be disabled. Takes the role of
    /// a security officer.
    #[command(
        after_help = "Example:\n  station operator disable op-17 --reason \"left the company\" \\\n      \
                      --operator so-1"
    )]
    Disable {
        /// Who
        id: OperatorId,
        /// Why; recorded
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// Let a disabled operator sign in again
    #[command(
        after_help = "Example:\n  station operator enable op-17 --reason \"back from leave\" \\\n      \
                      --operator so-1"
    )]
    Enable {
        /// Who
        id: OperatorId,
        /// Why; recorded
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// Choose another PIN for yourself, or as a security officer for somebody else
    ///
    /// Also ends the delay after wrong PINs.
    #[command(after_help = "Example:\n  station operator pin op-17 --operator op-17")]
    Pin {
        /// Whose
        id: OperatorId,
        /// The file that holds the new PIN (mode 0600), 4 to 12 digits
        #[arg(long, value_name = "FILE")]
        new_pin_file: Option<PathBuf>,
    },
    /// Give an operator another badge; the one before is worth nothing then
    #[command(after_help = "Example:\n  station operator badge op-17 --operator so-1")]
    Badge {
        /// Whose
        id: OperatorId,
        /// The file that holds what a scan of the badge yields (mode 0600)
        #[arg(long, value_name = "FILE")]
        badge_file: Option<PathBuf>,
    },
}

/// Does it.
pub(crate) fn run(command: &OperatorCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let request = match command {
        OperatorCommand::List => return list(context),
        OperatorCommand::Add {
            id,
            role,
            badge: scan,
            badge_file,
            new_pin_file,
        } => {
            let operator = context.operator_for(&home, Deed::ManageOperators)?;
            book(&home)?.may_enrol(id, *role, None)?;
            let badge = match (scan, badge_file) {
                (false, None) => None,
                (_, file) => Some(badge(id, file.as_deref())?),
            };
            ControlRequest::EnrolOperator {
                subject: id.clone(),
                role: *role,
                badge,
                pin: chosen_pin(id, new_pin_file.as_deref())?,
                operator,
            }
        }
        OperatorCommand::Disable { id, reason } => ControlRequest::DisableOperator {
            subject: id.clone(),
            reason: reason.clone(),
            operator: context.operator_for(&home, Deed::ManageOperators)?,
        },
        OperatorCommand::Enable { id, reason } => ControlRequest::EnableOperator {
            subject: id.clone(),
            reason: reason.clone(),
            operator: context.operator_for(&home, Deed::ManageOperators)?,
        },
        OperatorCommand::Pin { id, new_pin_file } => {
            let own = context.operator()? == *id;
            let deed = if own {
                Deed::ChangeOwnPin
            } else {
                Deed::ManageOperators
            };
            ControlRequest::ChangePin {
                subject: id.clone(),
                operator: context.operator_for(&home, deed)?,
                pin: chosen_pin(id, new_pin_file.as_deref())?,
            }
        }
        OperatorCommand::Badge { id, badge_file } => ControlRequest::ChangeBadge {
            subject: id.clone(),
            operator: context.operator_for(&home, Deed::ManageOperators)?,
            badge: badge(id, badge_file.as_deref())?,
        },
    };
    owner::show(context, owner::perform(context, &request)?);
    Ok(ExitStatus::Done)
}

fn list(context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let book = book(&home)?;
    let mut views: Vec<OperatorView<'_>> = book
        .operators()
        .map(|one| OperatorView {
            operator: &one.id,
            role: one.role,
            enrolled: true,
            disabled: one.disabled,
            badge: one.has_badge(),
            wrong_pins: one.wrong_pins().count(),
        })
        .collect();
    let listed = home.config().operators.iter();
    if book.is_empty() {
        views.extend(listed.map(|one| OperatorView {
            operator: &one.id,
            role: one.role,
            enrolled: false,
            disabled: false,
            badge: false,
            wrong_pins: 0,
        }));
    }
    for view in &views {
        context.output.object(view);
    }
    let rows: Vec<Vec<String>> = views.iter().map(OperatorView::cells).collect();
    let header = ["operator", "role", "proves it by", "state", "wrong PINs"];
    context.output.table(&header, &rows);
    if book.is_empty() {
        context.output.text(
            "nobody is enrolled: the list of station.toml counts, and everybody's word is taken",
        );
    }
    Ok(ExitStatus::Done)
}

#[derive(Serialize)]
struct OperatorView<'a> {
    operator: &'a OperatorId,
    role: Role,
    /// Whether they are enrolled, rather than listed in station.toml.
    enrolled: bool,
    disabled: bool,
    badge: bool,
    /// Since the last right one.
    wrong_pins: u32,
}

impl OperatorView<'_> {
    fn cells(&self) -> Vec<String> {
        let proof = match (self.enrolled, self.badge) {
            (false, _) => "their word",
            (true, false) => "PIN",
            (true, true) => "badge and PIN",
        };
        let state = if self.disabled { "disabled" } else { "enabled" };
        vec![
            self.operator.to_string(),
            self.role.to_string(),
            proof.to_owned(),
            state.to_owned(),
            self.wrong_pins.to_string(),
        ]
    }
}

fn role(text: &str) -> Result<Role, &'static str> {
    Role::named(text).ok_or("roles are operator, supervisor, security-officer and auditor")
}

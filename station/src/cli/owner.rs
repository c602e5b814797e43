//! Work that only the process that owns the home may do, for itself or for another command.
//!
//! A command asks the running owner over the control socket; where nobody owns the home, it takes the
//! home itself, does the same work, and gives the home back.

use super::context::Context;
use super::failure::Failure;
use super::{batch_work, clock, hold, kept_checkpoint, ledger, manifest};
use crate::clock::UtcMillis;
use crate::hsm::SignerPool;
use crate::identity::signer::Signer;
use crate::ledger::LedgerHandle;
use crate::line::control::{ControlRequest, ControlResponse};
use crate::line::control_socket;
use crate::names::OperatorId;
use crate::station_home::{Pki, Role, StationHome};

/// What an owner works with.
#[derive(Clone)]
pub(crate) struct Owner {
    /// The folder and its configuration.
    pub(crate) home: StationHome,
    /// Its certificates.
    pub(crate) pki: Pki,
    /// The keys.
    pub(crate) signer: SignerPool,
    /// The ledger, open for writing.
    pub(crate) ledger: LedgerHandle,
}

/// What came of it.
pub(crate) enum Done {
    /// One fact, for people and for programs.
    Fact {
        /// Lines for people.
        text: String,
        /// A JSON object.
        json: String,
    },
    /// A whole document.
    Document(String),
}

impl Owner {
    /// Does what is asked about batches, holds and manifests; None where that is not what is asked.
    pub(crate) fn answer(
        &self,
        request: &ControlRequest,
        now: UtcMillis,
    ) -> Option<ControlResponse> {
        Some(match self.perform(request, now)? {
            Ok(Done::Fact { text, json }) => ControlResponse::Done { text, json },
            Ok(Done::Document(content)) => ControlResponse::Document { content },
            Err(failure) => ControlResponse::Refused(failure.to_refusal()),
        })
    }

    /// The same where no line runs: nobody watches the clock, so it is compared with the ledger.
    fn perform_alone(
        &self,
        request: &ControlRequest,
        now: UtcMillis,
    ) -> Option<Result<Done, Failure>> {
        match request {
            ControlRequest::AcceptClock { reason, operator } => Some(
                self.supervised(operator)
                    .and_then(|()| clock::accept_alone(self, reason, operator, now)),
            ),
            // No event is recorded, and the manifest has its own rule.
            ControlRequest::ExportManifest { .. }
            | ControlRequest::Checkpoint
            | ControlRequest::KeptCheckpoint
            | ControlRequest::AddCosignatures { .. } => self.perform(request, now),
            _ => match clock::after_the_ledger(self, now) {
                Ok(now) => self.perform(request, now),
                Err(failure) => Some(Err(failure)),
            },
        }
    }

    fn perform(&self, request: &ControlRequest, now: UtcMillis) -> Option<Result<Done, Failure>> {
        Some(match request {
            ControlRequest::OpenBatch {
                batch,
                profile_name,
                profile_text,
                work_order,
                quantity,
                operator,
                older_profile,
            } => {
                let wish = batch_work::Opening {
                    batch,
                    profile_name,
                    profile_text,
                    work_order,
                    quantity: *quantity,
                    older_profile: older_profile.as_ref(),
                };
                self.supervised(operator)
                    .and_then(|()| batch_work::open(self, &wish, operator, now))
            }
            ControlRequest::CloseBatch { batch, operator } => self
                .supervised(operator)
                .and_then(|()| batch_work::close(self, batch, None, operator, now)),
            ControlRequest::RevokeAndCloseBatch {
                batch,
                reason,
                operator,
            } => self
                .supervised(operator)
                .and_then(|()| batch_work::close(self, batch, Some(reason), operator, now)),
            ControlRequest::ExportManifest {
                batch,
                format,
                beside,
                ..
            } => manifest::document(self, batch, format, beside.as_ref(), now).map(Done::Document),
            ControlRequest::ClearHold {
                lane,
                reason,
                operator,
            } => self
                .supervised(operator)
                .and_then(|()| hold::clear_lane(self, lane, reason, operator, now)),
            ControlRequest::ClearBatchHold {
                batch,
                reason,
                operator,
            } => self
                .supervised(operator)
                .and_then(|()| hold::clear_batch(self, batch, reason, operator, now)),
            ControlRequest::ProveKeys => self.prove_keys(),
            ControlRequest::Checkpoint => ledger::sign_checkpoint(self),
            ControlRequest::KeptCheckpoint => kept_checkpoint::tell(self),
            ControlRequest::AddCosignatures { cosigned } => {
                ledger::add_cosignatures(self, cosigned)
            }
            ControlRequest::Status | ControlRequest::AcceptClock { .. } => return None,
        })
    }

    /// For `station doctor`, which leaves a token alone that another process works with.
    fn prove_keys(&self) -> Result<Done, Failure> {
        let mut random = [0; 32];
        self.pki.prove_keys(&self.signer)?;
        Signer::random(&self.signer, &mut random)?;
        self.ledger.checkpoint()?;
        Ok(Done::Fact {
            text: "every certified key signs, the ledger is under a checkpoint".to_owned(),
            json: "{}".to_owned(),
        })
    }

    fn supervised(&self, operator: &OperatorId) -> Result<(), Failure> {
        require_role(&self.home, operator, &[Role::Supervisor])
    }
}

/// Has the work done by whoever owns the home, or by this process where nobody does.
pub(crate) fn perform(context: &Context, request: &ControlRequest) -> Result<Done, Failure> {
    if let Some(response) = ask(context, request)? {
        return done(response);
    }
    let station = context.own_station()?;
    let owner = Owner {
        ledger: kept_checkpoint::open_ledger(&station.home, &station.signer)?,
        home: station.home.clone(),
        pki: station.pki.clone(),
        signer: station.signer.clone(),
    };
    let done = owner.perform_alone(request, context.now());
    // The ledger's writer ends before the lock is given back.
    drop(owner);
    drop(station);
    done.unwrap_or_else(|| Err(other_version()))
}

/// Asks the process that runs a line on this home; None where none does.
pub(crate) fn ask(
    context: &Context,
    request: &ControlRequest,
) -> Result<Option<ControlResponse>, Failure> {
    control_socket::ask(&context.home()?.control_socket(), request).map_err(|error| {
        Failure::station(
            "the station that owns this home cannot be asked",
            error,
            "see whether it is still well, or stop it and give the command again",
        )
    })
}

/// What the owner has done.
pub(crate) fn done(response: ControlResponse) -> Result<Done, Failure> {
    match response {
        ControlResponse::Done { text, json } => Ok(Done::Fact { text, json }),
        ControlResponse::Document { content } => Ok(Done::Document(content)),
        ControlResponse::Refused(refusal) => Err(Failure::from_refusal(refusal)),
        ControlResponse::Status(_) => Err(other_version()),
    }
}

/// Shows it.
pub(crate) fn show(context: &Context, shown: Done) {
    match shown {
        Done::Fact { text, json } if context.output.is_json() => {
            drop(text);
            context.output.raw(format!("{json}\n").as_bytes());
        }
        Done::Fact { text, .. } => text.lines().for_each(|line| context.output.text(line)),
        Done::Document(document) => context.output.raw(document.as_bytes()),
    }
}

/// Whether the configuration lets this operator act in one of the roles.
fn require_role(home: &StationHome, operator: &OperatorId, roles: &[Role]) -> Result<(), Failure> {
    let known = home
        .config()
        .operators
        .iter()
        .find(|entry| entry.id == *operator);
    if known.is_some_and(|known| roles.contains(&known.role)) {
        return Ok(());
    }
    let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    Err(Failure::usage(
        format_args!("operator {operator} may not do this"),
        format_args!("it takes the role {}", roles.join(" or ")),
        "ask somebody who has that role",
    ))
}

/// The answer fits no question of this program.
pub(crate) fn other_version() -> Failure {
    Failure::station(
        "the station that owns this home gave an answer to another question",
        "it is of another version",
        "use the same program for both",
    )
}

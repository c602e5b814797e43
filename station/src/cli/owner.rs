//! Work that only the process that owns the home may do, for itself or for another command.
//!
//! A command asks the running owner over the control socket; where nobody owns the home, it takes the
//! home itself, does the same work, and gives the home back.

use std::time::Duration;

use super::authority::Authorised;
use super::context::Context;
use super::device_quarantine::Turn;
use super::failure::Failure;
use super::{
    batch_work, clock, device_quarantine, device_scrap, hold, kept_checkpoint, label_work,
    lane_work, ledger, manifest_export, operator_work,
};
use crate::clock::UtcMillis;
use crate::hsm::SignerPool;
use crate::identity::signer::Signer;
use crate::ledger::LedgerHandle;
use crate::ledger::event::Actor;
use crate::line::control::{ControlRequest, ControlResponse};
use crate::line::control_socket::{self, ControlError};
use crate::station_home::{HomeError, LaneConfig, Pki, StationHome};

/// How often a command looks whether another process has given the home back, and how long it waits between two
/// looks: ten seconds in all, more than a line takes to end once its boards are finished.
const MAX_ROUNDS: u32 = 100;
const ROUND: Duration = Duration::from_millis(100);

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
    /// A short document, whole.
    Document(String),
    /// A document, by its name in the home's folder of exports.
    DocumentFile(String),
}

impl Owner {
    /// Does what is asked about batches, holds, operators and manifests; None where that is not what is asked.
    pub(crate) fn answer(&self, asked: &Authorised, now: UtcMillis) -> Option<ControlResponse> {
        self.perform(asked, now).map(respond)
    }

    /// The same where no line runs, for a process that owns the home for longer.
    pub(crate) fn answer_alone(&self, request: &ControlRequest, now: UtcMillis) -> ControlResponse {
        respond_alone(self.perform_alone(request, now))
    }

    /// The same for somebody who was believed already.
    pub(crate) fn answer_signed_in(&self, asked: &Authorised, now: UtcMillis) -> ControlResponse {
        respond_alone(self.perform_authorised(asked, now))
    }

    /// The same where no line runs: nobody watches the clock, so it is compared with the ledger.
    fn perform_alone(
        &self,
        request: &ControlRequest,
        now: UtcMillis,
    ) -> Option<Result<Done, Failure>> {
        // What is recorded about wrong PINs must not be refused for a clock that is to be accepted.
        match clock::latest(self, now).and_then(|at| self.authorise(request, at)) {
            Ok(asked) => self.perform_authorised(&asked, now),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn perform_authorised(
        &self,
        asked: &Authorised,
        now: UtcMillis,
    ) -> Option<Result<Done, Failure>> {
        match &asked.request {
            ControlRequest::AcceptClock { reason, .. } => Some(
                asked
                    .actor()
                    .and_then(|actor| clock::accept_alone(self, reason, actor, now)),
            ),
            // No event is recorded, and the manifest has its own rule.
            ControlRequest::ExportManifest { .. }
            | ControlRequest::Checkpoint
            | ControlRequest::KeptCheckpoint
            | ControlRequest::AddCosignatures { .. } => self.perform(asked, now),
            _ => match clock::after_the_ledger(self, now) {
                Ok(now) => self.perform(asked, now),
                Err(failure) => Some(Err(failure)),
            },
        }
    }

    fn perform(&self, asked: &Authorised, now: UtcMillis) -> Option<Result<Done, Failure>> {
        Some(match &asked.request {
            ControlRequest::ExportManifest {
                batch,
                format,
                beside,
                measurements,
                ..
            } => {
                let wanted = manifest_export::Wanted {
                    format,
                    beside: beside.as_ref(),
                    with_measurements: *measurements,
                };
                manifest_export::export(self, batch, &wanted, now).map(Done::DocumentFile)
            }
            ControlRequest::ProveKeys => self.prove_keys(),
            ControlRequest::Checkpoint => ledger::sign_checkpoint(self),
            ControlRequest::KeptCheckpoint => kept_checkpoint::tell(self),
            ControlRequest::AddCosignatures { cosigned } => {
                ledger::add_cosignatures(self, cosigned)
            }
            ControlRequest::Status
            | ControlRequest::AcceptClock { .. }
            | ControlRequest::Proven { .. } => return None,
            request => asked
                .actor()
                .and_then(|actor| self.perform_as(request, actor, now))
                .transpose()?,
        })
    }

    /// What only somebody who was believed can have done; None where that is not what is asked.
    fn perform_as(
        &self,
        request: &ControlRequest,
        actor: &Actor,
        now: UtcMillis,
    ) -> Result<Option<Done>, Failure> {
        Ok(Some(match request {
            ControlRequest::OpenBatch {
                batch,
                profile_name,
                profile_text,
                work_order,
                quantity,
                older_profile,
                work_order_file,
                ..
            } => {
                let wish = batch_work::Opening {
                    batch,
                    profile_name,
                    profile_text,
                    work_order,
                    quantity: *quantity,
                    older_profile: older_profile.as_ref(),
                    work_order_file: work_order_file.as_ref(),
                };
                batch_work::open(self, &wish, actor, now)?
            }
            ControlRequest::ScrapBoard {
                batch, uid, reason, ..
            } => device_scrap::record(self, (batch, uid, reason), actor, now)?,
            ControlRequest::CloseBatch { batch, .. } => {
                batch_work::close(self, batch, None, actor, now)?
            }
            ControlRequest::RevokeAndCloseBatch { batch, reason, .. } => {
                batch_work::close(self, batch, Some(reason), actor, now)?
            }
            ControlRequest::ClearHold {
                lane,
                since,
                reason,
                ..
            } => hold::clear_lane(self, (lane, *since), reason, actor, now)?,
            ControlRequest::ClearBatchHold {
                batch,
                since,
                reason,
                ..
            } => hold::clear_batch(self, (batch, *since), reason, actor, now)?,
            ControlRequest::QuarantineBoard { uid, reason, .. } => {
                device_quarantine::turn(self, uid, Turn::Aside, reason, actor, now)?
            }
            ControlRequest::ReleaseBoard { uid, reason, .. } => {
                device_quarantine::turn(self, uid, Turn::Back, reason, actor, now)?
            }
            ControlRequest::PrintLabel { device, reason, .. } => {
                label_work::print(self, device, reason, actor, now)?
            }
            ControlRequest::BindLane {
                lane,
                port,
                baud,
                adapter,
                ..
            } => {
                let lane = LaneConfig {
                    name: lane.clone(),
                    port: port.into(),
                    baud: *baud,
                    adapter: adapter.clone(),
                };
                lane_work::bind(self, &lane, actor, now)?
            }
            _ => return operator_work::perform(self, request, actor, now),
        }))
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
}

/// Has the work done by whoever owns the home, or by this process where nobody does.
pub(crate) fn perform(context: &Context, request: &ControlRequest) -> Result<Done, Failure> {
    let request = &context.proven(request)?;
    let home = context.home()?;
    let mut rounds = 0..MAX_ROUNDS;
    let station = loop {
        match control_socket::ask(&home.control_socket(), request) {
            Ok(Some(response)) => return done(response),
            Ok(None) | Err(ControlError::Unread { .. }) => {}
            Err(error) => return Err(not_asked(error)),
        }
        let locked = match home.lock() {
            Ok(lock) => break context.own_locked(home, lock)?,
            Err(error @ HomeError::Locked(..)) => error,
            Err(error) => return Err(error.into()),
        };
        // A line that ends takes no request any more, and has the home for a moment still.
        match rounds.next() {
            Some(0) => {
                let notice = format!("{}; waiting for its end", locked.reason());
                context.output.notice(&notice);
            }
            Some(_) => {}
            None => return Err(locked.into()),
        }
        std::thread::park_timeout(ROUND);
    };
    // An export changes nothing: it does not begin a mirror either.
    let ledger = match &request {
        ControlRequest::ExportManifest { .. } => {
            kept_checkpoint::open_ledger(&station.home, &station.signer)?
        }
        _ => kept_checkpoint::open_to_record(&station.home, &station.signer, context)?,
    };
    let owner = Owner {
        ledger,
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
    control_socket::ask(&context.home()?.control_socket(), request).map_err(not_asked)
}

fn not_asked(error: ControlError) -> Failure {
    Failure::station(
        "the station that owns this home cannot be asked",
        error,
        "see whether it is still well, or stop it and give the command again",
    )
}

/// What the owner has done.
pub(crate) fn done(response: ControlResponse) -> Result<Done, Failure> {
    match response {
        ControlResponse::Done { text, json } => Ok(Done::Fact { text, json }),
        ControlResponse::Document { content } => Ok(Done::Document(content)),
        ControlResponse::DocumentFile { name } => Ok(Done::DocumentFile(name)),
        ControlResponse::Refused(refusal) => Err(Failure::from_refusal(refusal)),
        ControlResponse::Status(_) | ControlResponse::Ending => Err(other_version()),
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
        Done::DocumentFile(name) => context.output.text(&name),
    }
}

fn respond_alone(done: Option<Result<Done, Failure>>) -> ControlResponse {
    respond(done.unwrap_or_else(|| Err(no_line())))
}

fn respond(done: Result<Done, Failure>) -> ControlResponse {
    match done {
        Ok(Done::Fact { text, json }) => ControlResponse::Done { text, json },
        Ok(Done::Document(content)) => ControlResponse::Document { content },
        Ok(Done::DocumentFile(name)) => ControlResponse::DocumentFile { name },
        Err(failure) => ControlResponse::Refused(failure.to_refusal()),
    }
}

/// What is asked is about a line that runs.
fn no_line() -> Failure {
    Failure::usage(
        "there is no line to ask",
        "the station's terminal is open, and its line does not run",
        "sign in there and start it",
    )
}

/// The answer fits no question of this program.
pub(crate) fn other_version() -> Failure {
    Failure::station(
        "the station that owns this home gave an answer to another question",
        "it is of another version",
        "use the same program for both",
    )
}

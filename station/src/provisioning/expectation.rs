//! What a step may get on the wire: what it waits for, or an interruption.

use firmware_proto::object_transfer::BlobId;
use firmware_proto::{Refusal, Response};

use super::answer::{Answer, Failure, MessageBody};
use super::desk::Ending;
use crate::verdict::VerdictCode;

/// What a refusal means where the step itself has no better word for it.
pub(super) fn refused(refusal: Refusal) -> Ending {
    let code = match refusal {
        Refusal::Hardware => VerdictCode::DeviceFault,
        Refusal::Credential | Refusal::Epoch | Refusal::Grant => VerdictCode::InstallRefused,
        _ => VerdictCode::LinkProtocol,
    };
    Ending::new(
        code,
        format!("the board refuses: {}", refusal_text(refusal)),
    )
}

/// A refusal in words.
pub(super) fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "it cannot read the request",
        Refusal::OutOfOrder => "an earlier step is missing",
        Refusal::Committed => "it is locked already",
        Refusal::BlobIncomplete => "the package is incomplete",
        Refusal::Bounds => "a length is out of bounds",
        Refusal::Credential => "the station's credential is not its product owner's",
        Refusal::Epoch => "the station's credential is outdated",
        Refusal::Grant => "the grant is not for it",
        Refusal::Commit => "the commit is not for it",
        Refusal::NoReceipt => "nothing is committed",
        Refusal::Hardware => "its hardware failed",
        _ => "for a reason that this station does not know",
    }
}

/// What a device sent instead of the message that was due.
pub(super) fn unexpected(wanted: &'static str, response: &Response<'_>) -> Ending {
    let got = match response {
        Response::Identity(_) => "Identity",
        Response::NoCommonVersion { .. } => "NoCommonVersion",
        Response::Evidence(_) => "Evidence",
        Response::Measurements(_) => "Measurements",
        Response::KeyEvidence(_) => "KeyEvidence",
        Response::ChunksReceived { .. } => "ChunksReceived",
        Response::Chunk { .. } => "Chunk",
        Response::Installed { .. } => "Installed",
        Response::Proof { .. } => "Proof",
        Response::Receipt(_) => "Receipt",
        Response::Working { .. } => "Working",
        Response::Refused(_) => "Refused",
        Response::Done => "Done",
        Response::SelfTestReport(_) => "SelfTestReport",
    };
    Ending::new(
        VerdictCode::LinkProtocol,
        format!("expected {wanted}, got {got}"),
    )
}

/// A blob that came under the announcement that was due.
pub(super) struct WholeBlob {
    /// The announcement's body as it travelled.
    pub(super) head: Vec<u8>,
    pub(super) first: Vec<u8>,
    pub(super) second: Vec<u8>,
}

/// What a step gets instead of the answer that it waits for.
pub(super) enum Interruption {
    /// The device lost its session: begin again with `Hello`.
    Restart,
    /// It says that it is not locked, or shows no good receipt, and nobody has signed that: ask it again
    /// from the beginning, under a fresh challenge.
    Doubted(Ending),
    /// The device says no.
    Refused(Refusal),
    /// It breaks the rules.
    Ending(Ending),
}

/// The blob, if the answer is one of the kind that was asked for.
pub(super) fn expect_blob(answer: Answer, wanted: BlobId) -> Result<WholeBlob, Interruption> {
    match answer {
        Answer::Blob {
            head,
            first,
            second,
        } => match head.response() {
            Ok(
                Response::Evidence(a)
                | Response::SelfTestReport(a)
                | Response::KeyEvidence(a)
                | Response::Receipt(a),
            ) if a.blob == wanted => Ok(WholeBlob {
                head: head.as_bytes().to_vec(),
                first,
                second,
            }),
            Ok(other) => Err(Interruption::Ending(unexpected("another blob", &other))),
            Err(failure) => Err(misbehaved(&failure)),
        },
        Answer::Message(body) => Err(interruption("a blob", &body)),
        Answer::Uploaded => Err(Interruption::Restart),
    }
}

/// The message's body, if the answer is one without a blob that is no refusal.
pub(super) fn expect_message(answer: Answer) -> Result<MessageBody, Interruption> {
    match answer {
        Answer::Message(body) => match body.response() {
            Ok(Response::Refused(refusal)) => Err(refusal_interruption(refusal)),
            Ok(_) => Ok(body),
            Err(failure) => Err(misbehaved(&failure)),
        },
        Answer::Blob { head, .. } => Err(interruption("a message", &head)),
        Answer::Uploaded => Err(Interruption::Restart),
    }
}

/// Nothing, if the upload arrived.
pub(super) fn expect_uploaded(answer: Answer) -> Result<(), Interruption> {
    match answer {
        Answer::Uploaded => Ok(()),
        Answer::Message(body) | Answer::Blob { head: body, .. } => {
            Err(interruption("the chunks received", &body))
        }
    }
}

fn interruption(wanted: &'static str, body: &MessageBody) -> Interruption {
    match body.response() {
        Ok(Response::Refused(refusal)) => refusal_interruption(refusal),
        Ok(other) => Interruption::Ending(unexpected(wanted, &other)),
        Err(failure) => misbehaved(&failure),
    }
}

fn refusal_interruption(refusal: Refusal) -> Interruption {
    match refusal {
        Refusal::OutOfOrder => Interruption::Restart,
        other => Interruption::Refused(other),
    }
}

fn misbehaved(failure: &Failure) -> Interruption {
    Interruption::Ending(Ending::new(VerdictCode::LinkProtocol, failure.to_string()))
}

//! The label of a board that has passed, and printing it by hand: the latter is the owner's work.

use super::device::find;
use super::failure::Failure;
use super::owner::{Done, Owner};
use crate::clock::UtcMillis;
use crate::label::{Printer, PrinterFault};
use crate::ledger::event::{
    Actor, Event, Fact, LabelFailedRecord, LabelPrintedRecord, ReprintRecord,
};
use crate::ledger::labels::LabelBooks;
use crate::ledger::reader::CertificateOverview;
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, Reader};
use crate::names::BatchId;
use crate::profile::{LabelTemplate, LabelValues, Profile};
use crate::station_home::LabelLanguage;
use crate::words::RefusalReason;

/// A board's label: its profile's template, and what it says of this board.
pub(crate) struct LabelOf {
    pub(crate) template: LabelTemplate,
    pub(crate) values: LabelValues,
}

impl LabelOf {
    /// The label of a board that has passed.
    pub(crate) fn board(reader: &Reader, device: &str) -> Result<Self, Failure> {
        let board = find(reader, device)?;
        let live = reader.certificates(&board.uid)?;
        let mut live = live.into_iter().rev();
        let passed = live.find_map(|one| match (one.provisioned_at, one.revoked_at) {
            (Some(at), None) => Some((one, at)),
            _ => None,
        });
        let no_label = |why: &dyn std::fmt::Display, to_do: &str| {
            Failure::check(format_args!("board {device} has no label"), why, to_do)
                .because(RefusalReason::NoLabel)
        };
        let (certificate, at) = passed.ok_or_else(|| {
            no_label(
                &"it has not passed, or its certificate is revoked",
                "see station device show",
            )
        })?;
        let profile = profile_of(reader, &certificate.batch)?;
        let template = profile.label.ok_or_else(|| {
            no_label(
                &"its profile has no [label]",
                "see docs/profile.md; a new batch can have one",
            )
        })?;
        Ok(Self {
            template,
            values: LabelValues {
                serial: certificate.device_serial,
                uid: board.uid,
                product: profile.product,
                batch: certificate.batch,
                passed: reader.entry(at)?.leaf.time,
            },
        })
    }

    /// As the printer understands it.
    pub(crate) fn in_language(&self, language: LabelLanguage) -> String {
        match language {
            LabelLanguage::Zpl => self.template.zpl(&self.values),
            LabelLanguage::Text => self.template.text(&self.values),
        }
    }
}

/// The profile of a batch, as the ledger keeps it.
fn profile_of(reader: &Reader, batch: &BatchId) -> Result<Profile, Failure> {
    let what = format!("cannot read the profile of batch {batch}");
    let lacks = || {
        Failure::station(
            &what,
            "the ledger does not have it",
            "run station ledger verify",
        )
    };
    let opened = reader.batch(batch)?.ok_or_else(lacks)?;
    let digest = opened.profile.digest().ok_or_else(lacks)?;
    let text = reader.profile_text(&digest)?.ok_or_else(lacks)?;
    Profile::parse("the profile", &text)
        .map_err(|faults| Failure::station(&what, faults, "use the program that opened the batch"))
}

/// The boards that have passed under a profile with a label, and of which the books say nothing: they passed
/// while there was no printer, or the station was killed before the printer was asked.
pub(super) fn never_asked_for(
    reader: &Reader,
    books: &LabelBooks,
) -> Result<Vec<CertificateOverview>, Failure> {
    let mut never = Vec::new();
    for batch in reader.batches()? {
        if profile_of(reader, &batch.batch)?.label.is_none() {
            continue;
        }
        let boards = reader.certificates_of_batch(&batch.batch)?.into_iter();
        never.extend(boards.filter(|board| {
            let passed = board.provisioned_at.is_some() && board.revoked_at.is_none();
            let known = books.printed.contains(&board.uid) || books.failed.contains_key(&board.uid);
            passed && !known
        }));
    }
    Ok(never)
}

/// Prints a board's label by hand; run by the owner of the home.
pub(super) fn print(
    owner: &Owner,
    device: &str,
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let Some(config) = owner.home.config().label_printer.clone() else {
        return Err(Failure::usage(
            "there is no label printer",
            format_args!("{} names none", owner.home.config_path().display()),
            "add [label_printer], see docs/configuration.md",
        )
        .because(RefusalReason::NoPrinter));
    };
    let label = LabelOf::board(&Reader::open(&owner.home.ledger())?, device)?;
    let printer = Printer::new(config);
    let serial = label.values.serial.as_str();
    let outcome = printer.print(serial, &label.in_language(printer.language()));
    let reprint = Some(ReprintRecord {
        reason: reason.to_owned(),
        actor: actor.clone(),
    });
    let event = Event::of_station(
        now,
        fact(
            &label.values,
            &printer.name(),
            outcome.as_ref().err(),
            reprint,
        ),
    );
    owner.ledger.record(vec![event], Durability::Durable)?;
    outcome.map_err(|fault| {
        Failure::check(
            format_args!("the label of {serial} did not go through"),
            fault,
            "see to the printer, then give the command again",
        )
        .because(RefusalReason::PrinterFault)
    })?;
    let json = serde_json::json!({ "serial": serial, "printed": printer.name(), "reason": reason });
    Ok(Done::Fact {
        text: format!("the label of {serial} went to {}", printer.name()),
        json: json.to_string(),
    })
}

fn fact(
    values: &LabelValues,
    printer: &str,
    fault: Option<&PrinterFault>,
    reprint: Option<ReprintRecord>,
) -> Fact {
    let (uid, device_serial) = (values.uid.clone(), values.serial.clone());
    let (label_batch, printer) = (values.batch.clone(), printer.to_owned());
    match fault {
        None => Fact::LabelPrinted(LabelPrintedRecord {
            uid,
            device_serial,
            label_batch,
            printer,
            reprint,
        }),
        Some(fault) => Fact::LabelFailed(LabelFailedRecord {
            uid,
            device_serial,
            label_batch,
            printer,
            detail: fault.to_string(),
            reprint,
        }),
    }
}

//! The labels of a line: each board that passes gets one, from a thread of its own; what became of it is
//! recorded and said.

use std::fmt;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::StationFloor;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::label::{LabelJob, LabelNews, Outcome, Printer, Printing};
use crate::ledger::EventStore as _;
use crate::ledger::event::{Event, Fact, LabelFailedRecord, LabelPrintedRecord};
use crate::ledger::standing::Durability;
use crate::names::{BatchId, DeviceSerial};
use crate::profile::{LabelTemplate, LabelValues, Profile};
use crate::provisioning::Verdict;
use crate::station_home::{LabelLanguage, LabelPrinterConfig};
use crate::verdict::VerdictCode;

/// The labels of one line.
pub(crate) struct Labels {
    printing: Option<Printing>,
    floor: Arc<StationFloor>,
    template: LabelTemplate,
    language: LabelLanguage,
    profile: Arc<Profile>,
    said: Mutex<Receiver<Said>>,
}

/// What people are told of labels; nothing of one that was printed.
pub(crate) enum Said {
    /// A label waits for the printer, and why; boards go on.
    Waits(DeviceSerial, String),
    /// A label did not go through, and why.
    Failed(DeviceSerial, String),
    /// What became of a label is not in the ledger.
    Unrecorded(String),
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waits(serial, why) => write!(
                f,
                "the label of {serial} waits for the printer: {why}; boards go on"
            ),
            Self::Failed(serial, why) => write!(
                f,
                "the label of {serial} did not go through: {why}; station label print {serial} --reason TEXT"
            ),
            Self::Unrecorded(text) => f.write_str(text),
        }
    }
}

impl Labels {
    /// Starts printing, where the profile has a label and the configuration a printer.
    pub(crate) fn start(
        floor: &Arc<StationFloor>,
        profile: &Arc<Profile>,
        config: Option<LabelPrinterConfig>,
    ) -> Result<Option<Self>, Failure> {
        let (Some(template), Some(config)) = (profile.label.clone(), config) else {
            return Ok(None);
        };
        let language = config.language;
        let printer = Printer::new(config);
        let (sayer, said) = channel();
        // A printer that hangs must not keep the ledger and the token from being given back.
        let (name, recorder) = (printer.name(), Arc::downgrade(floor));
        let tell = move |news: LabelNews| {
            let told = told(&news);
            let failed = record(&recorder, &name, news).err();
            // Nobody is left to be told where the line has ended.
            if let Some(said) = failed.map(Said::Unrecorded).or(told) {
                drop(sayer.send(said));
            }
        };
        let tell = Arc::new(tell);
        let printing = Printing::start(printer, tell).map_err(|error| {
            Failure::station(
                "cannot print labels",
                error,
                "see what else runs on the machine",
            )
        })?;
        Ok(Some(Self {
            printing: Some(printing),
            floor: Arc::clone(floor),
            template,
            language,
            profile: Arc::clone(profile),
            said: Mutex::new(said),
        }))
    }

    /// Has the label of a board printed that has just passed; never waits for the printer.
    pub(crate) fn follow(&self, batch: &BatchId, verdict: &Verdict) {
        let passed = (verdict.code == VerdictCode::Pass)
            .then(|| verdict.uid.clone().zip(verdict.device_serial.clone()))
            .flatten();
        let (Some((uid, serial)), Some(printing)) = (passed, &self.printing) else {
            return;
        };
        let values = LabelValues {
            serial,
            uid,
            product: self.profile.product.clone(),
            batch: batch.clone(),
            passed: self.floor.clock.now().utc,
        };
        let label = match self.language {
            LabelLanguage::Zpl => self.template.zpl(&values),
            LabelLanguage::Text => self.template.text(&values),
        };
        printing.offer(LabelJob {
            serial: values.serial,
            uid: values.uid,
            batch: values.batch,
            label,
        });
    }

    /// Says what is new about the printer.
    pub(crate) fn say(&self, output: &Output) {
        for said in self.news() {
            output.notice(&said.to_string());
        }
    }

    /// What is new about the printer.
    pub(crate) fn news(&self) -> Vec<Said> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.try_iter().collect()
    }

    /// Prints what still waits, as far as the printer takes it.
    pub(crate) fn finish(mut self, output: &Output) {
        self.stop();
        self.say(output);
    }

    /// The same, for whoever says it elsewhere.
    pub(crate) fn stop(&mut self) {
        self.printing = None;
    }
}

fn told(news: &LabelNews) -> Option<Said> {
    let serial = news.job.serial.clone();
    match &news.outcome {
        Outcome::Printed => None,
        Outcome::Waits(why) => Some(Said::Waits(serial, why.clone())),
        Outcome::Failed(why) => Some(Said::Failed(serial, why.clone())),
    }
}

/// Tells the ledger; gives what to say where it cannot.
fn record(floor: &Weak<StationFloor>, printer: &str, news: LabelNews) -> Result<(), String> {
    let floor = floor.upgrade().ok_or_else(|| {
        format!(
            "the label of {} came too late to be recorded",
            news.job.serial
        )
    })?;
    let job = news.job;
    let serial = job.serial.clone();
    let (uid, device_serial, label_batch) = (job.uid, job.serial, job.batch);
    let printer = printer.to_owned();
    let fact = match news.outcome {
        Outcome::Printed => Fact::LabelPrinted(LabelPrintedRecord {
            uid,
            device_serial,
            label_batch,
            printer,
            reprint: None,
        }),
        Outcome::Waits(detail) | Outcome::Failed(detail) => Fact::LabelFailed(LabelFailedRecord {
            uid,
            device_serial,
            label_batch,
            printer,
            detail,
            reprint: None,
        }),
    };
    let event = Event::of_station(floor.clock.now().utc, fact);
    let recorded = floor.store.record(vec![event], Durability::Durable);
    recorded.map(drop).map_err(|error| {
        format!("what became of the label of {serial} could not be recorded: {error}")
    })
}

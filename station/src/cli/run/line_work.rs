//! One run of the line beneath the terminal: its thread, what it tells, how far it is.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use firmware_proto::Uid;

use super::clerk::Order;
use super::frame_watch::FrameWatch;
use super::news;
use super::resting::Resting;
use crate::cli::failure::Failure;
use crate::cli::provision::StationFloor;
use crate::cli::provision::labels::Labels;
use crate::cli::provision::preparation::PreparedLine;
use crate::clock::UtcMillis;
use crate::ledger::{LaneWear, Reader};
use crate::line::lane_event::{LaneEvent, News};
use crate::line::stop::StopLevel;
use crate::line::stop_watch::Seen;
use crate::line::supervisor::{self, LineReport, StopRules};
use crate::line::tally::BatchTally;
use crate::line::wishes::LineState;
use crate::names::{BatchId, LaneName, OperatorId};
use crate::provisioning::Session;
use crate::tui::event::{Event, StationNews};
use crate::tui::state::batch::{BatchHead, Progress, YieldPoint};
use crate::verdict::VerdictCode;
use crate::words::{Language, Phrase};

/// A line that runs.
pub(super) struct RunningLine {
    pub(super) floor: Arc<StationFloor>,
    figures: Arc<Figures>,
    labels: Arc<Mutex<Option<Labels>>>,
    thread: JoinHandle<LineReport>,
}

/// Who hears of it.
pub(super) struct Listeners {
    /// The terminal.
    pub(super) events: SyncSender<Event>,
    /// The clerk.
    pub(super) orders: Sender<Order>,
    /// Whoever looks at a lane's wire.
    pub(super) frames: FrameWatch,
}

/// How far the batch is, in figures.
struct Figures {
    floor: Arc<StationFloor>,
    tally: Mutex<BatchTally>,
    /// What the lanes have seen, in all batches.
    wear: Mutex<BTreeMap<LaneName, LaneWear>>,
    /// Boards that were in work when a person left, and did not get to their end.
    left: Mutex<Vec<LeftBoard>>,
}

fn point((at, permille): &(UtcMillis, u16)) -> YieldPoint {
    YieldPoint {
        utc_ms: at.0,
        permille: *permille,
    }
}

impl Figures {
    fn tally(&self) -> MutexGuard<'_, BatchTally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> Progress {
        let (tally, production) = (self.tally(), &self.floor.production);
        let now = self.floor.clock.now().utc;
        let (done, target) = (
            u64::from(production.provisioned()),
            u64::from(production.quantity()),
        );
        Progress {
            done,
            target,
            yield_permille: tally.first_pass_permille(),
            rate_per_hour: tally.rate_per_hour(now),
            left_s: tally.seconds_for(target.saturating_sub(done), now),
            codes: tally.codes(),
            yield_over_time: tally.yield_over_time().iter().map(point).collect(),
        }
    }

    /// What is left of them when the line has ended.
    fn resting(&self) -> Resting {
        let told = self.progress();
        Resting::new(std::mem::take(&mut *self.tally()), told)
    }

    /// Takes a verdict in; gives what its lane has seen by now.
    fn follow(&self, event: &LaneEvent) -> Option<StationNews> {
        let News::Verdict(verdict) = &event.news else {
            return None;
        };
        let seen = Seen {
            lane: event.lane.clone(),
            code: verdict.code,
            board: verdict
                .uid
                .as_ref()
                .or(verdict.claimed_uid.as_ref())
                .cloned(),
        };
        let now = self.floor.clock.now().utc;
        self.tally().follow(&seen, now);
        let stopped = matches!(seen.code, VerdictCode::Aborted | VerdictCode::InDoubt);
        if stopped && self.floor.stop.level() >= StopLevel::Aborting {
            lock(&self.left).push(LeftBoard::of(&seen));
        }
        let mut wear = lock(&self.wear);
        let of_lane = wear.entry(event.lane.clone()).or_default();
        of_lane.add(verdict.code);
        Some(news::of_wear([(&event.lane, &*of_lane)]))
    }
}

/// What hears the lanes, on the line's thread, and tells the terminal.
struct Ears {
    figures: Arc<Figures>,
    labels: Arc<Mutex<Option<Labels>>>,
    events: SyncSender<Event>,
    frames: FrameWatch,
}

impl Ears {
    fn hear(&self, event: &LaneEvent) {
        let floor = &self.figures.floor;
        let wear = self.figures.follow(event);
        if let News::Verdict(verdict) = &event.news
            && let Some(labels) = &*lock(&self.labels)
        {
            labels.follow(floor.production.batch(), verdict);
        }
        let lane = event.lane.to_string();
        let news = news::of(&event.news);
        self.tell(Event::Lane { lane, news });
        if let Some(wear) = wear {
            self.tell(Event::Station(wear));
        }
        if let Some(frames) = self.frames.news(floor, Some(&event.lane)) {
            self.tell(frames);
        }
        if let News::Verdict(_) | News::Held(_) | News::Released = event.news {
            let progress = StationNews::Progress(self.figures.progress());
            self.tell(Event::Station(progress));
        }
    }

    fn tell(&self, event: Event) {
        let _told = self.events.send(event);
    }
}

impl RunningLine {
    /// Starts it; what it tells goes to the terminal, its end to the clerk.
    pub(super) fn start(
        prepared: PreparedLine,
        reader: &Reader,
        begun_by: &OperatorId,
        to: Listeners,
    ) -> Result<Self, Failure> {
        let PreparedLine {
            floor,
            plans,
            batch,
            profile,
            labels,
            remarks: _,
        } = prepared;
        let labels = Arc::new(Mutex::new(labels));
        let figures = Arc::new(Figures {
            floor: Arc::clone(&floor),
            tally: Mutex::new(tally(reader, &batch.batch)?),
            wear: Mutex::new(reader.lane_wear()?),
            left: Mutex::default(),
        });
        let head = BatchHead {
            batch: batch.batch.to_string(),
            product: profile.product.as_str().to_owned(),
            work_order: batch.work_order.to_string(),
            begun_by: begun_by.to_string(),
            lanes: plans
                .iter()
                .map(|plan| (plan.name.to_string(), plan.port.name().to_owned()))
                .collect(),
        };
        let Listeners {
            events,
            orders,
            frames,
        } = to;
        let tell = |news| {
            let _told = events.send(Event::Station(news));
        };
        tell(StationNews::LineStarted(head));
        tell(StationNews::LineIs(LineState::Running));
        tell(news::of_wear(&*lock(&figures.wear)));
        tell(StationNews::Progress(figures.progress()));
        frames.begin_anew();
        let works = Arc::clone(&floor);
        let hears = Ears {
            figures: Arc::clone(&figures),
            labels: Arc::clone(&labels),
            events,
            frames,
        };
        let work = move || {
            let ends = EndWatch(orders);
            let rules = StopRules::default();
            let report = supervisor::run::<_, _, Session>(&works, plans, rules, |event| {
                hears.hear(event);
            });
            end_labels(&hears.labels);
            drop(ends);
            report
        };
        let thread = std::thread::Builder::new().name("line".to_owned());
        let thread = thread.spawn(work).map_err(no_thread)?;
        Ok(Self {
            floor,
            figures,
            labels,
            thread,
        })
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        self.figures.progress()
    }

    /// How many verdicts this run has given: each is a board that somebody put in.
    pub(super) fn verdicts(&self) -> u64 {
        self.floor.status().verdicts
    }

    /// Which lane waits for the HSM, where one does.
    pub(super) fn hsm_trouble(&self) -> Option<String> {
        let unwell = Some(VerdictCode::StationHsm);
        let mut lanes = self.floor.status().lanes.into_iter();
        let lane = lanes.find(|lane| lane.held == unwell)?;
        Some(format!("lane {}: {}", lane.lane, lane.doing))
    }

    /// What is new about the label printer.
    pub(super) fn label_news(&self) -> Vec<StationNews> {
        label_news(&self.labels)
    }

    /// What it does.
    pub(super) fn state(&self) -> LineState {
        match self.floor.stop.level() {
            StopLevel::Running => LineState::Running,
            _ => LineState::Finishing,
        }
    }

    /// The batch that it works on.
    pub(super) fn batch(&self) -> &BatchId {
        self.floor.production.batch()
    }

    /// Waits for its end, which it has told.
    pub(super) fn join(self) -> Option<EndedLine> {
        let report = self.thread.join().ok()?;
        Some(EndedLine {
            report,
            labels: label_news(&self.labels),
            left: std::mem::take(&mut *lock(&self.figures.left)),
            resting: self.figures.resting(),
            floor: self.floor,
        })
    }
}

/// What is left of a line.
pub(super) struct EndedLine {
    pub(super) floor: Arc<StationFloor>,
    pub(super) report: LineReport,
    /// What is still to be told of labels.
    pub(super) labels: Vec<StationNews>,
    /// Boards that a person who left did not wait for.
    pub(super) left: Vec<LeftBoard>,
    /// How far the batch is.
    pub(super) resting: Resting,
}

/// On the line's thread, and not where its end is taken: a printer that hangs must not keep the clerk from people.
fn end_labels(labels: &Mutex<Option<Labels>>) {
    let waiting = lock(labels).take();
    if let Some(mut waiting) = waiting {
        waiting.stop();
        *lock(labels) = Some(waiting);
    }
}

fn no_thread(error: std::io::Error) -> Failure {
    let to_do = "see whether the machine is out of threads, then start again";
    Failure::station("cannot start the line", error, to_do)
}

fn label_news(labels: &Mutex<Option<Labels>>) -> Vec<StationNews> {
    let labels = lock(labels);
    let said = labels.as_ref().map(Labels::news).unwrap_or_default();
    said.into_iter().map(news::of_label).collect()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A board that did not get to its end.
pub(super) struct LeftBoard {
    lane: LaneName,
    board: Option<Uid>,
    code: VerdictCode,
}

impl LeftBoard {
    fn of(seen: &Seen) -> Self {
        Self {
            lane: seen.lane.clone(),
            board: seen.board.clone(),
            code: seen.code,
        }
    }

    /// What whoever left is told of it.
    pub(super) fn told(&self, language: Language) -> String {
        let board = self.board.as_ref().map(ToString::to_string);
        let values = [
            self.lane.as_str(),
            &board.unwrap_or_default(),
            self.code.as_str(),
        ];
        language.fill(Phrase::LeftInWork, &values)
    }
}

/// Tells the end, even that of a thread that panics.
struct EndWatch(Sender<Order>);

impl Drop for EndWatch {
    fn drop(&mut self) {
        let _told = self.0.send(Order::LineEnded);
    }
}

/// What the batch came to before this run.
fn tally(reader: &Reader, batch: &BatchId) -> Result<BatchTally, Failure> {
    let mut tally = BatchTally::default();
    for leaf in reader.verdicts_and_cleared_holds(batch).decoded() {
        let leaf = leaf?;
        if let Some(seen) = Seen::of(&leaf.fact) {
            tally.follow(&seen, leaf.time);
        }
    }
    Ok(tally)
}

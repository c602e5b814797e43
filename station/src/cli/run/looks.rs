//! What the clerk looks at now and then: alarms, health, how far the line is, whether somebody is to be signed out.

use std::time::Duration;

use super::alarm_watch::AlarmWatch;
use super::clerk::Clerk;
use super::health::Health;
use crate::clock::Clock as _;
use crate::tui::event::StationNews;

/// How often the clerk looks whether somebody is to be signed out, and tells how far the batch is.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

impl Clerk<'_> {
    /// Tells what the ledger says of alarms since it was asked last.
    pub(super) fn follow_alarms(&mut self) {
        let news = match &mut self.alarms {
            Some(watch) => watch.look(),
            None => AlarmWatch::begin(&self.station.owned.home).map(|(watch, news)| {
                self.alarms = Some(watch);
                news
            }),
        };
        let (news, fault) = match news {
            Ok(news) => (news, None),
            Err(failure) => (Vec::new(), Some(failure.to_string())),
        };
        let fault = self.unread.follow(fault);
        fault
            .into_iter()
            .chain(news)
            .for_each(|news| self.tell(news));
    }

    /// Tells how HSM and ledger are, where that has changed.
    pub(super) fn tell_health(&mut self) {
        let now = Health::of(self.station, self.line.as_ref());
        let news = now.news_since(&self.health);
        self.health = now;
        for news in news {
            self.tell(news);
        }
    }

    pub(super) fn tell_frames(&self) {
        if let Some(line) = &self.line
            && let Some(event) = self.frames.news(&line.floor, None)
        {
            let _told = self.events.send(event);
        }
    }

    pub(super) fn until_look(&self) -> Duration {
        let since = self.clock.monotonic().0.saturating_sub(self.looked.0);
        LOOK_INTERVAL.saturating_sub(Duration::from_millis(since))
    }

    pub(super) fn look(&mut self) {
        self.looked = self.clock.monotonic();
        self.follow_alarms();
        self.tell_health();
        self.tell_frames();
        if let Some(line) = &self.line {
            // Another command may have closed its batch, or its last board is made.
            self.tell(StationNews::LineIs(line.state()));
            self.tell(StationNews::Progress(line.progress()));
            let verdicts = line.verdicts();
            if verdicts != self.verdicts {
                // Who puts boards in is there, whether they touch a key or not.
                self.verdicts = verdicts;
                self.people.touched(self.clock.monotonic());
            }
            line.label_news()
                .into_iter()
                .for_each(|news| self.tell(news));
        }
        let now = self.clock.utc();
        if let Some(progress) = self.resting.as_mut().and_then(|rests| rests.news(now)) {
            self.tell(StationNews::Progress(progress));
        }
        let outcome = self.people.tick(self.clock.monotonic());
        // What is owed is tried again at each look; that the ledger takes nothing is told by its health.
        let anew = !outcome.facts.is_empty();
        if let Err(failure) = self.conclude(outcome)
            && anew
        {
            self.refuse(&failure);
        }
    }
}

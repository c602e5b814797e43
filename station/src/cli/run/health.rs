//! Whether HSM and ledger are well, as the header of every screen says.
//!
//! Nothing here waits for either: what they met last is known, and a probe runs on a thread of its own.

use std::path::Path;
use std::time::Duration;

use super::line_work::RunningLine;
use crate::cli::provision::preparation::WorkingStation;
use crate::hsm::SignerPool;
use crate::line::interval::Interval;
use crate::tui::event::StationNews;
use crate::tui::told::Told;
use crate::words::Trouble;

/// How often a key signs while no board needs it.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);

/// Less free space than this on the home's disk is a fault: some ten thousand boards' worth, and time to make room.
const LEAST_FREE_BYTES: u64 = 256 * 1024 * 1024;

/// What is wrong; none where all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Health {
    hsm: Option<Ailment>,
    ledger: Option<Ailment>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ailment {
    trouble: Trouble,
    /// Technical text.
    says: String,
}

impl Ailment {
    fn of(trouble: Trouble) -> impl Fn(String) -> Self {
        move |says| Self { trouble, says }
    }
}

impl Health {
    /// As it is now.
    pub(super) fn of(station: &WorkingStation, line: Option<&RunningLine>) -> Self {
        let signer = station.owned.signer.trouble();
        let lanes = line.and_then(RunningLine::hsm_trouble);
        let ledger = station.store.trouble().map(|trouble| trouble.to_string());
        let home = station.owned.home.path();
        Self {
            hsm: signer
                .map(|trouble| trouble.to_string())
                .or(lanes)
                .map(Ailment::of(Trouble::Hsm)),
            ledger: ledger
                .map(Ailment::of(Trouble::Ledger))
                .or_else(|| nearly_full(home, LEAST_FREE_BYTES)),
        }
    }

    /// What is told where it was `before`: why, of what has gone wrong since, and then how it is.
    pub(super) fn news_since(&self, before: &Self) -> Vec<StationNews> {
        if self == before {
            return Vec::new();
        }
        let parts = [(&before.hsm, &self.hsm), (&before.ledger, &self.ledger)];
        let worse = |(before, now): (&Option<Ailment>, &Option<Ailment>)| {
            now.clone().filter(|_| before.is_none())
        };
        let worse = parts.into_iter().filter_map(worse);
        let mut news: Vec<_> = worse
            .map(|Ailment { trouble, says }| StationNews::Told(Told::Trouble { trouble, says }))
            .collect();
        news.push(StationNews::Health {
            hsm: self.hsm.is_none(),
            ledger: self.ledger.is_none(),
        });
        news
    }
}

/// Has a key sign now and then, so that a token that has gone is seen before the next board.
pub(super) fn probes(signer: &SignerPool) -> Interval {
    let signer = signer.clone();
    Interval::start(PROBE_INTERVAL, move || signer.probe())
}

/// Says so where a disk has less free space than `least`. One that does not say is not judged.
fn nearly_full(folder: &Path, least: u64) -> Option<Ailment> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let mebibytes = |bytes: u64| bytes / (1024 * 1024);
    (free < least).then(|| {
        let free_mib = mebibytes(free);
        Ailment::of(Trouble::DiskNearlyFull { free_mib })(format!(
            "the disk of {} is nearly full: {} MiB are free, {} are the least; make room",
            folder.display(),
            free_mib,
            mebibytes(least)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(hsm: Option<&str>, ledger: Option<&str>) -> Health {
        Health {
            hsm: hsm.map(str::to_owned).map(Ailment::of(Trouble::Hsm)),
            ledger: ledger.map(str::to_owned).map(Ailment::of(Trouble::Ledger)),
        }
    }

    #[test]
    fn a_disk_is_judged_by_what_is_free() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(nearly_full(folder.path(), 0), None);
        let ailment = nearly_full(folder.path(), u64::MAX).unwrap();
        assert!(matches!(ailment.trouble, Trouble::DiskNearlyFull { free_mib } if free_mib > 0));
        assert!(ailment.says.contains("nearly full"), "{ailment:?}");
        assert_eq!(nearly_full(Path::new("/no/such/folder"), u64::MAX), None);
    }

    #[test]
    fn what_goes_wrong_is_told_once_with_why() {
        let (well, ill) = (health(None, None), health(None, Some("no mirror")));
        let state = |hsm, ledger| StationNews::Health { hsm, ledger };
        let why = |trouble, says: &str| {
            StationNews::Told(Told::Trouble {
                trouble,
                says: says.to_owned(),
            })
        };
        let ledger = why(Trouble::Ledger, "no mirror");
        assert_eq!(well.news_since(&well), []);
        assert_eq!(ill.news_since(&well), [ledger, state(true, false)]);
        assert_eq!(ill.news_since(&ill), []);
        assert_eq!(well.news_since(&ill), [state(true, true)]);
        // The same in other words is no other trouble.
        let other = health(Some("gone"), Some("no mirror at all"));
        let hsm = why(Trouble::Hsm, "gone");
        assert_eq!(other.news_since(&ill), [hsm, state(false, false)]);
    }
}

//! Labels that a lane's board waits for.

use super::*;
use crate::line::label_desk::{LabelDesk, Scanned};
use crate::profile::SerialPattern;

#[test]
fn a_label_is_no_other_boards_though_its_work_is_over() {
    let pattern = SerialPattern::parse("SA-######").unwrap();
    let bench = Bench::start_with(|floor| floor.labels = LabelDesk::asking(pattern, Vec::new()));
    bench.floor.store.open_batch(opening(BATCH, 10)).unwrap();
    let scan = |lane| bench.floor.labels.scanned("SA-000001", lane, None);
    let [own, other] = ["L1", "L2"].map(|name| LaneName::parse(name).unwrap());
    let device = bench.device_says(b"label\0");
    bench.await_news(|news| *news == News::AwaitsLabel);
    let neighbour = firmware_proto::Uid::from_bytes(&[9; 8]).unwrap();
    bench.floor.labels.wait(&other, &neighbour);
    assert!(matches!(scan(&own), Scanned::Taken { .. }));
    bench.await_news(|news| matches!(news, News::Board { .. }));
    assert!(matches!(scan(&other), Scanned::OfAnotherLane { .. }));
    drop(device);
    bench.await_verdict(VerdictCode::LinkLost);
    // Nor is it once that board is gone, but for itself.
    assert!(matches!(scan(&other), Scanned::OfAnotherLane { .. }));
    bench.floor.labels.wait(&other, &uid());
    assert!(matches!(scan(&other), Scanned::Taken { .. }));
    assert_eq!(bench.stop(StopLevel::Finishing), LaneEnd::Stopped);
}

#[test]
fn a_label_that_came_too_late_is_used_for_nobody() {
    let pattern = SerialPattern::parse("SA-######").unwrap();
    let bench = Bench::start_with(|floor| floor.labels = LabelDesk::asking(pattern, Vec::new()));
    let lane = LaneName::parse("L1").unwrap();
    let _device = bench.device_says(b"label\0");
    bench.await_news(|news| *news == News::AwaitsLabel);
    // A code of something else is used by nobody: it tells whether the lane still waits.
    let asked = || bench.floor.labels.scanned("4006381333931", &lane, None);
    assert_eq!(asked(), Scanned::Odd);
    bench.clock.advance(120_000);
    let found = (0..60_000).find_map(|_| {
        std::thread::park_timeout(Duration::from_millis(1));
        Some(asked()).filter(|found| *found != Scanned::Odd)
    });
    assert_eq!(found, Some(Scanned::NobodyWaits));
    assert_eq!(bench.stop(StopLevel::Aborting), LaneEnd::Stopped);
}

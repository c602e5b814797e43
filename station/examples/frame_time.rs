//! How long a frame of the operator's terminal takes to be made: the whole screen of 24 busy lanes, from a
//! snapshot, into the buffer of which only changes are sent to the terminal.
//!
//! `frame_time FRAMES` prints microseconds for the line screen at three sizes.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use station::tui::event::{Event, LaneNews, StationNews};
use station::tui::state::State;
use station::tui::state::batch::BatchHead;
use station::tui::state::lanes::{ShownVerdict, Wire};
use station::tui::theme::Theme;
use station::tui::update::update;
use station::tui::view;
use station::verdict::VerdictCode;

const LANES: usize = 24;

/// One lane in three has a verdict, the others are at work.
fn busy_line(size: (u16, u16)) -> State {
    let mut state = State {
        size,
        ..State::default()
    };
    let name = |lane: usize| format!("lane{lane}");
    let lanes = (0..LANES).map(|lane| (name(lane), format!("/dev/ttyUSB{lane}")));
    let head = BatchHead {
        batch: "B-2026-47".to_owned(),
        product: "SENSOR-A".to_owned(),
        work_order: "WO-1187".to_owned(),
        begun_by: String::new(),
        lanes: lanes.collect(),
    };
    drop(update(
        &mut state,
        Event::Station(StationNews::LineStarted(head)),
    ));
    for lane in 0..LANES {
        let step = u8::try_from(1 + lane % 8).unwrap_or(1);
        let mut news = vec![LaneNews::Step(step)];
        if lane % 3 == 0 {
            news.push(LaneNews::Verdict(Box::new(ShownVerdict {
                code: VerdictCode::HwLimit,
                detail: "i_sleep: got 0.000041 A, limits 0.000002 to 0.00003".to_owned(),
                uid: Some("F55CDF463D6CEDAD1ACB1B29".to_owned()),
                serial: None,
                took_ms: 3_240,
                wire: Wire::default(),
            })));
        }
        for news in news {
            let lane = name(lane);
            drop(update(&mut state, Event::Lane { lane, news }));
        }
    }
    state
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames: usize = std::env::args().nth(1).map_or(Ok(2_000), |n| n.parse())?;
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let state = busy_line((width, height));
        let mut took: Vec<u128> = (0..frames.max(1))
            .map(|_| {
                let begun = Instant::now();
                let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                let faults = view::draw(&state, Theme::Colours, &mut buffer);
                assert!(faults.is_empty(), "{faults:?}");
                begun.elapsed().as_micros()
            })
            .collect();
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or(0);
        writeln!(
            std::io::stdout(),
            "frame of {LANES} lanes, {width} x {height}: {} us (median), {} us (99 of 100)",
            at(50),
            at(99)
        )?;
    }
    Ok(())
}

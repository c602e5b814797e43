//! Sessions that ended over time, one colour a lane.

use std::collections::{BTreeMap, BTreeSet};

use plotters::prelude::{ChartBuilder, Color as _, Rectangle};

use super::paint::{ChartFault, LANE_COLOURS, chart, quiet};
use crate::clock::UtcMillis;
use crate::manifest::report::real;
use crate::manifest::report::timeline::Timeline;
use crate::manifest::report::units::duration;
use crate::names::LaneName;

const SIZE: (u32, u32) = (720, 250);
const DAY_MS: u64 = 86_400_000;

/// The lanes in the order of their colours; all from the last colour on share it.
#[must_use]
pub fn lane_order(timeline: &Timeline) -> Vec<LaneName> {
    let mut lanes = BTreeSet::new();
    for (_, column) in timeline.columns() {
        lanes.extend(column.into_iter().flat_map(BTreeMap::keys).cloned());
    }
    lanes.into_iter().collect()
}

/// The chart; the timeline is not empty.
///
/// # Errors
/// None that drawing into memory can cause; the library's signature has one.
pub fn throughput(timeline: &Timeline) -> Result<String, ChartFault> {
    let lanes = lane_order(timeline);
    let columns: Vec<_> = timeline.columns().collect();
    let sum = |column: Option<&BTreeMap<LaneName, u64>>| -> u64 {
        column.map_or(0, |lanes| lanes.values().sum())
    };
    let highest = columns
        .iter()
        .map(|(_, column)| sum(*column))
        .max()
        .unwrap_or(1);
    let width = timeline.width_ms();
    let words = format!(
        "{} sessions on {} lanes in columns of {}; the busiest column has {highest}. The table below has \
         each lane's sum.",
        columns.iter().map(|(_, column)| sum(*column)).sum::<u64>(),
        lanes.len(),
        duration(width),
    );
    let starts: Vec<UtcMillis> = columns.iter().map(|(start, _)| *start).collect();
    chart(
        "chart-throughput",
        ("Throughput by lane", &words),
        SIZE,
        |area| {
            let mut chart = ChartBuilder::on(area)
                .margin(8)
                .margin_right(14)
                .x_label_area_size(26)
                .y_label_area_size(38)
                .build_cartesian_2d(
                    -0.5..real(columns.len().max(6) as u64) - 0.5,
                    0.0..(real(highest) * 1.08).max(1.0),
                )?;
            let mut mesh = chart.configure_mesh();
            quiet(&mut mesh)
                .x_labels(8)
                .y_labels(5)
                .x_label_formatter(&|at| column_label(&starts, width, *at))
                .y_label_formatter(&|sessions| whole(*sessions))
                .draw()?;
            for (at, (_, column)) in columns.iter().enumerate() {
                let (mut base, middle) = (0, real(at as u64));
                for (lane, sessions) in column.iter().copied().flatten() {
                    let place = lanes
                        .iter()
                        .position(|known| known == lane)
                        .unwrap_or_default();
                    let colour = LANE_COLOURS[place.min(LANE_COLOURS.len() - 1)];
                    let bar = [
                        (middle - 0.38, real(base)),
                        (middle + 0.38, real(base + sessions)),
                    ];
                    chart.draw_series([Rectangle::new(bar, colour.filled())])?;
                    base += sessions;
                }
            }
            Ok(())
        },
    )
}

/// When a column begins, as precisely as its width asks for; nothing between columns.
fn column_label(starts: &[UtcMillis], width: u64, at: f64) -> String {
    let column = (0..starts.len()).find(|column| (real(*column as u64) - at).abs() < 1e-6);
    let Some(start) = column.and_then(|column| starts.get(column)) else {
        return String::new();
    };
    let text = start.to_string();
    // 2026-11-22T08:30:00.250Z
    let part = if width >= DAY_MS {
        text.get(..10)
    } else if width >= 60_000 {
        text.get(11..16)
    } else {
        text.get(11..19)
    };
    part.unwrap_or_default().to_owned()
}

/// Only whole numbers are labelled.
fn whole(value: f64) -> String {
    if (value - value.round()).abs() < 1e-6 {
        format!("{value:.0}")
    } else {
        String::new()
    }
}

//! Failures by code, the most frequent first, with their running sum.

use plotters::prelude::{Circle, Color as _, Rectangle};
use plotters::style::text_anchor::HPos;

use super::paint::{
    Area, BAD, ChartFault, GRID, INK, MUTED, SUM, chart, letters, line, pixel, write,
};
use crate::manifest::report::real;
use crate::manifest::report::units::percent;
use crate::verdict::VerdictCode;

/// Codes with a bar of their own.
const BARS_MAX: usize = 12;

const WIDTH: u32 = 720;
const TOP: f64 = 34.0;
const ROW: f64 = 30.0;
const LEFT: f64 = 172.0;
const RIGHT: f64 = 690.0;
/// Half of a bar.
const HALF: f64 = 9.0;

/// The chart; `ranked` has the most frequent code first, and is not empty.
///
/// # Errors
/// None that drawing into memory can cause; the library's signature has one.
pub fn pareto(ranked: &[(VerdictCode, u64)]) -> Result<String, ChartFault> {
    let bars = bars(ranked);
    let total: u64 = bars.iter().map(|(_, boards)| boards).sum();
    let height = TOP + ROW * real(bars.len() as u64) + 12.0;
    let said: Vec<String> = bars
        .iter()
        .map(|(name, boards)| format!("{name} {boards}"))
        .collect();
    let words = format!(
        "{total} boards that did not pass, by verdict code, the most frequent first: {}.",
        said.join(", ")
    );
    let size = (WIDTH, pixel(height).unsigned_abs());
    chart("chart-pareto", ("Failures by code", &words), size, |area| {
        let labels = letters(13, INK, HPos::Right);
        let small = letters(11, MUTED, HPos::Center);
        for quarter in 0..=4_u64 {
            let x = across(quarter, 4);
            line(area, &[(x, TOP - 8.0), (x, height - 10.0)], GRID, 1)?;
            write(area, format!("{} %", quarter * 25), (x, TOP - 20.0), &small)?;
        }
        for (row, (name, boards)) in bars.iter().enumerate() {
            let (middle, end) = (down(row), across(*boards, total).max(LEFT + 2.0));
            let bar = [
                (pixel(LEFT), pixel(middle - HALF)),
                (pixel(end), pixel(middle + HALF)),
            ];
            area.draw(&Rectangle::new(bar, BAD.filled()))?;
            write(area, name, (LEFT - 10.0, middle), &labels)?;
        }
        running_sum(area, &bars, total)
    })
}

/// How far to the right a share stands.
fn across(part: u64, whole: u64) -> f64 {
    LEFT + (RIGHT - LEFT) * real(part) / real(whole.max(1))
}

/// How far down the middle of a row is.
fn down(row: usize) -> f64 {
    TOP + ROW * (real(row as u64) + 0.5)
}

/// A bar a code; those beyond the last share one.
fn bars(ranked: &[(VerdictCode, u64)]) -> Vec<(String, u64)> {
    let own = ranked.iter().take(BARS_MAX);
    let mut bars: Vec<_> = own
        .map(|(code, boards)| (code.to_string(), *boards))
        .collect();
    let others: u64 = ranked.iter().skip(BARS_MAX).map(|(_, boards)| boards).sum();
    if others > 0 {
        bars.push(("other codes".to_owned(), others));
    }
    bars
}

/// The line of the running sum, its points with their figures.
fn running_sum(area: &Area<'_>, bars: &[(String, u64)], total: u64) -> Result<(), ChartFault> {
    let mut sum = 0;
    let mut points = Vec::new();
    for (row, (_, boards)) in bars.iter().enumerate() {
        sum += boards;
        points.push((sum, (across(sum, total), down(row))));
    }
    let path: Vec<_> = points.iter().map(|(_, at)| *at).collect();
    line(area, &path, SUM, 2)?;
    for (sum, (x, y)) in points {
        area.draw(&Circle::new((pixel(x), pixel(y)), 4, SUM.filled()))?;
        // The last ones stand at the right edge: their figures go to the left of the point.
        let (hung, shift) = if x > RIGHT - 56.0 {
            (HPos::Right, -9.0)
        } else {
            (HPos::Left, 9.0)
        };
        let style = letters(11, SUM, hung);
        write(area, percent(sum, total), (x + shift, y - 1.0), &style)?;
    }
    Ok(())
}

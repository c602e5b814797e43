//! Failures by code, the most frequent first, with their running sum.

use plotters::prelude::{Circle, Color as _, Rectangle};
use plotters::style::text_anchor::HPos;

use super::paint::{BAD, ChartFault, GRID, INK, MUTED, SUM, chart, letters, line, pixel, write};
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

/// The chart; `ranked` has the most frequent code first, and is not empty.
///
/// # Errors
/// None that drawing into memory can cause; the library's signature has one.
pub fn pareto(ranked: &[(VerdictCode, u64)]) -> Result<String, ChartFault> {
    let total: u64 = ranked.iter().map(|(_, boards)| boards).sum();
    let mut bars: Vec<(String, u64)> = Vec::new();
    for (at, (code, boards)) in ranked.iter().enumerate() {
        match bars.last_mut().filter(|_| at >= BARS_MAX) {
            Some((name, sum)) if at > BARS_MAX || name.starts_with("other") => *sum += boards,
            _ if at == BARS_MAX => bars.push(("other codes".to_owned(), *boards)),
            _ => bars.push((code.to_string(), *boards)),
        }
    }
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
        let (labels, small) = (
            letters(13, INK, HPos::Right),
            letters(11, MUTED, HPos::Center),
        );
        let bottom = height - 10.0;
        for quarter in 0..=4_u64 {
            let x = LEFT + (RIGHT - LEFT) * real(quarter) / 4.0;
            line(area, &[(x, TOP - 8.0), (x, bottom)], GRID, 1)?;
            write(area, format!("{} %", quarter * 25), (x, TOP - 20.0), &small)?;
        }
        let mut sum = 0;
        let mut running = vec![];
        for (row, (name, boards)) in bars.iter().enumerate() {
            let middle = TOP + ROW * (real(row as u64) + 0.5);
            let at = |boards: u64| LEFT + (RIGHT - LEFT) * real(boards) / real(total.max(1));
            let (end, half) = (at(*boards).max(LEFT + 2.0), 9.0);
            let bar = [
                (pixel(LEFT), pixel(middle - half)),
                (pixel(end), pixel(middle + half)),
            ];
            area.draw(&Rectangle::new(bar, BAD.filled()))?;
            write(area, name, (LEFT - 10.0, middle), &labels)?;
            sum += boards;
            running.push((at(sum), middle));
        }
        line(area, &running, SUM, 2)?;
        for (at, (x, y)) in running.iter().enumerate() {
            area.draw(&Circle::new((pixel(*x), pixel(*y)), 4, SUM.filled()))?;
            let boards: u64 = bars.iter().take(at + 1).map(|(_, boards)| boards).sum();
            // The last ones stand at the right edge: their figures go to the left of the point.
            let (side, shift) = if *x > RIGHT - 56.0 {
                (HPos::Right, -9.0)
            } else {
                (HPos::Left, 9.0)
            };
            // Where the point lies on its own bar's end, its figure has the page behind it.
            write(
                area,
                percent(boards, total),
                (x + shift, y - 1.0),
                &letters(11, SUM, side),
            )?;
        }
        Ok(())
    })
}

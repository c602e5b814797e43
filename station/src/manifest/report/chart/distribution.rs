//! How often a quantity had which value, between its limits.

use plotters::prelude::{ChartBuilder, Color as _, PathElement, Rectangle};

use super::paint::{BAD, BAR, ChartFault, INK, LIMIT, chart, quiet};
use crate::manifest::report::histogram::Histogram;
use crate::manifest::report::real;
use crate::manifest::report::tally::Quantity;
use crate::manifest::report::units::{Scale, number};

const SIZE: (u32, u32) = (320, 190);

/// The chart of the quantity at that place in the page.
///
/// # Errors
/// None that drawing into memory can cause; the library's signature has one.
pub(in crate::manifest::report) fn distribution(
    place: usize,
    quantity: &Quantity,
    scale: &Scale,
) -> Result<String, ChartFault> {
    let histogram = &quantity.histogram;
    let (low, high) = histogram.limits();
    let bars = bars(histogram, scale);
    let (from, to) = match (bars.first(), bars.last()) {
        (Some(first), Some(last)) => (first.from, last.to),
        _ => (0.0, 1.0),
    };
    let highest = bars.iter().map(|bar| bar.values).max().unwrap_or(0).max(1);
    let title = format!("Distribution of {}", quantity.name);
    let words = words(quantity, scale, to - from);
    let id = format!("chart-quantity-{place}");
    chart(&id, (&title, &words), SIZE, |area| {
        let top = real(highest) * 1.12;
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .margin_right(12)
            .x_label_area_size(20)
            .y_label_area_size(32)
            .build_cartesian_2d(from..to, 0.0..top)?;
        let mut mesh = chart.configure_mesh();
        quiet(&mut mesh)
            .x_labels(5)
            .y_labels(4)
            .x_label_formatter(&|value| number(*value, to - from))
            .y_label_formatter(&|values| number(*values, 100.0))
            .draw()?;
        let gap = (to - from) / real(bars.len() as u64) * 0.06;
        for bar in bars.iter().filter(|bar| bar.values > 0) {
            let colour = if bar.outside { BAD } else { BAR };
            let corners = [(bar.from + gap, 0.0), (bar.to - gap, real(bar.values))];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
        }
        let limits = [low, high].into_iter().flatten();
        let limits = limits.map(|limit| (limit, LIMIT.stroke_width(2)));
        let mean = histogram.mean();
        let mean = mean.map(|mean| (mean, INK.stroke_width(1)));
        for (value, style) in limits.chain(mean) {
            let upright = vec![(scale.apply(value), 0.0), (scale.apply(value), top)];
            chart.draw_series([PathElement::new(upright, style)])?;
        }
        Ok(())
    })
}

struct Bar {
    from: f64,
    to: f64,
    values: u64,
    outside: bool,
}

/// The bins as they are drawn. What lies beyond all of them is drawn at the edge: a bad value is never
/// invisible.
fn bars(histogram: &Histogram, scale: &Scale) -> Vec<Bar> {
    let (low, high) = histogram.limits();
    let mut bars: Vec<Bar> = histogram
        .bins()
        .map(|(from, to, values)| {
            let middle = f64::midpoint(from, to);
            Bar {
                from: scale.apply(from),
                to: scale.apply(to),
                values,
                outside: low.is_some_and(|low| middle < low)
                    || high.is_some_and(|high| middle > high),
            }
        })
        .collect();
    let (below, above) = histogram.beyond();
    if let Some(first) = bars.first_mut() {
        first.values += below;
    }
    if let Some(last) = bars.last_mut() {
        last.values += above;
    }
    bars
}

fn words(quantity: &Quantity, scale: &Scale, span: f64) -> String {
    let (low, high) = quantity.histogram.limits();
    let bound = |limit: Option<f64>| {
        limit.map_or_else(
            || "none".to_owned(),
            |limit| number(scale.apply(limit), span),
        )
    };
    let unit = match scale.unit.as_str() {
        "" => "plain numbers",
        unit => unit,
    };
    format!(
        "Histogram of {} values in {unit}; lower limit {}, upper limit {}. The table below has mean, deviation \
         and Cpk.",
        quantity.histogram.count(),
        bound(low),
        bound(high),
    )
}

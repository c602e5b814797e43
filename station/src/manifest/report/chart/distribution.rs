//! How often a quantity had which value, between its limits.

use plotters::prelude::{ChartBuilder, Color as _, PathElement, Rectangle};
use plotters::style::text_anchor::HPos;

use super::paint::{BAD, BAR, ChartFault, GRID, INK, LIMIT, MUTED, chart, letters};
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
    let bins: Vec<_> = histogram.bins().collect();
    let (below, above) = histogram.beyond();
    let fullest = bins.iter().map(|(_, _, values)| *values).max();
    let highest = fullest.unwrap_or(0).max(below).max(above).max(1);
    let (from, to) = match (bins.first(), bins.last()) {
        (Some((from, _, _)), Some((_, to, _))) => (scale.apply(*from), scale.apply(*to)),
        _ => (0.0, 1.0),
    };
    let bound = |limit: Option<f64>| {
        limit.map_or_else(|| "none".to_owned(), |limit| scale.show(limit, to - from))
    };
    let title = format!("Distribution of {}", quantity.name);
    let words = format!(
        "Histogram of {} values in {}; lower limit {}, upper limit {}. The table below has mean, deviation and \
         Cpk.",
        histogram.count(),
        if scale.unit.is_empty() {
            "plain numbers"
        } else {
            &scale.unit
        },
        bound(low),
        bound(high),
    );
    let outside = |from: f64, to: f64| {
        let middle = f64::midpoint(from, to);
        low.is_some_and(|low| middle < low) || high.is_some_and(|high| middle > high)
    };
    let id = format!("chart-quantity-{place}");
    chart(&id, (&title, &words), SIZE, |area| {
        let top = real(highest) * 1.12;
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .margin_right(12)
            .x_label_area_size(20)
            .y_label_area_size(32)
            .build_cartesian_2d(from..to, 0.0..top)?;
        let small = letters(11, MUTED, HPos::Center);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(GRID.stroke_width(0))
            .bold_line_style(GRID.stroke_width(1))
            .axis_style(GRID.stroke_width(1))
            .set_all_tick_mark_size(0)
            .x_labels(5)
            .y_labels(4)
            .x_label_style(small.clone())
            .y_label_style(small)
            .x_label_formatter(&|value| number(*value, to - from))
            .y_label_formatter(&|values| number(*values, 100.0))
            .draw()?;
        let pad = (to - from) / real(bins.len() as u64) * 0.06;
        let (below, above) = histogram.beyond();
        for (at, (start, end, values)) in bins.iter().enumerate() {
            // What lies beyond all bins is drawn at the edge: a bad value is never invisible.
            let beyond = if at == 0 {
                below
            } else if at + 1 == bins.len() {
                above
            } else {
                0
            };
            let values = values + beyond;
            if values == 0 {
                continue;
            }
            let colour = if outside(*start, *end) { BAD } else { BAR };
            let bar = [
                (scale.apply(*start) + pad, 0.0),
                (scale.apply(*end) - pad, real(values)),
            ];
            chart.draw_series([Rectangle::new(bar, colour.filled())])?;
        }
        for limit in [low, high]
            .into_iter()
            .flatten()
            .map(|limit| scale.apply(limit))
        {
            let upright = vec![(limit, 0.0), (limit, top)];
            chart.draw_series([PathElement::new(upright, LIMIT.stroke_width(2))])?;
        }
        if let Some(mean) = histogram.mean().map(|mean| scale.apply(mean)) {
            let upright = vec![(mean, 0.0), (mean, top)];
            chart.draw_series([PathElement::new(upright, INK.stroke_width(1))])?;
        }
        Ok(())
    })
}

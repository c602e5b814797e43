//! What was measured: how it lies between its limits, and whether the line is good at making it so.

use std::io::{self, Write};

use super::chart::distribution;
use super::escape::Escaped;
use super::histogram::CAPABLE;
use super::page::{Report, end_of_section, end_of_table, section, table};
use super::tally::{Check, Quantity};
use super::units::Scale;

pub(super) fn measurements(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let lead = "Every self-test of the batch, retests included. Cpk is the distance of the mean from the nearer limit \
                in units of three standard deviations of all values; 1.33 and more is commonly asked for.";
    section(out, "measurements", "Measurements", lead)?;
    let tally = report.tally;
    if tally.quantities.is_empty() && tally.checks.is_empty() {
        out.write_all(b"<p class=\"none\">Nothing was measured.</p>\n")?;
    }
    if !tally.quantities.is_empty() {
        out.write_all(b"<div class=\"grid\">\n")?;
        for (at, quantity) in tally.quantities.iter().enumerate() {
            panel(out, at, quantity)?;
        }
        out.write_all(b"</div>\n")?;
        let columns = [
            "Quantity",
            "#Values",
            "#Mean",
            "#Deviation",
            "#Least",
            "#Largest",
            "#Lower limit",
            "#Upper limit",
            "#Refused",
            "#Close to a limit",
            "#Cpk",
        ];
        table(out, "Measured quantities", &columns)?;
        tally
            .quantities
            .iter()
            .try_for_each(|one| quantity_row(out, one))?;
        end_of_table(out)?;
    }
    if !tally.checks.is_empty() {
        table(
            out,
            "Other checks of the self-test",
            &["Check", "#Good", "#Not good", "What is allowed"],
        )?;
        tally
            .checks
            .iter()
            .try_for_each(|one| check_row(out, one))?;
        end_of_table(out)?;
    }
    end_of_section(out)
}

/// The scale that fits a quantity: that of its limits, or of its values where a limit is nothing.
fn scale(quantity: &Quantity) -> (Scale, f64) {
    let (low, high) = quantity.histogram.limits();
    let (least, most) = quantity.histogram.extremes().unwrap_or_default();
    let size = |one: Option<f64>| one.map_or(0.0, f64::abs);
    let largest = match size(low).max(size(high)) {
        limit if limit > 0.0 => limit,
        _ => least.abs().max(most.abs()),
    };
    let span = low.zip(high).map_or(most - least, |(low, high)| high - low);
    (Scale::of(&quantity.unit, largest), span)
}

fn panel(out: &mut impl Write, at: usize, quantity: &Quantity) -> io::Result<()> {
    let (scale, span) = scale(quantity);
    let chart = distribution(at, quantity, &scale).map_err(io::Error::other)?;
    let histogram = &quantity.histogram;
    let shown =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| scale.show(value, span));
    let unit = Escaped(&scale.unit);
    let beyond = match histogram.beyond() {
        (0, 0) => String::new(),
        (below, 0) => format!(" · {below} below the chart, drawn at its edge"),
        (0, above) => format!(" · {above} above the chart, drawn at its edge"),
        (below, above) => {
            format!(" · {below} below and {above} above the chart, drawn at its edges")
        }
    };
    writeln!(
        out,
        "<figure class=\"panel\"><div class=\"panel-head\"><h3>{} <small>{unit}</small></h3>{}</div>\n{chart}\
         <figcaption>{} values · mean {} · σ {}{beyond}</figcaption></figure>",
        Escaped(&quantity.name),
        badge(histogram.capability()),
        histogram.count(),
        shown(histogram.mean()),
        shown(histogram.deviation()),
    )
}

/// How capable, in a word and a colour.
fn badge(capability: Option<f64>) -> String {
    let Some(capability) = capability else {
        return "<span class=\"badge\">no Cpk</span>".to_owned();
    };
    let class = if capability >= CAPABLE {
        "good"
    } else if capability >= 1.0 {
        "poor"
    } else {
        "bad"
    };
    format!("<span class=\"badge {class}\">Cpk {capability:.2}</span>")
}

fn quantity_row(out: &mut impl Write, quantity: &Quantity) -> io::Result<()> {
    let (scale, span) = scale(quantity);
    let histogram = &quantity.histogram;
    let shown =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| scale.show(value, span));
    let (low, high) = histogram.limits();
    let unit = match scale.unit.as_str() {
        "" => String::new(),
        unit => format!(", {}", Escaped(unit)),
    };
    write!(
        out,
        "<tr><th scope=\"row\">{}{unit}</th><td class=\"n\">{}</td>",
        Escaped(&quantity.name),
        histogram.count()
    )?;
    let extremes = histogram.extremes();
    let values = [
        histogram.mean(),
        histogram.deviation(),
        extremes.map(|(least, _)| least),
        extremes.map(|(_, most)| most),
        low,
        high,
    ];
    for value in values {
        write!(out, "<td class=\"n\">{}</td>", shown(value))?;
    }
    let capability = histogram.capability();
    writeln!(
        out,
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        quantity.failed,
        quantity.marginal,
        capability.map_or_else(|| "–".to_owned(), |capability| format!("{capability:.2}")),
    )
}

fn check_row(out: &mut impl Write, check: &Check) -> io::Result<()> {
    writeln!(
        out,
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"break\">{}</td></tr>",
        Escaped(&check.name),
        check.passed,
        check.failed,
        Escaped(&check.limits),
    )
}

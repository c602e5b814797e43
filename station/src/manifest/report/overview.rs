//! What one sees first: which batch, how good it was, who made it and when.

use std::io::{self, Write};

use super::escape::Escaped;
use super::page::Report;
use super::units::{duration, percent};
use crate::manifest::statement::{Counts, Milestone, Timestamp};
use crate::names::OperatorId;

/// Boards that could have passed here: all but those that had been provisioned elsewhere.
pub(super) const fn candidates(counts: &Counts) -> u64 {
    counts.presented.saturating_sub(counts.already_provisioned)
}

/// Boards that passed without having failed before.
pub(super) const fn passed_at_first(counts: &Counts) -> u64 {
    counts.passed.saturating_sub(counts.reworked)
}

pub(super) fn header(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let predicate = report.predicate;
    writeln!(
        out,
        "<header>\n<p class=\"eyebrow\">Batch report</p>\n<h1>{}</h1>\n\
         <p class=\"sub\">{} · work order {} · made at {}</p>",
        Escaped(&predicate.batch),
        Escaped(&predicate.product),
        Escaped(&predicate.work_order),
        Escaped(&predicate.station),
    )?;
    if predicate.development {
        out.write_all(
            b"<p class=\"banner\"><strong>Development PKI.</strong> The keys of this station prove nothing to a \
              customer.</p>\n",
        )?;
    }
    out.write_all(
        b"<nav aria-label=\"Sections\"><a href=\"#yield\">Yield</a> <a href=\"#failures\">Failures</a> \
          <a href=\"#throughput\">Throughput</a> <a href=\"#measurements\">Measurements</a> \
          <a href=\"#alarms\">Alarms</a> <a href=\"#devices\">Devices</a> \
          <a href=\"#verify\">Verify</a></nav>\n</header>\n",
    )
}

pub(super) fn figures(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let predicate = report.predicate;
    let counts = &predicate.counts;
    let whole = candidates(counts);
    out.write_all(
        b"<section id=\"yield\" aria-labelledby=\"yield-title\">\n\
          <h2 id=\"yield-title\" class=\"quiet\">Yield</h2>\n<dl class=\"cards\">\n",
    )?;
    let first = passed_at_first(counts);
    gauge(
        out,
        "First-pass yield",
        (first, whole),
        "passed without an earlier failure",
    )?;
    gauge(
        out,
        "Final yield",
        (counts.passed, whole),
        "passed in the end",
    )?;
    let ordered = format!("of {} ordered", predicate.quantity);
    card(out, "Passed", counts.passed, &ordered, "good")?;
    card(
        out,
        "Failed",
        counts.failed,
        "found not good",
        mark(counts.failed, "bad"),
    )?;
    card(
        out,
        "Reworked",
        counts.reworked,
        "passed after a failure",
        "",
    )?;
    let unjudged = mark(counts.unjudged, "poor");
    card(
        out,
        "Unjudged",
        counts.unjudged,
        "nothing found out",
        unjudged,
    )?;
    out.write_all(b"</dl>\n")?;
    presented(out, counts)?;
    out.write_all(b"</section>\n")
}

/// How many there were, and what is to be said of some of them.
fn presented(out: &mut impl Write, counts: &Counts) -> io::Result<()> {
    write!(
        out,
        "<p class=\"note\">{} boards were presented",
        counts.presented
    )?;
    if counts.already_provisioned > 0 {
        write!(
            out,
            ", {} of them good ones from another batch, which no yield counts",
            counts.already_provisioned
        )?;
    }
    if counts.unidentified_sessions > 0 {
        write!(
            out,
            "; in {} sessions no board said who it is",
            counts.unidentified_sessions
        )?;
    }
    if counts.scrapped > 0 {
        write!(out, "; {} were scrapped", counts.scrapped)?;
    }
    if counts.still_held > 0 {
        write!(
            out,
            "; {} have put a hold on their lane that is not cleared",
            counts.still_held
        )?;
    }
    out.write_all(b".</p>\n")
}

fn mark(count: u64, class: &'static str) -> &'static str {
    if count > 0 { class } else { "" }
}

fn card(out: &mut impl Write, name: &str, count: u64, words: &str, class: &str) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"card {class}\"><dt>{name}</dt><dd><b>{count}</b><small>{words}</small></dd></div>"
    )
}

/// A share with a bar, which is drawn by a meter: no picture, and every browser can say it.
fn gauge(out: &mut impl Write, name: &str, share: (u64, u64), words: &str) -> io::Result<()> {
    let (part, whole) = share;
    let shown = percent(part, whole);
    writeln!(
        out,
        "<div class=\"card lead-card\"><dt>{name}</dt><dd><b>{shown}</b>\
         <svg class=\"meter\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect width=\"100\" height=\"4\" rx=\"2\" class=\"track\"/>\
         <rect width=\"{}\" height=\"4\" rx=\"2\" class=\"fill\"/></svg>\
         <small>{part} of {whole} {words}</small></dd></div>",
        (part * 100).checked_div(whole).unwrap_or(0),
    )
}

pub(super) fn facts(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let predicate = report.predicate;
    let made = predicate
        .closed
        .time
        .0
        .0
        .saturating_sub(predicate.opened.time.0.0);
    let operators: Vec<String> = predicate
        .operators
        .iter()
        .map(|one| Escaped(&one.operator).to_string())
        .collect();
    out.write_all(b"<section aria-labelledby=\"facts-title\">\n<h2 id=\"facts-title\" class=\"quiet\">Facts</h2>\n<dl class=\"facts\">\n")?;
    for (name, Milestone { time, operator, .. }) in
        [("Opened", &predicate.opened), ("Closed", &predicate.closed)]
    {
        fact(out, name, &who_and_when(*time, operator))?;
    }
    fact(out, "Open for", &duration(made))?;
    fact(out, "Report made", &predicate.signed_at.to_string())?;
    if let Some(signed) = report.manifest.and_then(|manifest| manifest.signed_at) {
        fact(out, "Manifest signed", &signed.to_string())?;
    }
    fact(out, "Operators", &operators.join(", "))?;
    if let Some(file) = &predicate.work_order_file {
        fact(out, "Work order file", &digest(&file.sha256))?;
    }
    for shift in &predicate.shifts {
        let times = format!(
            "{} from {} to {}",
            Escaped(&shift.name),
            shift.start,
            shift.end
        );
        fact(out, "Shift", &times)?;
    }
    let signed = match &predicate.signed_profile {
        Some(signed) => format!(
            "signed by the product owner, file {}",
            digest(&signed.sha256)
        ),
        None => "not signed by a product owner".to_owned(),
    };
    let profile = format!("{}<br>{signed}", digest(&predicate.profile.sha256));
    fact(out, "Profile", &profile)?;
    for one in &predicate.clock_accepted {
        fact(out, "Clock set", &who_and_when(one.time, &one.operator))?;
    }
    out.write_all(b"</dl>\n</section>\n")
}

fn fact(out: &mut impl Write, name: &str, html: &str) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{html}</dd></div>")
}

fn who_and_when(time: Timestamp, operator: &OperatorId) -> String {
    format!("{time} by {}", Escaped(operator))
}

pub(super) fn digest(bytes: impl std::fmt::Display) -> String {
    format!("<code>{}</code>", Escaped(bytes))
}

pub(super) fn footer(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(
        out,
        "<footer><p>Batch {} · {} · report of {} · this page is not signed, the manifest is</p></footer>",
        Escaped(&report.predicate.batch),
        Escaped(&report.predicate.ledger.origin),
        report.predicate.signed_at,
    )
}

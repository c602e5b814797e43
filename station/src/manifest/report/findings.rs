//! What went wrong, how fast it went, and what made people look.

use std::io::{self, Write};

use super::alarms::{Alarm, Held, Hold};
use super::chart::{LANE_COLOURS, lane_order, pareto, throughput as drawn_throughput};
use super::escape::Escaped;
use super::page::{Report, end_of_section, end_of_table, figure, section, table};
use super::tally::ranked;
use super::units::{duration, percent};
use crate::names::LaneName;
use crate::verdict::Outcome;

pub(super) fn failures(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let lead = "Boards that did not pass, by the verdict that counts in the end.";
    section(out, "failures", "Failures", lead)?;
    let by_code = &report.predicate.counts.by_code;
    let ranked = ranked(by_code.iter().map(|one| (one.code, one.boards)));
    if ranked.is_empty() {
        out.write_all(b"<p class=\"none\">Every judged board passed.</p>\n")?;
        return end_of_section(out);
    }
    let chart = pareto(&ranked).map_err(io::Error::other)?;
    let caption = "Bars: boards with that verdict, as a share of all that did not pass. Line: their running sum.";
    figure(out, &chart, caption)?;
    let columns = [
        "Verdict",
        "#Boards",
        "#Share",
        "Whose fault",
        "What the operator does",
    ];
    table(out, "Failures by code", &columns)?;
    let whole = ranked.iter().map(|(_, boards)| boards).sum();
    for (code, boards) in &ranked {
        let fault = match code.outcome() {
            Outcome::Error => "the station's",
            Outcome::Pass | Outcome::Fail => "the board's",
        };
        writeln!(
            out,
            "<tr><th scope=\"row\"><span class=\"badge bad\">{code}</span></th><td class=\"n\">{boards}</td>\
             <td class=\"n\">{}</td><td>{fault}</td><td>{}</td></tr>",
            percent(*boards, whole),
            Escaped(code.entry().action),
        )?;
    }
    end_of_table(out)?;
    end_of_section(out)
}

pub(super) fn throughput(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let tally = report.tally;
    let lead = "Sessions that ended with a verdict, retests included; times are UTC.";
    section(out, "throughput", "Throughput", lead)?;
    let lanes = lane_order(&tally.timeline);
    if lanes.is_empty() {
        out.write_all(b"<p class=\"none\">No session ended with a verdict.</p>\n")?;
        return end_of_section(out);
    }
    let chart = drawn_throughput(&tally.timeline).map_err(io::Error::other)?;
    let last = LANE_COLOURS.len() - 1;
    let key = |(at, lane): (usize, &LaneName)| {
        let shared = at == last && lanes.len() > LANE_COLOURS.len();
        let name = if shared { "other lanes" } else { lane.as_str() };
        format!("<span class=\"key c{at}\">{}</span>", Escaped(name))
    };
    let keys = lanes.iter().enumerate().take(LANE_COLOURS.len()).map(key);
    let legend = keys.collect::<Vec<_>>().join(" ");
    let first = tally
        .timeline
        .columns()
        .next()
        .map(|(start, _)| start.to_string());
    let day = first
        .as_deref()
        .and_then(|start| start.get(..10))
        .unwrap_or_default();
    let caption = format!(
        "{legend}<br>Sessions in {} from {day}.",
        per(tally.timeline.width_ms())
    );
    figure(out, &chart, &caption)?;
    let columns = [
        "Lane",
        "#Sessions",
        "#Passed",
        "#Failed",
        "#Station at fault",
        "#Mean time",
        "#Longest",
        "#Requests sent again",
    ];
    table(out, "Lanes", &columns)?;
    for (lane, tally) in &tally.lanes {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            Escaped(lane),
            tally.sessions(),
            tally.passed,
            tally.failed,
            tally.errors,
            duration(tally.duration_ms.checked_div(tally.sessions()).unwrap_or(0)),
            duration(tally.longest_ms),
            tally.retries,
        )?;
    }
    end_of_table(out)?;
    end_of_section(out)
}

/// The width of a column in words.
fn per(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 {
        format!("each {unit}")
    } else {
        format!("each {count} {unit}s")
    }
}

pub(super) fn alarms(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let tally = &report.tally.alarms;
    let lead = "An alarm says that somebody may be attacking, or a part of the line is wrong. A hold takes no board \
                until a supervisor has looked.";
    section(out, "alarms", "Alarms and holds", lead)?;
    let (holds, more_holds) = tally.holds();
    let (alarms, more_alarms) = tally.alarms();
    if holds.is_empty() && alarms.is_empty() {
        out.write_all(b"<p class=\"none\">No alarm was raised, and nothing was held.</p>\n")?;
    }
    if !holds.is_empty() {
        let columns = [
            "Held",
            "Since",
            "Why",
            "Cleared by",
            "Cleared at",
            "Their reason",
        ];
        table(out, "Holds and who cleared them", &columns)?;
        holds.iter().try_for_each(|hold| hold_row(out, hold))?;
        end_of_table(out)?;
        more(out, more_holds, "holds")?;
    }
    if !alarms.is_empty() {
        let columns = ["Alarm", "Time", "Lane", "Device", "What was found", "Hold"];
        table(out, "Alarms", &columns)?;
        for alarm in alarms {
            alarm_row(out, alarm, tally.hold_after(alarm))?;
        }
        end_of_table(out)?;
        more(out, more_alarms, "alarms")?;
    }
    end_of_section(out)
}

fn more(out: &mut impl Write, count: u64, what: &str) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "<p class=\"note\">{count} more {what} are in the ledger.</p>"
    )
}

fn hold_row(out: &mut impl Write, hold: &Hold) -> io::Result<()> {
    let what = match &hold.held {
        Held::Lane(lane) => format!("lane {}", Escaped(lane)),
        Held::Batch => "the batch".to_owned(),
    };
    let rule = hold.rule.as_ref().map_or_else(String::new, |rule| {
        let window = rule
            .window
            .map_or_else(String::new, |window| format!(" of {window}"));
        format!(
            "<br><small>rule {}: {}{window}, limit {}</small>",
            Escaped(&rule.name),
            rule.found,
            rule.limit
        )
    });
    write!(
        out,
        "<tr><th scope=\"row\">{what}</th><td class=\"t\">{}</td>\
         <td class=\"break\"><span class=\"badge bad\">{}</span> {}{rule}</td>",
        hold.placed,
        hold.code,
        Escaped(&hold.detail),
    )?;
    match &hold.cleared {
        Some(cleared) => writeln!(
            out,
            "<td>{}</td><td class=\"t\">{}</td><td>{}</td></tr>",
            Escaped(&cleared.operator),
            cleared.time,
            Escaped(&cleared.reason),
        ),
        None => writeln!(
            out,
            "<td colspan=\"3\"><span class=\"badge poor\">not cleared</span></td></tr>"
        ),
    }
}

fn alarm_row(out: &mut impl Write, alarm: &Alarm, hold: Option<&Hold>) -> io::Result<()> {
    let uid = alarm.uid.as_ref().map(|uid| Escaped(uid).to_string());
    let hold = match hold.map(|hold| &hold.cleared) {
        None => "none".to_owned(),
        Some(None) => "not cleared".to_owned(),
        Some(Some(cleared)) => format!("cleared by {}", Escaped(&cleared.operator)),
    };
    writeln!(
        out,
        "<tr><th scope=\"row\"><span class=\"badge bad\">{}</span></th><td class=\"t\">{}</td><td>{}</td>\
         <td><code>{}</code></td><td class=\"break\">{}</td><td>{hold}</td></tr>",
        alarm.code,
        alarm.time,
        Escaped(&alarm.lane),
        uid.unwrap_or_else(|| "unknown".to_owned()),
        Escaped(&alarm.detail),
    )
}

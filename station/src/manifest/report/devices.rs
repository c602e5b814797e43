//! The list of devices, one by one.

use std::io::{self, Write};

use super::escape::Escaped;
use super::page::{end_of_section, end_of_table, section, table};
use crate::manifest::board_row::RowTaker;
use crate::manifest::statement::{BoardRow, CertificateStatus};
use crate::verdict::Outcome;

pub(super) fn devices(
    out: &mut impl Write,
    boards: impl FnOnce(&mut RowTaker<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let lead = "Every board that was presented, by serial; boards without one last. Firmware is what the board has \
                attested.";
    section(out, "devices", "Devices", lead)?;
    let columns = [
        "Device",
        "Verdict",
        "Certificate",
        "Firmware",
        "Lane",
        "Operator",
        "Finished",
    ];
    table(out, "Devices", &columns)?;
    boards(&mut |board| row(out, board))?;
    end_of_table(out)?;
    end_of_section(out)
}

fn row(out: &mut impl Write, board: &BoardRow) -> io::Result<()> {
    let class = match board.verdict {
        Outcome::Pass => "good",
        Outcome::Fail => "bad",
        Outcome::Error => "poor",
    };
    let serial = board
        .serial
        .as_ref()
        .map(|serial| Escaped(serial).to_string());
    let claimed = if board.uid_proven {
        ""
    } else {
        "<br><small>UID only claimed</small>"
    };
    let code = board.code.map_or("interrupted", |code| code.as_str());
    let reworked = if board.reworked {
        "<br><small>after a failure</small>"
    } else {
        ""
    };
    write!(
        out,
        "<tr><th scope=\"row\"><span class=\"serial\">{}</span><br><code>{}</code>{claimed}</th>\
         <td><span class=\"badge {class}\">{code}</span>{reworked}{}</td><td>",
        serial.as_deref().unwrap_or("no serial"),
        Escaped(&board.uid),
        fate(board),
    )?;
    for (at, certificate) in board.certificates.iter().enumerate() {
        let line = if at > 0 { "<br>" } else { "" };
        write!(
            out,
            "{line}<span class=\"nw\"><code>{}</code> {}</span>",
            certificate.serial,
            certificate.status.as_str()
        )?;
        if let (CertificateStatus::Revoked, Some(reason)) = (certificate.status, certificate.reason)
        {
            // As its serialisation spells it, which is how a revocation list names it.
            let reason = serde_json::to_string(&reason).unwrap_or_default();
            write!(out, " <small>{}</small>", Escaped(reason.trim_matches('"')))?;
        }
    }
    out.write_all(b"</td><td>")?;
    for (at, component) in board.firmware.iter().enumerate() {
        let line = if at > 0 { "<br>" } else { "" };
        write!(
            out,
            "{line}<span class=\"nw\">{} {}</span>",
            Escaped(&component.component),
            Escaped(&component.version)
        )?;
    }
    let operator = board.operator.as_ref().map(|one| Escaped(one).to_string());
    let shift = board.shift.as_ref();
    let shift = shift.map(|name| format!("<br><small>shift {}</small>", Escaped(name)));
    let finished = board.finished.map(|at| at.to_string());
    writeln!(
        out,
        "</td><td>{}{}</td><td>{}</td><td class=\"t\">{}</td></tr>",
        Escaped(&board.lane),
        shift.unwrap_or_default(),
        operator.unwrap_or_default(),
        finished.as_deref().unwrap_or("interrupted"),
    )
}

/// What became of a board that did not pass.
fn fate(board: &BoardRow) -> String {
    let held = if board.held {
        "<br><small>still held</small>"
    } else {
        ""
    };
    let scrapped = board.scrapping().map(|one| {
        format!(
            "<br><small>scrapped by {}: {}</small>",
            Escaped(&one.operator),
            Escaped(&one.reason)
        )
    });
    format!("{held}{}", scrapped.unwrap_or_default())
}

//! What each board was and met, as a person reads it. Programs read [`ReportLine`]s.

use std::fmt::Write as _;

use crate::report::{Ended, ReportLine};

/// Counts what came of the boards while they are told one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    passed: u32,
    refused: u32,
    without_a_word: u32,
    never_met: u32,
}

impl Summary {
    /// Counts the board, and gives its line.
    pub fn add(&mut self, board: &ReportLine) -> String {
        let outcome = match (board.told_passed, board.met) {
            (Some(true), _) => {
                self.passed += 1;
                "told PASS"
            }
            (Some(false), _) => {
                self.refused += 1;
                "told FAIL"
            }
            (None, true) => {
                self.without_a_word += 1;
                "no verdict"
            }
            (None, false) => {
                self.never_met += 1;
                "never met"
            }
        };
        let defect = board.defect.as_deref().unwrap_or("good");
        let cuts = match board.power_cuts {
            0 => String::new(),
            1 => ", power cut once".to_owned(),
            cuts => format!(", power cut {cuts} times"),
        };
        let why = match board.ended {
            Ended::Farewell => "",
            Ended::Patience => ", taken out after waiting in vain",
            Ended::Stopped => ", the line was stopped",
            Ended::NoStation => ", no station came",
        };
        let (lane, uid, device, ms) = (&board.lane, &board.uid, board.device, board.ms);
        format!(
            "{lane:<7} board {device:<4} {uid:<24} {outcome:<10} {ms:>6} ms  {defect}{cuts}{why}"
        )
    }

    /// The last line.
    #[must_use]
    pub fn total(&self, never_put_in: u32) -> String {
        let boards =
            self.passed + self.refused + self.without_a_word + self.never_met + never_put_in;
        let mut text = format!(
            "{boards} boards: {} told PASS, {} told FAIL",
            self.passed, self.refused
        );
        let rest = [
            (self.without_a_word, "met without a verdict"),
            (self.never_met, "never met by a station"),
            (never_put_in, "never put in"),
        ];
        for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
            let _infallible = write!(text, ", {count} {what}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::read_lines;

    #[test]
    fn each_board_has_a_line_and_all_have_a_sum() {
        let tally = r#"{"flipped_bytes":0,"lost_bytes":0,"noise_bursts":0,"lost_frames":0,
            "doubled_frames":0,"reordered_frames":0,"delayed_frames":0}"#;
        let line = |extra: &str| {
            format!(
                r#"{{"uid":"0A","claimed_uid":"0A","device":3,"lane":"lane0","seed":1,"faults":[],
                "ended":"farewell","ms":12,"identified":true,"boots":1,"requests":9,
                "working_answers":0,"refusals":0,"receipts":0,"keys_made":1,"lifecycle":"0x2000",
                "locked":false,"identity_key":null,"certificate":null,"certificate_serial":null,
                "bytes_from_station":1,"bytes_to_station":1,"wire_faults":[{tally},{tally}],{extra}}}"#
            )
            .replace('\n', "")
        };
        let text = [
            line(r#""defect":null,"told_passed":true,"power_cuts":2,"met":true"#),
            line(r#""defect":"old-firmware","told_passed":false,"power_cuts":0,"met":true"#),
            line(r#""defect":null,"told_passed":null,"power_cuts":0,"met":false"#),
        ]
        .join("\n");
        let boards: Vec<ReportLine> = read_lines("report", &text).unwrap();
        let mut summary = Summary::default();
        let said: Vec<_> = boards.iter().map(|board| summary.add(board)).collect();
        assert!(said[0].contains("told PASS") && said[0].contains("good, power cut 2 times"));
        assert!(said[1].contains("told FAIL") && said[1].contains("old-firmware"));
        assert!(said[2].contains("never met"));
        assert_eq!(
            summary.total(1),
            "4 boards: 1 told PASS, 1 told FAIL, 1 never met by a station, 1 never put in"
        );
    }
}

//! How far each lane is: bars on a terminal, a few remarks elsewhere; always on stderr.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::board_result::BoardResult;
use crate::cli::hold::way_out;
use crate::cli::output::Output;
use crate::cli::short_digests::short_digests;
use crate::line::hold::Hold;
use crate::line::lane_event::{LaneEvent, News};
use crate::names::LaneName;
use crate::provisioning::Step;
use crate::verdict::VerdictCode;

/// A lane's line: name, bar, words.
const TEMPLATE: &str = "{prefix:>10} [{bar:16}] {wide_msg}";

/// Shows what lanes do and prints verdicts between.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    output: &'a Output,
    /// None where nobody looks at a terminal.
    bars: Option<(MultiProgress, BTreeMap<LaneName, ProgressBar>)>,
    /// The last verdict on each lane, which need not be told again when the lane is held for it.
    told: BTreeMap<LaneName, (VerdictCode, String)>,
}

impl<'a> Progress<'a> {
    pub(super) fn start<'n>(output: &'a Output, lanes: impl Iterator<Item = &'n LaneName>) -> Self {
        let wanted = std::io::stderr().is_terminal() && !output.is_quiet() && !output.is_json();
        let bars = wanted.then(|| {
            let all = MultiProgress::new();
            let style = ProgressStyle::with_template(TEMPLATE)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> ");
            let bar = |lane: &LaneName| {
                let bar = all.add(ProgressBar::new(u64::from(Step::COUNT)));
                bar.set_style(style.clone());
                bar.set_prefix(lane.to_string());
                (lane.clone(), bar)
            };
            let bars = lanes.map(bar).collect();
            (all, bars)
        });
        let told = BTreeMap::new();
        Self { output, bars, told }
    }

    /// Prints a verdict where results go.
    pub(super) fn print(&mut self, board: &BoardResult) {
        let said = (board.code, board.detail.clone());
        self.told.insert(board.lane.clone(), said);
        let print = || self.output.fact(board, &board.text());
        match &self.bars {
            Some((all, _)) => all.suspend(print),
            None => print(),
        }
    }

    /// Shows what happened on a lane.
    pub(super) fn show(&self, event: &LaneEvent) {
        let remark = match &event.news {
            News::PortMissing(reason) => Some(reason.to_string().replacen("; ", "\n   do: ", 1)),
            News::Silent => {
                let text = "no board answers\n   do: check power and cable of the board";
                Some(text.to_owned())
            }
            News::Held(hold) => Some(self.hold(hold.name(), hold)),
            News::AdapterChanged(change) => Some(format!(
                "{change}\n   do: see that the cables are where they belong: station lanes list"
            )),
            News::Released => Some("takes boards again".to_owned()),
            _ => None,
        };
        let notice = |remark: &str| {
            self.output
                .notice(&format!("lane {}: {remark}", event.lane));
        };
        let Some((all, bars)) = &self.bars else {
            if let Some(remark) = remark {
                notice(&remark);
            }
            return;
        };
        let long = matches!(
            event.news,
            News::Held(_) | News::PortMissing(_) | News::AdapterChanged(_)
        );
        if let (true, Some(remark)) = (long, &remark) {
            // Too long for a bar, and what to do is to be read.
            all.suspend(|| notice(remark));
        }
        let Some(bar) = bars.get(&event.lane) else {
            return;
        };
        match &event.news {
            News::Step(step) => {
                bar.set_position(u64::from(step.number()));
                bar.set_message(step.label());
            }
            News::Verdict(verdict) => bar.set_message(verdict.code.as_str()),
            News::Ended(_) => bar.finish_and_clear(),
            _ => {
                let remark = remark.unwrap_or_default();
                let first = remark.lines().next().unwrap_or_default();
                bar.set_message(first.to_owned());
            }
        }
    }

    /// Why a lane is held, unless its last verdict has just said it, and how it goes on.
    fn hold(&self, name: &str, hold: &Hold) -> String {
        let Hold {
            lane, code, detail, ..
        } = hold;
        let code = *code;
        let told = self.told.get(lane);
        let known = told.is_some_and(|(told, why)| *told == code && why == detail);
        let why = if known {
            String::new()
        } else {
            format!("\n  why: {}", short_digests(detail))
        };
        let to_do = match way_out(name, code) {
            Some(command) => format!("let a supervisor look, then give: {command}"),
            None => code.entry().action.to_owned(),
        };
        let with = hold.batch.as_ref();
        let with = with.map_or_else(String::new, |batch| format!(" with batch {batch}"));
        format!("held{with} for {code}, it takes no board{why}\n   do: {to_do}")
    }

    /// Takes the bars away.
    pub(super) fn end(self) {
        if let Some((all, _)) = self.bars {
            // What cannot be cleared stays on the screen, which harms nobody.
            drop(all.clear());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_does_not_repeat_what_its_verdict_said() {
        let output = Output::new(false, true);
        let lane = LaneName::parse("left").unwrap();
        let mut progress = Progress::start(&output, std::iter::empty());
        let detail = "board 07 has the same key";
        let hold = Hold {
            lane: lane.clone(),
            code: VerdictCode::KeyReused,
            detail: detail.to_owned(),
            batch: None,
            cause: crate::line::hold::HoldCause::Code,
            since: None,
        };
        let fresh = progress.hold("left", &hold);
        assert_eq!(fresh.matches(detail).count(), 1, "{fresh}");
        assert!(fresh.contains("\n   do: ") && fresh.contains("station hold clear left"));
        let said = (VerdictCode::KeyReused, detail.to_owned());
        progress.told.insert(lane.clone(), said);
        let again = progress.hold("left", &hold);
        assert!(!again.contains(detail) && again.contains("station hold clear left"));
    }
}

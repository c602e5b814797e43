//! How far each lane is: bars on a terminal, a few remarks elsewhere; always on stderr.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::board_result::BoardResult;
use crate::cli::hold::way_out;
use crate::cli::output::Output;
use crate::line::lane_event::{LaneEvent, News};
use crate::names::LaneName;
use crate::provisioning::Step;

/// A lane's line: name, bar, words.
const TEMPLATE: &str = "{prefix:>10} [{bar:16}] {wide_msg}";

/// Shows what lanes do and prints verdicts between.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    output: &'a Output,
    /// None where nobody looks at a terminal.
    bars: Option<(MultiProgress, BTreeMap<LaneName, ProgressBar>)>,
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
        Self { output, bars }
    }

    /// Prints a verdict where results go.
    pub(super) fn print(&self, board: &BoardResult) {
        let print = || self.output.fact(board, &board.text());
        match &self.bars {
            Some((all, _)) => all.suspend(print),
            None => print(),
        }
    }

    /// Shows what happened on a lane.
    pub(super) fn show(&self, event: &LaneEvent) {
        let remark = match &event.news {
            News::PortMissing { detail } => Some(detail.clone()),
            News::Silent => Some("no board answers: check power and cable".to_owned()),
            News::Held { code, detail } => {
                let action = code.entry().action;
                let way_out = way_out(&event.lane, *code);
                let way_out = way_out.map_or(String::new(), |command| format!(". Then: {command}"));
                Some(format!("held, {code}: {detail}. {action}{way_out}"))
            }
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
        if let (News::Held { .. }, Some(remark)) = (&event.news, &remark) {
            // Too long for a bar, and the command in it is to be read.
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
            _ => bar.set_message(remark.unwrap_or_default()),
        }
    }

    /// Takes the bars away.
    pub(super) fn end(self) {
        if let Some((all, _)) = self.bars {
            // What cannot be cleared stays on the screen, which harms nobody.
            drop(all.clear());
        }
    }
}

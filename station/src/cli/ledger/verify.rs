//! `station ledger verify`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::elsewhere::{self, Compared, Seen};
use super::{met, pinned_key, progress, signed_manifest, tampered};
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::clock::Clock as _;
use crate::encoding::{Hex, sha256};
use crate::ledger::checkpoint::VerifierKey;
use crate::ledger::{Damage, KeptElsewhere, LedgerError, Pass, Report, Verification};
use crate::line::system_clock::SystemClock;

/// Check every entry of the ledger against its checkpoints
///
/// Three passes, on all cores: the log (every entry's hash, the tree), the signatures (every checkpoint), and the views
/// (what the entries say, each batch's chain, the writer's rules, the tables made again and compared). A station
/// may be running meanwhile. Exit status 1 where anything was changed, with the first wrong entry named.
///
/// An older copy of the whole ledger is consistent with itself. A checkpoint that was kept elsewhere shows
/// it: that of the configured mirror, or the one given with --checkpoint; and where both were put back together, that
/// in the station's token. The token is asked where it can be without a person; otherwise that is told.
///
/// A verification that was interrupted reads log and signatures again, and goes on with the views where it was. Half-made
/// views are kept below `$XDG_STATE_HOME`, or `~/.local/state`, which must be yours alone; never in the home.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  station ledger verify --home home\n  \
    station ledger verify --home home --checkpoint note.txt\n  \
    station ledger verify --home home --token\n  \
    station ledger verify --home home --no-resume")]
pub(crate) struct VerifyArguments {
    /// A checkpoint of this ledger that was kept elsewhere (a signed note, or a signed manifest), to compare with
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// Insist on the checkpoint that the token keeps: ask for the PIN where that is needed, and verify nothing
    /// where the token cannot be read
    #[arg(long)]
    token: bool,

    /// Begin anew, and leave nothing to go on from
    #[arg(long)]
    no_resume: bool,
}

/// Does it.
pub(crate) fn run(arguments: &VerifyArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let key = pinned_key(&home)?;
    let mirror = home.config().ledger.checkpoint_mirror.as_deref();
    let elsewhere = match (&arguments.checkpoint, mirror) {
        (Some(named), _) => Some((named.as_path(), signed_manifest::note(named)?)),
        (None, Some(path)) => elsewhere::mirrored(path)?.map(|note| (path, note)),
        (None, None) => None,
    };
    let not_compared = mirror.filter(|_| elsewhere.is_none());
    let elsewhere = elsewhere
        .as_ref()
        .map(|(path, note)| KeptElsewhere { path, note });
    let with = arguments.checkpoint.as_ref();
    let with = with.map_or("mirror", |_| "checkpoint");
    let compared = elsewhere.and_then(|kept| Compared::file(with, kept.path, kept.note, &key));
    let token = elsewhere::kept_by_token(context, arguments.token)?;
    let workspace = workspace(&key).filter(|_| !arguments.no_resume);
    let verified = Verification::begin(&home.ledger(), &key, elsewhere)
        .and_then(|verification| run_passes(context, verification, workspace.as_deref()));
    match verified {
        Ok((mut report, passes)) => {
            let mut compared: Vec<_> = compared.into_iter().collect();
            let token = token.compare(&home, &key, &mut report, &mut compared)?;
            let (mirror_begun, seen) = if report.is_clean() {
                let begun = elsewhere::mirror_begun(&home)?;
                (begun, elsewhere::seen_by_witnesses(&home, &key))
            } else {
                (Vec::new(), Ok(None))
            };
            let told = Told {
                passes,
                token,
                mirror: not_compared,
                compared,
                mirror_begun,
                seen,
            };
            tell(context, &report, told)
        }
        Err(error) => Err(met(error)),
    }
}

/// How long a pass took.
#[derive(Serialize)]
struct Timed {
    pass: &'static str,
    milliseconds: u64,
}

fn run_passes(
    context: &Context,
    mut verification: Verification,
    workspace: Option<&Path>,
) -> Result<(Report, Vec<Timed>), LedgerError> {
    let clock = SystemClock::start();
    let mut passes = Vec::new();
    for pass in Pass::ALL {
        let started = clock.monotonic();
        let bar = progress::bar(context, pass.name(), verification.size());
        let done = verification.run(pass, workspace, &|done| bar.set_position(done));
        bar.finish_and_clear();
        done?;
        passes.push(Timed {
            pass: pass.name(),
            milliseconds: clock.monotonic().0.saturating_sub(started.0),
        });
    }
    Ok((verification.report(), passes))
}

/// Where views that are half made wait for the next run: in a folder of this user's, one for each ledger key.
fn workspace(key: &VerifierKey) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from);
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .filter(|path| path.is_absolute())?;
    let name = Hex::from(sha256(key.to_string().as_bytes())).to_string();
    let name = name.get(..16).unwrap_or(&name);
    Some(state.join("station").join(format!("verify-{name}")))
}

#[derive(Serialize)]
struct Shown {
    verified: bool,
    entries: u64,
    root: String,
    covered: u64,
    checkpoints: u64,
    batches: u64,
    passes: Vec<Timed>,
    resumed_at: u64,
    compared_with: Vec<Compared>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mirror_begun: Vec<u64>,
    token_compared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_not_compared: Option<String>,
    findings: Vec<String>,
}

/// What is told besides the report.
struct Told<'home> {
    passes: Vec<Timed>,
    /// Why the token was not compared, where it was not.
    token: Option<String>,
    /// The mirror, where it was not compared.
    mirror: Option<&'home Path>,
    compared: Vec<Compared>,
    /// At which entries.
    mirror_begun: Vec<u64>,
    /// What the witnesses have seen, or that it is not enough.
    seen: Result<Option<Seen>, Failure>,
}

/// Tells what was found. A mirror that holds nothing is a finding too, and so are witnesses who are missing: however
/// well the ledger agrees with itself, it was not compared.
fn tell(context: &Context, report: &Report, told: Told<'_>) -> Result<ExitStatus, Failure> {
    let mirror = told.mirror.map(elsewhere::no_mirror);
    let (seen, unseen) = match told.seen {
        Ok(seen) => (seen, None),
        Err(failure) => (None, Some(failure)),
    };
    let mut findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    findings.extend(
        mirror
            .iter()
            .map(|gone| format!("the mirror {}", gone.why())),
    );
    let unseen_words = |failure: &Failure| format!("{}: {}", failure.what(), failure.why());
    findings.extend(unseen.iter().map(unseen_words));
    let shown = Shown {
        verified: findings.is_empty(),
        entries: report.head.size,
        root: report.head.root.to_string(),
        covered: report.covered,
        checkpoints: report.checkpoints,
        batches: report.batches,
        passes: told.passes,
        resumed_at: report.resumed_at,
        compared_with: told.compared,
        // The first time, there was nothing before it to compare with.
        mirror_begun: told.mirror_begun.get(1..).unwrap_or_default().to_vec(),
        token_compared: told.token.is_none(),
        token_not_compared: told.token,
        findings,
    };
    let output = &context.output;
    output.object(&shown);
    if shown.verified {
        shown.tell(context);
        if let Some(seen) = seen {
            seen.tell(context);
        }
        return Ok(ExitStatus::Done);
    }
    shown
        .findings
        .iter()
        .for_each(|finding| output.text(&format!("wrong: {finding}")));
    let not_compared = mirror.or(unseen).filter(|_| report.is_clean());
    Err(not_compared.unwrap_or_else(|| damaged(report)))
}

impl Shown {
    /// That all is well, and what it was compared with.
    fn tell(&self, context: &Context) {
        let output = &context.output;
        output.text(&format!(
            "verified: {} of {}, {}, the last over {}",
            counted(self.entries, "entry", "entries"),
            counted(self.batches, "batch", "batches"),
            counted(self.checkpoints, "checkpoint", "checkpoints"),
            counted(self.covered, "entry", "entries")
        ));
        output.text(&format!("  root {}", self.root));
        output.text(&format!("  {}", times(&self.passes)));
        let compared = Compared::in_words(&self.compared_with);
        output.text(&format!("  compared with: {compared}"));
        if !self.mirror_begun.is_empty() {
            let entries: Vec<_> = self.mirror_begun.iter().map(u64::to_string).collect();
            output.text(&format!(
                "  the mirror was emptied, and begun again at entry {}: what it held before is not compared",
                entries.join(", ")
            ));
        }
        if let Some(why) = &self.token_not_compared {
            output.text(&format!(
                "  not compared with the checkpoint in the token: {why} (--token insists on it)"
            ));
        }
        if self.resumed_at > 0 {
            output.text(&format!(
                "  the views of the first {} were made by a run that was interrupted",
                counted(self.resumed_at, "entry", "entries")
            ));
        }
    }
}

/// What a person does about it: by what is wrong, since tables are made again, and a bad copy says nothing about the
/// ledger.
fn damaged(report: &Report) -> Failure {
    let first = report.narrowest().map(ToString::to_string);
    let first = first.unwrap_or_default();
    let all = |like: fn(&Damage) -> bool| report.findings.iter().all(like);
    if all(|found| matches!(found, Damage::View { .. })) {
        return Failure::check(
            "the ledger's tables are not what its log says",
            first,
            "the log itself holds: keep a copy of the file as it is, stop the line, then make the tables again \
             from the log with station ledger rebuild",
        );
    }
    if all(Damage::is_foreign) {
        return Failure::check(
            "what the ledger was compared with is no checkpoint of it",
            first,
            "the ledger agrees with itself: keep that file as it is, see who changed it, and compare with another \
             checkpoint that was kept (--checkpoint)",
        );
    }
    tampered(&first)
}

fn times(passes: &[Timed]) -> String {
    let one = |timed: &Timed| {
        let (seconds, rest) = (timed.milliseconds / 1000, timed.milliseconds % 1000);
        format!("{} {seconds}.{rest:03} s", timed.pass)
    };
    passes.iter().map(one).collect::<Vec<_>>().join(", ")
}

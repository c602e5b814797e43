//! `station init`: makes a station home. Repeating it after it was killed goes on where it was; a key that
//! exists is never made again, a file that exists is never overwritten.
//!
//! Until the last step the configuration is `station.toml.unfinished`, so no other command takes a
//! half-made home for a whole one.

mod completion;
mod empty_ledger;
mod keys;
mod papers;
mod plan;
mod traces;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use firmware_proto::ProductCode;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use crate::hsm::{HsmError, SignerPool, Token};
use crate::identity::chain::manifest_signing;
use crate::names::StationName;
use crate::station_home::{Config, HomeLock, HomePaths, StationHome, make_folder, write_new};
use papers::Papers;
pub(super) use papers::{p256, sign_credential, write_public_key};
use plan::{LaneArgument, OperatorArgument, Plan};
pub(super) use plan::{REQUEST_TIMEOUT_MS, absolute, pin_source};
use traces::Traces;

/// Make a station home: keys in the token, certificates, empty ledger
///
/// With --development, root and product owner are keys of the same token, and every manifest says so. With
/// --external-root, requests for the issuing CA's and the manifest signer's certificates are left in pki/;
/// once the root has signed them, station init --complete takes the certificates.
///
/// After an interruption, give the same command again: it goes on where it was. Keys that exist are never
/// made again, files are never overwritten.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("kind")
    .args(["development", "external_root", "complete"]).required(true).multiple(true))]
pub(crate) struct InitArguments {
    /// Keep root and product owner in the same token; never for real products
    #[arg(long)]
    pub(crate) development: bool,
    /// Leave requests for a root that is elsewhere
    #[arg(long)]
    pub(crate) external_root: bool,
    /// Take the certificates that an outside root has signed
    #[arg(long, conflicts_with_all = ["development", "external_root"])]
    #[arg(requires_all = ["root", "issuing_cert", "manifest_cert"])]
    pub(crate) complete: bool,
    /// The station's name: letters, digits, '-', '_', '.'; at most 32
    #[arg(long, value_name = "NAME", required_unless_present = "complete")]
    pub(crate) station: Option<StationName>,
    /// The PKCS#11 module of the HSM's vendor
    #[arg(long, value_name = "FILE", required_unless_present = "complete")]
    pub(crate) module: Option<PathBuf>,
    /// The label of an initialised token
    #[arg(long, value_name = "LABEL", required_unless_present = "complete")]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) pin: PinArguments,
    /// The product that the station may provision [default for development: SENSOR-A]
    #[arg(long, value_name = "CODE", value_parser = product)]
    #[arg(required_unless_present_any = ["development", "complete"])]
    pub(crate) product: Option<ProductCode>,
    /// Who runs the station, as in the certificates' subjects
    #[arg(long, value_name = "TEXT", default_value = "Development")]
    pub(crate) organization: String,
    /// The epoch of the station's credential; devices refuse lower ones than they have met
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) epoch: u32,
    /// The product owner's public key (PEM), where that key is elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "development")]
    pub(crate) owner_key: Option<PathBuf>,
    /// Sessions that sign at the same time, 1 to 16
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) workers: usize,
    /// An operator to list; roles: operator, supervisor, security-officer, auditor (may be repeated)
    #[arg(long, value_name = "ID=ROLE")]
    pub(crate) add_operator: Vec<OperatorArgument>,
    /// A lane to list (may be repeated)
    #[arg(long, value_name = "NAME=PORT")]
    pub(crate) add_lane: Vec<LaneArgument>,
    /// The speed of the lanes listed, in baud
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    pub(crate) baud: u32,
    /// A file on another disk that gets every checkpoint
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint_mirror: Option<PathBuf>,
    /// With --complete: the root's certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "complete")]
    pub(crate) root: Option<PathBuf>,
    /// With --complete: the issuing CA's certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "complete")]
    pub(crate) issuing_cert: Option<PathBuf>,
    /// With --complete: the manifest signer's certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "complete")]
    pub(crate) manifest_cert: Option<PathBuf>,
    /// With --complete: the station credential that the product owner has signed
    #[arg(long, value_name = "FILE", requires = "complete")]
    pub(crate) credential: Option<PathBuf>,
}

/// Where the PIN comes from. Never the PIN itself: arguments can be seen by every user of the machine.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the fields name the flags")]
#[group(required = false, multiple = false)]
pub(crate) struct PinArguments {
    /// The file that holds the token's PIN (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub(crate) pin_file: Option<PathBuf>,
    /// The environment variable that holds the token's PIN
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) pin_environment: Option<String>,
    /// The systemd credential that holds the token's PIN
    #[arg(long, value_name = "NAME")]
    pub(crate) pin_credential: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  station init --home home --development --station bench-1 \\
      --module /usr/lib/softhsm/libsofthsm2.so --token bench --pin-file ~/.bench-pin \\
      --add-operator op-17=operator --add-operator sv-3=supervisor
  station init --home home --external-root --station line-3 --product SENSOR-A \
      --module /usr/lib/vendor/pkcs11.so --token line-3 --pin-file ~/.line-3-pin \
      --owner-key owner.pub.pem
  station init --home home --complete --root root.pem --issuing-cert issuing.pem \\
      --manifest-cert manifest.pem --credential credential.cose

Without a PIN source the PIN is asked for at the terminal, now and at every start.";

/// Makes the home, or completes it.
pub(crate) fn run(arguments: &InitArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home_path()?;
    if arguments.complete {
        return completion::run(arguments, home, context);
    }
    let plan = Plan::from_arguments(arguments, context)?;
    let paths = HomePaths::new(home);
    let traces = Traces::before(&paths);
    make_folder(home)?;
    let lock = HomeLock::take(home)?;
    let made = make(&plan, &paths, context);
    if made.is_err() {
        traces.remove();
    }
    drop(lock);
    made
}

/// Makes the home, or as much of it as is missing. The lock is the caller's.
fn make(plan: &Plan, paths: &HomePaths, context: &Context) -> Result<ExitStatus, Failure> {
    let home = paths.home();
    if paths.config().exists() {
        return already_made(home, plan, context);
    }
    let resumed = plan.compare_with_unfinished(paths)?;
    let pin = plan
        .config
        .hsm
        .pin
        .read(home)
        .map_err(|error| without_config(&error))?;
    let token = Token::open(&plan.config.hsm.token_config(), &pin)
        .map_err(|error| without_config(&error))?;
    if !resumed {
        keys::refuse_existing(&token, plan)?;
        write_new(&paths.unfinished_config(), plan.text().as_bytes())?;
    }
    keys::make(&token, plan, context)?;
    let signer = start(token, &plan.config)?;
    make_folder(&paths.pki())?;
    let papers = Papers {
        paths,
        signer: &signer,
        plan,
        context,
    };
    if plan.external_root {
        papers.requests()?;
        return Ok(tell_what_to_sign(paths, plan, context));
    }
    papers.certificates()?;
    papers.credential()?;
    finish(paths, &plan.config, &signer, context)
}

/// The key store's advice speaks of the configuration, and there is none yet: here the flags decide.
fn without_config(error: &HsmError) -> Failure {
    let mut advice = error.advice().to_owned();
    for (config, flag) in [
        (
            "add serial= to hsm.token in station.toml",
            "give the token a label of its own",
        ),
        ("hsm.module in station.toml", "--module"),
        ("hsm.token in station.toml", "--token"),
        (
            "where [hsm.pin] of station.toml says",
            "where the --pin flag says",
        ),
        ("[hsm.pin] in station.toml", "the --pin flag"),
        (
            "in [hsm.pin] of station.toml",
            "with --pin-file, --pin-environment or --pin-credential",
        ),
    ] {
        advice = advice.replace(config, flag);
    }
    let what = format!("cannot {}", error.operation());
    Failure::station(what, error.reason(), advice)
}

/// Ledger and configuration: the end of both ways. The lock is the caller's.
fn finish(
    paths: &HomePaths,
    config: &Config,
    signer: &SignerPool,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    empty_ledger::make(paths, config, signer, context)?;
    let pki = context.pki(paths, config)?;
    pki.prove_keys(signer)?;
    plan::finish_config(paths)?;
    let home = paths.home().display();
    let made = Made {
        made: "home",
        path: home.to_string(),
    };
    context.output.fact(
        &made,
        &format!("the station home {home} is complete; see station doctor"),
    );
    Ok(ExitStatus::Done)
}

fn start(token: Token, config: &Config) -> Result<SignerPool, Failure> {
    let hsm = &config.hsm;
    Ok(SignerPool::start(
        token,
        &hsm.keys,
        hsm.workers,
        hsm.request_timeout_ms,
    )?)
}

/// Repeating a finished `init` changes nothing.
fn already_made(home: &Path, plan: &Plan, context: &Context) -> Result<ExitStatus, Failure> {
    let made = StationHome::open(home)?;
    let (own, asked) = (made.config(), &plan.config);
    if own.name == asked.name && own.hsm.token == asked.hsm.token {
        plan::remove_leftover(&made.paths())?;
        context
            .output
            .progress("this station home was made before; nothing was changed");
        return Ok(ExitStatus::Done);
    }
    Err(Failure::usage(
        format_args!("cannot make a station home in {}", home.display()),
        format_args!(
            "it is the home of station {} already; nothing was changed",
            own.name
        ),
        "name another folder with --home",
    ))
}

fn tell_what_to_sign(paths: &HomePaths, plan: &Plan, context: &Context) -> ExitStatus {
    let purpose = manifest_signing(plan.config.development);
    for (request, what) in [
        (
            paths.issuing_request(),
            "as a CA with path length 0".to_owned(),
        ),
        (
            paths.manifest_request(),
            format!("with the critical extended key usage {purpose}"),
        ),
    ] {
        let path = request.display().to_string();
        let line = format!("to be signed by the root, {what}: {path}");
        context.output.fact(
            &Made {
                made: "request",
                path,
            },
            &line,
        );
    }
    if !paths.credential().exists() {
        let path = paths.credential_request().display().to_string();
        let line =
            format!("to be signed by the product owner, see station owner credential: {path}");
        context.output.fact(
            &Made {
                made: "credential-request",
                path,
            },
            &line,
        );
    }
    context
        .output
        .progress("then run station init --complete with what they give you");
    ExitStatus::Done
}

/// Something that `init` made.
#[derive(Serialize)]
struct Made<'a> {
    made: &'a str,
    path: String,
}

fn product(text: &str) -> Result<ProductCode, String> {
    ProductCode::parse(text).map_err(|error| error.to_string())
}

//! The command line: arguments in, output and exit status out. No rule of the line lives here.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::compare::{StationLine, compare, read_lines};
use crate::defect::Catalogue;
use crate::device_keys::{DeviceKey, parse_owner_key};
use crate::line::{Line, LineSettings, People};
use crate::report::ReportLine;
use crate::seed::Seed;
use crate::summary::Summary;
use crate::vendor_authorities::{Authority, allow_list};
use crate::vendor_ca::{START_OF_2049, root_pem};
use crate::wire::Speed;

/// Play a line of boards, good, faulty and hostile, for a provisioning station.
///
/// A run is repeated by its seed. Exit status: 0 done; 1 a verdict is not the expected one, or no
/// station met some of the boards; 2 wrong usage, or a file that can't be read or written.
#[derive(Debug, Parser)]
#[command(name = "simulator", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put boards into the fixtures of a line, one after another on each lane.
    ///
    /// Prints the path of each lane's port once a station may open it, then waits for a station. Ends
    /// when every board had its turn, when no station came, or on SIGINT or SIGTERM; with exit status
    /// 1 where boards were never met. What each board was and went through goes to the file of
    /// --report, else to the output, as one JSON object a line; to a terminal, in words.
    #[command(after_help = LINE_EXAMPLE)]
    Line(LineArgs),
    /// Print the root certificates that a profile must trust, in PEM.
    VendorRoots,
    /// Write all files of the simulated chip vendor into a folder: roots, authorities, revocation lists
    /// (`*.crl`), and `chips.csv`, the file of the boards of a line.
    VendorFiles {
        /// The folder; made where it is not there.
        folder: PathBuf,
        /// The seed of the line.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many boards the line has.
        #[arg(long, default_value_t = 24)]
        devices: u32,
    },
    /// Check a defect catalogue and list it.
    Defects {
        /// The catalogue, TOML.
        #[arg(long, value_name = "FILE")]
        defects: PathBuf,
    },
    /// Join the station's results with what the boards really were, by UID.
    ///
    /// Exit status 1 where a verdict is not the expected one, a board is missing on either side,
    /// or a board's own state contradicts its verdict.
    Compare(CompareArgs),
}

const LINE_EXAMPLE: &str = "\
Example:
  simulator line --lanes 4 --devices 24 --seed 7 --defects fixtures/defects/demo.toml \\
      --dir /tmp/line --owner-key home/pki/owner.pub.pem --report simulator.ndjson";

#[derive(Debug, Args)]
struct LineArgs {
    /// Number of lanes.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    lanes: u32,
    /// Number of boards on all lanes together.
    #[arg(long, default_value_t = 1)]
    devices: u32,
    /// What everything is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The defect catalogue, TOML; without it every board is good.
    #[arg(long, value_name = "FILE")]
    defects: Option<PathBuf>,
    /// Folder in which the ports are linked as lane0, lane1 and on.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Bits per second of each lane; without it, as fast as it goes.
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(300..))]
    baud: Option<u32>,
    /// Milliseconds that an adapter adds in each direction.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u32,
    /// Public key of the product owner that the boards pin, PEM; without it, a well-known test key.
    #[arg(long, value_name = "FILE")]
    owner_key: Option<PathBuf>,
    /// Where to write what each board was and went through, one JSON object a line; without it, to
    /// the output, on a terminal in words.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A file that is written once all ports are there.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Seconds to wait for a station to come at all; 0 waits without end.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    #[arg(value_parser = clap::value_parser!(u32).range(..=86_400))]
    station_wait: u32,
    /// Milliseconds that a person waits for a verdict, once a station is there, before unplugging the board.
    #[arg(long, value_name = "MS", default_value_t = People::default().patience_ms)]
    patience_ms: u32,
    /// Milliseconds that a fixture is empty between two boards.
    #[arg(long, value_name = "MS", default_value_t = People::default().gap_ms)]
    gap_ms: u32,
    /// How often the station asks into the empty fixture, at least, before the next board is put in.
    #[arg(long, value_name = "N", default_value_t = People::default().gap_hellos)]
    #[arg(value_parser = clap::value_parser!(u32).range(..=100))]
    gap_hellos: u32,
    /// Milliseconds that a board stays in its fixture after the station's farewell.
    #[arg(long, value_name = "MS", default_value_t = People::default().hand_ms)]
    hand_ms: u32,
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// The station's results, one JSON object a line.
    #[arg(long, visible_alias = "results", value_name = "FILE")]
    station: PathBuf,
    /// The report of `simulator line`.
    #[arg(long, visible_alias = "simulated", value_name = "FILE")]
    simulator: PathBuf,
    /// The catalogue that the line was played from; without it every board must have passed.
    #[arg(long, visible_alias = "defects", value_name = "FILE")]
    expected: Option<PathBuf>,
}

/// What, why, what to do; for stderr.
type Failure = String;

/// Runs the command line. Only `main` calls this.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Line(args) => play(&args),
        Command::VendorRoots => vendor_roots(),
        Command::VendorFiles {
            folder,
            seed,
            devices,
        } => vendor_files(&folder, Seed(seed), devices),
        Command::Defects { defects } => list_defects(&defects),
        Command::Compare(args) => compare_files(&args),
    };
    match outcome {
        Ok(status) => status,
        Err(failure) => {
            tell(&failure);
            ExitCode::from(2)
        }
    }
}

fn play(args: &LineArgs) -> Result<ExitCode, Failure> {
    let catalogue = args
        .defects
        .as_deref()
        .map_or(Ok(Catalogue::empty()), load)?;
    let owner_key = match &args.owner_key {
        Some(file) => {
            parse_owner_key(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => DeviceKey::default_owner().point(),
    };
    let settings = LineSettings {
        lanes: args.lanes,
        devices: args.devices,
        seed: Seed(args.seed),
        folder: args.dir.clone(),
        speed: Speed {
            baud: args.baud,
            latency_ms: args.latency_ms,
        },
        owner_key,
        people: People {
            patience_ms: args.patience_ms,
            gap_ms: args.gap_ms,
            gap_hellos: args.gap_hellos,
            hand_ms: args.hand_ms,
            station_wait_ms: Some(args.station_wait)
                .filter(|seconds| *seconds > 0)
                .map(|seconds| seconds.saturating_mul(1_000)),
            ..People::default()
        },
    };
    let stop = stop_signal().map_err(|error| format!("catching signals: {error}"))?;
    let terminal = io::stdout().is_terminal();
    let mut report: Option<Box<dyn Write + Send>> = match &args.report {
        Some(file) => Some(Box::new(BufWriter::new(create(file)?))),
        None if terminal => None,
        None => Some(Box::new(io::stdout())),
    };
    let line = Line::open(settings, &catalogue, &mut io::stdout()).map_err(text)?;
    if let Some(file) = &args.ready_file {
        create(file)?;
    }
    tell(&awaiting_a_station(args));
    // Where a file has every board, the terminal is somebody else's: a station's, most likely.
    let lines_for_people = report.is_none();
    let mut summary = Summary::default();
    let mut tell_board = |board: &ReportLine| {
        let said = summary.add(board);
        if lines_for_people {
            writeln!(io::stdout(), "{said}")?;
        }
        report.as_mut().map_or(Ok(()), |file| board.write(file))
    };
    let played = line.run(&stop, &mut tell_board).map_err(text)?;
    let total = summary.total(played.never_put_in);
    if terminal {
        print(&format!("{total}\n"))?;
    }
    if played.unseen() > 0 {
        let unseen = played.unseen();
        tell(&format!(
            "{unseen} boards were never met by a station; have station provision running on these \
             ports until the line has ended"
        ));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a person sees while nothing happens.
fn awaiting_a_station(args: &LineArgs) -> String {
    let ports = (0..args.lanes).map(|lane| {
        let port = args.dir.join(format!("lane{lane}"));
        format!(" --port {}", port.display())
    });
    let ports: String = ports.collect();
    let limit = match args.station_wait {
        0 => String::new(),
        seconds => format!(" for {seconds} s (--station-wait)"),
    };
    format!("waits{limit} for a station; start one: station provision --operator ID{ports}")
}

/// A remark; nobody is left to be told where stderr is closed.
fn tell(remark: &str) {
    let _nobody_to_tell = writeln!(io::stderr(), "simulator: {remark}");
}

fn vendor_roots() -> Result<ExitCode, Failure> {
    print(&root_pem().map_err(text)?)
}

fn vendor_files(folder: &Path, seed: Seed, devices: u32) -> Result<ExitCode, Failure> {
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(text)?;
    let authorities = [
        ("root-1", Authority::FirstRoot),
        ("root-2", Authority::SecondRoot),
        ("lot", Authority::Lot),
    ];
    for (name, authority) in authorities {
        let certificate = authority.certificate_pem().map_err(text)?;
        write(&format!("{name}.pem"), certificate.as_bytes())?;
        let list = authority.revocation_list(START_OF_2049).map_err(text)?;
        write(&format!("{name}.crl"), &list)?;
    }
    write("chips.csv", allow_list(seed, devices).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn list_defects(file: &Path) -> Result<ExitCode, Failure> {
    let catalogue = load(file)?;
    let mut table = format!("{:<28} {:<20} {}\n", "defect", "expected", "devices");
    for defect in &catalogue.defects {
        let devices: Vec<String> = catalogue
            .assignments
            .iter()
            .filter(|entry| entry.defect == defect.name)
            .map(|entry| entry.device.to_string())
            .collect();
        let (name, expected) = (&defect.name, &defect.expected);
        let devices = devices.join(", ");
        let _infallible = writeln!(table, "{name:<28} {expected:<20} {devices}");
    }
    print(&table)
}

fn compare_files(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let catalogue = args
        .expected
        .as_deref()
        .map_or(Ok(Catalogue::empty()), load)?;
    let station: Vec<StationLine> = lines_of(&args.station)?;
    let simulator: Vec<ReportLine> = lines_of(&args.simulator)?;
    let comparison = compare(&station, &simulator, &catalogue);
    print(&comparison.summary())?;
    Ok(if comparison.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn lines_of<T: for<'de> serde::Deserialize<'de>>(file: &Path) -> Result<Vec<T>, Failure> {
    read_lines(&file.display().to_string(), &read(file)?).map_err(text)
}

fn load(file: &Path) -> Result<Catalogue, Failure> {
    Catalogue::parse(&file.display().to_string(), &read(file)?).map_err(text)
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}; check the path", file.display()))
}

fn create(file: &Path) -> Result<File, Failure> {
    File::create(file).map_err(|error| format!("{}: {error}; check the path", file.display()))
}

/// A closed pipe ends quietly.
fn print(text: &str) -> Result<ExitCode, Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("writing the output: {error}"))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Becomes readable on SIGINT or SIGTERM, and stays so: nobody reads it.
fn stop_signal() -> io::Result<OwnedFd> {
    let (watched, told) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGINT, told.try_clone()?)?;
    signal_hook::low_level::pipe::register(SIGTERM, told)?;
    Ok(watched.into())
}

fn text(error: impl std::error::Error) -> Failure {
    error.to_string()
}

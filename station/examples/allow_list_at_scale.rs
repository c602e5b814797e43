//! How long an allow-list takes to load, what memory it holds, and how long a look-up takes:
//!
//!     cargo run --release -p station --example allow_list_at_scale -- 1000000
#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::time::Instant;

use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::{AffinePoint, ProjectivePoint};
use sha2::{Digest as _, Sha256};
use station::attestation::{AllowListReader, HEADER};

type Failure = Box<dyn std::error::Error>;

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people, not a part of the station"
)]
fn main() -> Result<(), Failure> {
    let rows: u32 = std::env::args().nth(1).unwrap_or_default().parse()?;
    let path = std::env::temp_dir().join(format!("allow-list-{rows}.csv"));
    if !path.exists() {
        write_list(&path, rows)?;
    }
    let before = resident_kib()?;
    let started = Instant::now();
    let mut file = File::open(&path)?;
    let mut reader = AllowListReader::new(file.metadata()?.len());
    let mut piece = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        reader.feed(piece.get(..count).unwrap_or_default())?;
    }
    let list = reader.finish()?;
    let loaded = started.elapsed();
    println!(
        "{} rows, {} MB: loaded in {:.2} s; memory held {} MiB, at most {} MiB while loading",
        list.len(),
        fs::metadata(&path)?.len() / 1_000_000,
        loaded.as_secs_f64(),
        resident_kib()?.saturating_sub(before) / 1024,
        status_kib("VmHWM:")?.saturating_sub(before) / 1024,
    );
    let looked_up: u32 = rows.min(10_000);
    let ids: Vec<_> = points(looked_up).map(|point| instance_id(&point)).collect();
    let started = Instant::now();
    let found = ids.iter().filter(|id| list.find(id).is_some()).count();
    let hit = started.elapsed() / looked_up.max(1);
    let started = Instant::now();
    let other = |id: &[u8; 33]| {
        let mut other = *id;
        other[32] ^= 1;
        other
    };
    let missed = ids.iter().filter(|id| list.find(&other(id)).is_none());
    let missed = missed.count();
    let miss = started.elapsed() / looked_up.max(1);
    println!(
        "{found} found in {hit:?} each (with its key decompressed), {missed} missed in {miss:?}"
    );
    Ok(())
}

fn write_list(path: &Path, rows: u32) -> Result<(), Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{HEADER}")?;
    let hex = |bytes: &[u8]| base16ct::lower::encode_string(bytes);
    for (number, point) in (0_u32..).zip(points(rows)) {
        let uid = [&[0xa5; 8], number.to_be_bytes().as_slice()].concat();
        let id = instance_id(&point);
        writeln!(file, "{},{},{}", hex(&id), hex(&uid), hex(&point))?;
    }
    Ok(file.flush()?)
}

/// Multiples of the generator: keys of nobody, all different.
fn points(count: u32) -> impl Iterator<Item = [u8; 65]> {
    let mut point = ProjectivePoint::GENERATOR;
    (0..count).map(move |_| {
        let affine: AffinePoint = point.to_affine();
        point += ProjectivePoint::GENERATOR;
        let mut bytes = [0; 65];
        bytes.copy_from_slice(affine.to_sec1_point(false).as_bytes());
        bytes
    })
}

fn instance_id(point: &[u8; 65]) -> [u8; 33] {
    let mut id = [1; 33];
    let digest = Sha256::digest(point);
    id.iter_mut()
        .skip(1)
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    id
}

fn resident_kib() -> Result<u64, Failure> {
    status_kib("VmRSS:")
}

fn status_kib(key: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number.ok_or("no such line")?.parse()?)
}

//! How many certificates a station's token gives: request read and checked, TBS assembled, signed in
//! the token, signature checked, certificate encoded.
//!
//! `certificates_per_second HOME CSR WORKERS SECONDS` prints the number a second. Nothing is recorded.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use acceptance::prepared_station::sample_profile;
use acceptance::wait_for::Deadline;
use firmware_proto::Uid;
use station::clock::UtcMillis;
use station::hsm::{PoolSize, SignerPool};
use station::identity::chain::IssuingCertificate;
use station::identity::idevid::{self, Subject};
use station::identity::signer::{KeyRole, Signer as _};
use station::identity::{csr, issuing};
use station::names::{CertificateSerial, DeviceSerial};
use station::profile::Profile;
use station::station_home::StationHome;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// 2026-11-22T08:30:00Z: any time at which the certificates are valid.
const NOT_BEFORE: UtcMillis = UtcMillis(1_795_336_200_000);

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, request, workers, seconds] = arguments.as_slice() else {
        return Err("usage: certificates_per_second HOME CSR WORKERS SECONDS".into());
    };
    let home = StationHome::open(Path::new(home))?;
    let pin = home.config().hsm.pin.read(home.path())?;
    let mut token = home.config().hsm.token_config();
    let threads: usize = workers.parse()?;
    token.workers = PoolSize::new(threads).ok_or("workers is out of range")?;
    let profile = Profile::parse("profile", &std::fs::read_to_string(sample_profile())?)?;
    let bench = Bench {
        signer: SignerPool::open(&token, &pin)?,
        issuing: IssuingCertificate::from_der(&der(&home.path().join("pki/issuing.pem"))?)?,
        profile,
        request: std::fs::read(request)?,
    };
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let patience = Duration::from_secs(seconds.parse()?);
    let deadline = Deadline::after(patience);
    let results: Vec<Outcome<()>> = std::thread::scope(|scope| {
        let work = || -> Outcome<()> {
            while !deadline.has_passed() && !stop.load(Ordering::Relaxed) {
                bench
                    .issue()
                    .inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().map_err(|_| "a thread panicked")?)
            .collect()
    });
    results.into_iter().collect::<Outcome<Vec<()>>>()?;
    let rate = done.load(Ordering::Relaxed) / patience.as_secs().max(1);
    writeln!(std::io::stdout(), "{rate}")?;
    Ok(())
}

struct Bench {
    signer: SignerPool,
    issuing: IssuingCertificate,
    profile: Profile,
    request: Vec<u8>,
}

impl Bench {
    fn issue(&self) -> Outcome<()> {
        let request = csr::parse(&self.request)?;
        let mut random = [0; 16];
        self.signer.random(&mut random)?;
        let serial = CertificateSerial::from_random(random).ok_or("a serial of zero")?;
        let subject = Subject {
            device_serial: &DeviceSerial::parse("SA-000001")?,
            uid: &Uid::from_bytes(&[7; 12])?,
            public_key: &request.public_key,
        };
        let template = &self.profile.certificate;
        let tbs = idevid::assemble(template, &self.issuing, subject, serial, NOT_BEFORE)?;
        let signature = self.signer.sign(KeyRole::Issuing, &tbs)?;
        issuing::complete(&tbs, &signature, &self.issuing)?;
        Ok(())
    }
}

fn der(pem: &Path) -> Outcome<Vec<u8>> {
    use base64ct::{Base64, Encoding as _};
    let text = std::fs::read_to_string(pem)?;
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    Ok(Base64::decode_vec(&body)?)
}

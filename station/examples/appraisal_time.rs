//! How long the station takes to appraise one board: its evidence, its self-test, its request and the token that
//! binds its key.
//!
//!     cargo run --release -p station --example appraisal_time -- 2000
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use firmware_proto::response::Identity;
use firmware_proto::{
    BootId, DeviceNonce, Digest, HardwareRevision, ProductCode, ProvisioningState, version,
};
use simulator::blueprint::Blueprint;
use simulator::evidence::{TokenFault, TokenRequest, token};
use simulator::seed::{Purpose, Seed};
use simulator::vendor_ca::endorse;
use station::attestation::{EvidenceInput, TrustMaterial, appraise_evidence, appraise_key_token};
use station::clock::UtcMillis;
use station::profile::{Profile, SelfTest, judge_measurements};
use station::verdict::VerdictCode;

type Failure = Box<dyn std::error::Error>;

const NOW: UtcMillis = UtcMillis(1_795_336_200_250);
const CHALLENGE: Digest = Digest::from_bytes([9; 32]);

/// What one board sends.
struct Board {
    token: Vec<u8>,
    certificates: Vec<u8>,
    identity: Identity,
    self_test: SelfTest,
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people, not a part of the station"
)]
fn main() -> Result<(), Failure> {
    let count: u32 = std::env::args().nth(1).unwrap_or_default().parse()?;
    let text = include_str!("../../fixtures/profiles/sensor-a.toml");
    let profile = Profile::parse("sensor-a.toml", text).map_err(|faults| faults.to_string())?;
    let boards: Vec<Board> = (0..count).map(board).collect::<Result<_, _>>()?;
    let trust = TrustMaterial::default();
    let mut evidence = Vec::new();
    let (mut measurements, mut key_tokens) = (Vec::new(), Vec::new());
    for board in &boards {
        let started = Instant::now();
        let appraised = appraise_evidence(&profile, input(board, &trust));
        evidence.push(started.elapsed());
        let trusted = appraised.board.ok_or(appraised.detail)?;
        let started = Instant::now();
        let judged = black_box(judge_measurements(&profile, &board.self_test));
        measurements.push(started.elapsed());
        if judged.code != VerdictCode::Pass {
            return Err(judged.detail.into());
        }
        // Token 2 costs what any later token costs; what it answers makes no difference to that.
        let started = Instant::now();
        let bound = appraise_key_token(&profile, &trusted, &board.token, &CHALLENGE);
        key_tokens.push(started.elapsed());
        bound.map_err(|rejection| rejection.detail)?;
    }
    let whole: Vec<Duration> = evidence
        .iter()
        .zip(&measurements)
        .zip(&key_tokens)
        .map(|((one, two), three)| *one + *two + *three)
        .collect();
    println!("{count} boards appraised, median (99 of 100 within):");
    for (what, times) in [
        ("evidence and certificates", evidence),
        ("self-test and noise source", measurements),
        ("the token that binds the key", key_tokens),
        ("a board", whole),
    ] {
        let (median, most) = spread(times);
        println!("{what:<30}{median:>10.1?}  ({most:.1?})");
    }
    Ok(())
}

const fn input<'a>(board: &'a Board, trust: &'a TrustMaterial) -> EvidenceInput<'a> {
    EvidenceInput {
        token: board.token.as_slice(),
        certificates: board.certificates.as_slice(),
        challenge: &CHALLENGE,
        identity: &board.identity,
        trust,
        now: NOW,
    }
}

fn board(number: u32) -> Result<Board, Failure> {
    let blueprint = Blueprint::good(Seed(7), number, [4; 65]);
    let token = token(&TokenRequest {
        key: &blueprint.attestation_key,
        claims: &blueprint.claims,
        lifecycle: blueprint.lifecycle,
        boot_seed: &[5; 32],
        challenge: &CHALLENGE,
        fault: TokenFault::None,
    })?;
    let mut noise = blueprint.seed.stream(Purpose::NoiseSource, number);
    Ok(Board {
        token,
        certificates: endorse(&blueprint.attestation_key, &blueprint.endorsement)?,
        identity: Identity {
            version: version::CURRENT,
            max_frame_bytes: 1024,
            window_chunks: 8,
            uid: blueprint.claimed.uid,
            product: ProductCode::parse("SENSOR-A").map_err(|_| "a product")?,
            hardware_revision: HardwareRevision::parse("C2").map_err(|_| "a revision")?,
            state: ProvisioningState::Unprovisioned,
            device_nonce: DeviceNonce::from_bytes([1; 32]),
            boot: BootId::from_bytes([1; 4]),
        },
        self_test: SelfTest {
            measurements: blueprint.measurements,
            noise: blueprint.noise_source.samples(&mut noise),
        },
    })
}

/// The median, and what 99 of 100 stay within.
fn spread(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied();
    (at(50).unwrap_or_default(), at(99).unwrap_or_default())
}

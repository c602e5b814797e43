//! What the self-test of a board shows: refused with its own code, or recorded with limits and flags.

use simulator::blueprint::Blueprint;
use simulator::board::VirtualBoard;
use simulator::fault::{Fault, Reading};
use simulator::noise_source::NoiseSource;
use simulator::seed::Seed;

use super::bench::Bench;
use super::faulty_boards::check;
use crate::ledger::event::Fact;
use crate::names::BatchId;
use crate::verdict::VerdictCode;

#[test]
fn hardware() {
    let name = || "vdd_3v3".to_owned();
    let high = Fault::Measurement {
        name: name(),
        value: Reading::Real(3.9),
    };
    check(&high, VerdictCode::HwLimit);
    check(
        &Fault::NotANumber { name: name() },
        VerdictCode::HwNotANumber,
    );
    check(
        &Fault::MissingMeasurement { name: name() },
        VerdictCode::HwMissing,
    );
    check(&Fault::OtherUnit { name: name() }, VerdictCode::HwUnit);
    let of_a_report = [
        (Fault::OtherType { name: name() }, VerdictCode::HwType),
        (Fault::Infinite { name: name() }, VerdictCode::HwInfinite),
        (
            Fault::StuckSensor {
                name: "t_die".to_owned(),
            },
            VerdictCode::HwStuck,
        ),
        (
            Fault::RandomSource {
                source: NoiseSource::Biased { bits: 2 },
            },
            VerdictCode::HwRng,
        ),
    ];
    for (fault, code) in of_a_report {
        check(&fault, code);
    }
    check(&Fault::SelfTestFails {}, VerdictCode::DeviceFault);
}

/// The ledger holds every measurement with its limits, the samples, and what passed close to a limit.
#[test]
fn measurements_are_recorded_with_limits_and_flags() {
    let mut bench = Bench::new(10);
    let slow = Fault::Measurement {
        name: "t_boot".to_owned(),
        value: Reading::Real(0.24),
    };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &slow);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Pass);
    let said = "t_boot: got 0.24 s, limits 0.1 to 0.25: passes, close to a limit";
    assert_eq!(verdict.marginal, [said]);
    let judged = bench.facts().into_iter().find_map(|fact| match fact {
        Fact::MeasurementsJudged {
            measurements,
            random_source,
            ..
        } => Some((measurements, random_source)),
        _ => None,
    });
    let (measurements, source) = judged.unwrap();
    assert!(measurements.iter().all(|one| one.limits.is_some()));
    let marginal = measurements.iter().filter(|one| one.marginal);
    assert!(marginal.map(|one| one.name.as_str()).eq(["t_boot"]));
    let repeated = measurements.iter().filter(|one| one.readings.len() == 8);
    assert!(repeated.map(|one| one.name.as_str()).eq(["t_die"]));
    assert_eq!(source.unwrap().samples.0.len(), 512);
}

/// A key is compared with all that any board ever showed: in other batches, and of boards that were refused.
#[test]
fn keys_of_refused_boards_and_of_other_batches_count() {
    let mut bench = Bench::new(10);
    let (owner, shared) = (bench.owner_key(), Fault::SharedKey {});
    let mut refused = Blueprint::good(Seed(7), 0, owner);
    let conduct = shared.apply(&mut refused);
    Fault::LockFails {}.apply(&mut refused);
    let mut first = VirtualBoard::assemble(refused, conduct);
    assert_eq!(bench.provision(&mut first).code, VerdictCode::LockRefused);
    bench.open_batch("B2", 10);
    bench.context.batch = BatchId::parse("B2").unwrap();
    let mut second = VirtualBoard::faulty(7, 1, &owner, &shared);
    let verdict = bench.provision(&mut second);
    assert_eq!(verdict.code, VerdictCode::KeyReused, "{verdict:?}");
    assert_eq!(bench.issued(), 1);
}

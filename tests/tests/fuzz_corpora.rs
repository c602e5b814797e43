//! What the fuzzers found stays found: each target of `station/fuzz` and `firmware-proto/fuzz` holds for its
//! corpus in `fixtures/fuzz`, and for a bounded number of changes of it, drawn from a seed.
//!
//! `FUZZ_RUNS` and `FUZZ_SEED` make it longer and another one. The body of a target is the same file here and
//! there; no nightly toolchain is needed.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use acceptance::mutation::Mutation;
use acceptance::repository;

/// Changed samples of each target.
const RUNS: u64 = 4_000;
const SEED: u64 = 20_261_125;

/// Declares the body of each target, and a test that holds it to its corpus.
macro_rules! targets {
    ($($name:ident: $body:literal,)*) => {
        $(
            #[path = $body]
            mod $name;
        )*

        mod holds_for_its_corpus {
            $(
                #[test]
                fn $name() {
                    super::hold(stringify!($name), super::$name::check);
                }
            )*
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    allow_list: "../../station/fuzz/bodies/allow_list.rs",
    certificate: "../../station/fuzz/bodies/certificate.rs",
    certification_request: "../../station/fuzz/bodies/certification_request.rs",
    checkpoint: "../../station/fuzz/bodies/checkpoint.rs",
    device_receive: "../../firmware-proto/fuzz/bodies/device_receive.rs",
    frame_reader: "../../firmware-proto/fuzz/bodies/frame_reader.rs",
    image: "../../station/fuzz/bodies/image.rs",
    leaf: "../../station/fuzz/bodies/leaf.rs",
    manifest: "../../station/fuzz/bodies/manifest.rs",
    profile: "../../station/fuzz/bodies/profile.rs",
    response_decode: "../../firmware-proto/fuzz/bodies/response_decode.rs",
    revocation_list: "../../station/fuzz/bodies/revocation_list.rs",
    signed_objects: "../../firmware-proto/fuzz/bodies/signed_objects.rs",
    signed_profile: "../../station/fuzz/bodies/signed_profile.rs",
    token: "../../station/fuzz/bodies/token.rs",
}

fn hold(target: &str, check: fn(&[u8])) {
    let samples = corpus(target);
    assert!(!samples.is_empty(), "fixtures/fuzz/{target} is empty");
    for (name, sample) in &samples {
        held(check, sample, || format!("fixtures/fuzz/{target}/{name}"));
    }
    let runs = from_environment("FUZZ_RUNS").unwrap_or(RUNS);
    let seed = from_environment("FUZZ_SEED").unwrap_or(SEED);
    println!(
        "{target}: {} samples, FUZZ_RUNS={runs} FUZZ_SEED={seed}",
        samples.len()
    );
    let samples: Vec<Vec<u8>> = samples.into_iter().map(|(_, sample)| sample).collect();
    let mut mutation = Mutation::new(seed);
    for run in 0..runs {
        let bytes = mutation.of(&samples);
        let which = || format!("{target}: FUZZ_SEED={seed}, change {run}: {}", hex(&bytes));
        held(check, &bytes, which);
    }
}

/// Says which bytes it was, then fails as the target did.
fn held(check: fn(&[u8]), bytes: &[u8], which: impl Fn() -> String) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(bytes))) {
        println!("{}", which());
        resume_unwind(panic);
    }
}

/// Names and contents of a target's samples.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let files = repository::files(&format!("fixtures/fuzz/{target}"), "");
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default();
        let bytes = std::fs::read(repository::root().join(&path)).expect("a sample can be read");
        (name.to_string_lossy().into_owned(), bytes)
    };
    files.into_iter().map(read).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
    )
}

#[test]
fn every_target_is_held() {
    let mut names = Vec::new();
    for folder in [
        "station/fuzz/fuzz_targets",
        "firmware-proto/fuzz/fuzz_targets",
    ] {
        for path in repository::files(folder, ".rs") {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            names.push(name);
        }
    }
    names.sort();
    assert_eq!(names, NAMES);
}

//! The command as a release engineer runs it, on imgtool's images and the sample profile.

use std::ffi::OsString;
use std::fs;

use clap::Parser as _;

use super::*;
use crate::cli::args::{Arguments, Command};
use crate::cli::output::Output;
use crate::cli::profile::ProfileCommand;
use crate::profile::Profile;

const SENSOR_A: &str = include_str!("../../../../../fixtures/profiles/sensor-a.toml");

/// The signer in the sample profile, which signs nothing, and the one of the sample images.
const NOBODY: &str = "c126e95f9a40577baa88a0f82901df3903f910bc97ff6c9be25727543f5746c0";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let pem = fs::read_to_string(sample("vendor.pub.pem")).unwrap();
        let key = Hex::from(SigningKey::from_pem(&pem).unwrap().digest()).to_string();
        fs::write(bench.profile(), SENSOR_A.replace(NOBODY, &key)).unwrap();
        bench
    }

    fn profile(&self) -> PathBuf {
        self.folder.path().join("p.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.profile()).unwrap()
    }

    /// `images` are component and sample.
    fn pin(&self, images: &[&str], more: &[&str]) -> Result<ExitStatus, Failure> {
        let mut words: Vec<OsString> = ["station", "profile", "pin", "--quiet"]
            .map(OsString::from)
            .into();
        for image in images {
            let (component, file) = image.split_once('=').unwrap_or(("", image));
            let equals = if component.is_empty() { "" } else { "=" };
            let path = sample(file);
            words.extend([
                "--image".into(),
                format!("{component}{equals}{}", path.display()).into(),
            ]);
        }
        words.extend(["--profile".into(), self.profile().into()]);
        words.extend(more.iter().map(OsString::from));
        if !more.contains(&"--unverified") && !more.contains(&"--signing-key") {
            words.extend(["--signing-key".into(), sample("vendor.pub.pem").into()]);
        }
        let arguments = Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
        let context = Context::new(arguments.global, Output::new(true, true));
        match &arguments.command {
            Command::Profile(ProfileCommand::Pin(arguments)) => run(arguments, &context),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check_refused(&self, images: &[&str], more: &[&str], why: &str) {
        let before = self.text();
        let failure = self.pin(images, more).unwrap_err();
        assert!(failure.why().contains(why), "{failure}");
        assert_eq!(self.text(), before, "a refused pin wrote something");
    }
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/images")
        .join(name)
}

#[test]
fn writes_what_a_board_with_that_image_reports() {
    let bench = Bench::new();
    let status = bench
        .pin(&["BL=bootloader.bin", "APP=build.bin"], &[])
        .unwrap_err();
    // 1.2.0 is pinned in the sample as another image.
    assert!(
        status.why().contains("another image is pinned as BL 1.2.0"),
        "{status}"
    );

    bench.pin(&["APP=build.bin"], &[]).unwrap();
    let profile = Profile::parse("p.toml", &bench.text()).unwrap();
    let app = &profile.firmware[1];
    let release = app.allowed_release("2.5.2+9").unwrap();
    let bytes = fs::read(sample("build.bin")).unwrap();
    let image = FirmwareImage::parse(&bytes).unwrap();
    assert_eq!(
        (release.measurement, release.security_counter),
        (image.digest, Some(8))
    );
    // Nothing else has changed.
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&Bench::new().text()), lines(&bench.text()));
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!((new.len(), after.len()), (1, before.len() + 1), "{new:?}");

    // A second time there is nothing to do.
    let text = bench.text();
    bench.pin(&["APP=build.bin"], &[]).unwrap();
    assert_eq!(bench.text(), text);
}

#[test]
fn replaces_only_when_told_and_only_one_line() {
    let bench = Bench::new();
    let images = ["BL=bootloader.bin", "boot-record.bin"];
    bench.check_refused(
        &images,
        &[],
        "another image is pinned as BL 1.2.0: 35971a7e",
    );
    bench.pin(&images, &["--replace"]).unwrap();
    let profile = Profile::parse("p.toml", &bench.text()).unwrap();
    assert_eq!(profile.firmware[0].versions[0].security_counter, Some(3));
    assert_eq!(profile.firmware[1].versions.len(), 2);
    assert_eq!(
        bench.text().lines().count(),
        Bench::new().text().lines().count()
    );
}

#[test]
fn a_dry_run_and_another_file_leave_the_profile_alone() {
    let bench = Bench::new();
    let before = bench.text();
    bench.pin(&["APP=build.bin"], &["--dry-run"]).unwrap();
    assert_eq!(bench.text(), before);
    let other = bench.folder.path().join("other.toml");
    bench
        .pin(&["APP=build.bin"], &["-o", other.to_str().unwrap()])
        .unwrap();
    assert_eq!(bench.text(), before);
    assert!(fs::read_to_string(other).unwrap().contains("2.5.2+9"));
}

#[test]
fn refuses_an_image_that_no_board_should_have() {
    let bench = Bench::new();
    bench.check_refused(
        &["APP=rolled-back.bin"],
        &["--replace"],
        "got security counter 6, at least 7",
    );
    bench.check_refused(
        &["APP=signed.bin"],
        &["--replace"],
        "has no security counter to compare",
    );
    bench.check_refused(
        &["APP=foreign.bin"],
        &["--replace", "--unverified"],
        "got signer",
    );
    bench.check_refused(
        &["APP=foreign.bin"],
        &["--replace"],
        "no key was given that the image names",
    );
    bench.check_refused(
        &["APP=unsigned.bin"],
        &["--unverified"],
        "the image is not signed",
    );
    bench.check_refused(&["APP=encrypted.bin"], &[], "encrypted");
    bench.check_refused(
        &["AP=build.bin"],
        &[],
        "no component \"AP\"; it has BL, APP",
    );
    bench.check_refused(&["build.bin"], &[], "nobody says which component it is");
    bench.check_refused(
        &["BL=boot-record.bin"],
        &[],
        "its boot record says that it is APP",
    );
    bench.check_refused(
        &["APP=build.bin", "APP=build.bin"],
        &[],
        "two images were given for APP 2.5.2+9",
    );
    let known_bad = bench.text().replace("\"2.4.1\"", "\"2.5.2+9\"");
    fs::write(bench.profile(), known_bad).unwrap();
    bench.check_refused(&["APP=build.bin"], &[], "forgets its calibration");
    fs::write(bench.profile(), bench.text().replace("<2.6.0", "<2.5.2")).unwrap();
    bench.check_refused(
        &["APP=boot-record.bin", "APP=build.bin"],
        &["--replace"],
        "",
    );
}

#[test]
fn a_new_component_is_a_decision() {
    let bench = Bench::new();
    bench.check_refused(&["MODEM=counter.bin"], &[], "no component \"MODEM\"");
    bench
        .pin(&["MODEM=counter.bin"], &["--new-component"])
        .unwrap();
    let profile = Profile::parse("p.toml", &bench.text()).unwrap();
    assert_eq!(profile.firmware[2].component, "MODEM");
    assert_eq!(profile.firmware[2].versions[0].version, "2.5.1");
}

#[test]
fn a_component_ends_before_the_first_equals_sign_unless_it_is_a_path() {
    let parse = |text: &str| ImageArgument::from_str(text).unwrap();
    assert_eq!(parse("APP=a=b.bin").component.as_deref(), Some("APP"));
    assert_eq!(parse("APP=a=b.bin").file, Path::new("a=b.bin"));
    assert_eq!(parse("./a=b.bin").file, Path::new("./a=b.bin"));
    assert_eq!(parse("a.bin").component, None);
}

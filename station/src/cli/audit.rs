//! `station audit`: questions to a folder of manifests, offline.

mod answer_words;
mod folder;
mod hints;
mod manifest_files;
mod telling;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use firmware_proto::Uid;

use super::certificate_file;
use super::context::Context;
use super::counted::counted;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::manifest::read_root;
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::manifest::question::{CertificateName, FirmwareName, Question};
use crate::names::{BatchId, CertificateSerial, DeviceSerial, OperatorId};
use crate::verdict::{Outcome, VerdictCode};
use manifest_files::Reading;

/// What an auditor can do.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Ask a folder of manifests: which devices, which certificates, which firmware
    ///
    /// Needs no station home, no HSM and no network. Reads every signed manifest in the folder (DSSE, *.json; not those
    /// in folders of the folder, which are named on stderr) and verifies each under the root before it believes a word of it; one that does not verify is left out and told
    /// on stderr, and so is what is named as a manifest and cannot be read. Where a batch has several manifests, the
    /// one over the larger ledger counts; where two contradict each other, that is told with what differs. A device
    /// answers where all that is asked fits; --verdict, --code and --live go by the newest word in the folder (unless
    /// --batch names the batch whose verdict is meant), and other rows are marked where a later batch has the board.
    /// Exit status 0 where something was found, 1 where nothing was, or where a manifest did not verify, could not be
    /// read or contradicts another; 3 where one was not checked for want of room for temporary files.
    #[command(
        after_help = "Examples:\n  station audit query manifests --trust root.pem --serial SA-000017\n  \
                      station audit query manifests --trust root.pem --firmware APP=2.5.1 --json\n  \
                      station audit query manifests --trust root.pem --certificate device.pem\n  \
                      station audit query manifests --trust root.pem --live --batch B-2026-47"
    )]
    Query(Box<QueryArguments>),
}

/// The question.
#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// The folder with the manifests
    dir: PathBuf,
    /// The root certificate that you trust (PEM)
    #[arg(long, value_name = "FILE", required_unless_present = "unverified")]
    trust: Option<PathBuf>,
    /// Take the word of manifests that do not verify too, marked as such; each is told with the reason, and the exit
    /// status is 1 all the same
    #[arg(long)]
    unverified: bool,
    /// The device with this serial
    #[arg(long, value_name = "SERIAL")]
    serial: Option<DeviceSerial>,
    /// The device with this UID
    #[arg(long, value_name = "UID", value_parser = uid)]
    uid: Option<Uid>,
    /// The device with this certificate: its serial number, its SHA-256, or its PEM file
    #[arg(long, value_name = "CERTIFICATE")]
    certificate: Option<String>,
    /// Devices that carry this firmware: COMPONENT=VERSION, or VERSION of any component, or SHA-256 of the image
    #[arg(long, value_name = "FIRMWARE", value_parser = firmware)]
    firmware: Option<FirmwareName>,
    /// Devices finished at this time or later: a day, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = beginning)]
    from: Option<UtcMillis>,
    /// Devices finished until this time: a day to its end, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = end)]
    to: Option<UtcMillis>,
    /// Devices that this person has had in work
    #[arg(long = "worked-on-by", value_name = "ID")]
    worker: Option<OperatorId>,
    /// Devices with this verdict: PASS, FAIL or ERROR
    #[arg(long, value_name = "VERDICT", value_parser = verdict)]
    verdict: Option<Outcome>,
    /// Devices with this code
    #[arg(long, value_name = "CODE", value_parser = code)]
    code: Option<VerdictCode>,
    /// Devices of this batch
    #[arg(long)]
    batch: Option<BatchId>,
    /// Devices with a live certificate, and of their certificates only the live ones
    #[arg(long)]
    live: bool,
}

/// Does it.
pub(crate) fn run(command: &AuditCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let AuditCommand::Query(arguments) = command;
    refuse_operator(context)?;
    let question = question(arguments)?;
    let root = arguments.trust.as_deref().map(read_root).transpose()?;
    let reading = Reading {
        context,
        root: root.as_ref(),
        unverified: arguments.unverified,
        question: &question,
    };
    let asked = reading.ask(&arguments.dir)?;
    let all_hold = asked.refused + asked.not_verified + asked.unread + asked.contradictions == 0;
    let all_checked = asked.not_checked == 0;
    let found = answer_words::show(context, &question, &asked);
    Ok(match (all_checked, found && all_hold) {
        (false, _) => ExitStatus::StationFault,
        (true, true) => ExitStatus::Done,
        (true, false) => ExitStatus::CheckFailed,
    })
}

/// It would look like a condition, and be none. In the environment it is meant for other commands.
fn refuse_operator(context: &Context) -> Result<(), Failure> {
    if context.operator_is_typed() {
        return Err(Failure::usage(
            "--operator does not go with audit query",
            "it says who is doing this, and here nothing is done that is recorded",
            "leave it out; to ask what somebody had in work, use --worked-on-by ID",
        ));
    }
    Ok(())
}

fn question(arguments: &QueryArguments) -> Result<Question, Failure> {
    let certificate = arguments.certificate.as_deref();
    if let (Some(from), Some(before)) = (arguments.from, arguments.to)
        && from >= before
    {
        return Err(Failure::usage(
            "nothing can be found from --from to --to",
            format_args!("--from {from} is after --to"),
            "give the earlier time with --from and the later one with --to",
        ));
    }
    Ok(Question {
        serial: arguments.serial.clone(),
        uid: arguments.uid.clone(),
        certificate: certificate.map(certificate_name).transpose()?,
        firmware: arguments.firmware.clone(),
        from: arguments.from,
        before: arguments.to,
        operator: arguments.worker.clone(),
        verdict: arguments.verdict,
        code: arguments.code,
        batch: arguments.batch.clone(),
        live: arguments.live,
    })
}

/// A serial number or a digest as tools write them, or a file.
fn certificate_name(text: &str) -> Result<CertificateName, Failure> {
    let digits = text.replace(':', "").to_ascii_lowercase();
    let hexadecimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal && digits.len() == 64 {
        let digest = base16ct::lower::decode_vec(&digits).unwrap_or_default();
        return Ok(CertificateName::Digest(Hex(digest)));
    }
    if hexadecimal {
        // Some tools leave zeros at the beginning out, some put one more byte there.
        let number = digits.trim_start_matches('0');
        let serial = CertificateSerial::parse_hex(&format!("{number:0>32}"));
        return serial.map(CertificateName::Serial).ok_or_else(|| {
            Failure::usage(
                format_args!("{text:?} names no certificate"),
                "a serial number has at most 32 hexadecimal digits, a SHA-256 has 64",
                "give one of them, or the certificate's PEM file",
            )
        });
    }
    let certificate = certificate_file::read(
        Path::new(text),
        &format!("{text} is no certificate"),
        "give a certificate in PEM, or its serial number or SHA-256",
    )?;
    Ok(CertificateName::Digest(sha256(certificate.der()).into()))
}

fn uid(text: &str) -> Result<Uid, String> {
    let digits = text.replace(':', "").to_ascii_uppercase();
    if let Some(other) = digits.chars().find(|digit| !digit.is_ascii_hexdigit()) {
        return Err(format!(
            "a UID is hexadecimal, and {other:?} is no digit of that"
        ));
    }
    let bytes = base16ct::upper::decode_vec(&digits).ok();
    let uid = bytes.and_then(|bytes| Uid::from_bytes(&bytes).ok());
    uid.ok_or_else(|| {
        let (least, most) = (Uid::LENGTHS.start(), Uid::LENGTHS.end());
        format!(
            "a UID has {least} to {most} bytes, {} to {} hexadecimal digits, two a byte; this has {}",
            least * 2,
            most * 2,
            counted(digits.len() as u64, "digit", "digits"),
        )
    })
}

fn firmware(text: &str) -> Result<FirmwareName, String> {
    FirmwareName::parse(text).ok_or_else(|| {
        "use COMPONENT=VERSION or VERSION, or the image's SHA-256 as VERSION".to_owned()
    })
}

fn verdict(text: &str) -> Result<Outcome, String> {
    let upper = serde_json::Value::String(text.to_ascii_uppercase());
    serde_json::from_value(upper).map_err(|_| match code(text) {
        Ok(code) => format!("that is a code: use --code {code}"),
        Err(_) => "use PASS, FAIL or ERROR".to_owned(),
    })
}

fn code(text: &str) -> Result<VerdictCode, String> {
    VerdictCode::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| "there is no such code; see station explain".to_owned())
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn beginning(text: &str) -> Result<UtcMillis, String> {
    let whole_day = UtcMillis::parse_rfc3339(&format!("{text}T00:00:00Z"));
    whole_day
        .or_else(|| UtcMillis::parse_rfc3339(text))
        .ok_or_else(|| "use a day like 2026-11-25, or RFC 3339".to_owned())
}

/// The first millisecond that is too late.
fn end(text: &str) -> Result<UtcMillis, String> {
    let begins = beginning(text)?;
    let is_day = UtcMillis::parse_rfc3339(text).is_none();
    Ok(UtcMillis(begins.0.saturating_add(if is_day {
        DAY_MS
    } else {
        1
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_named_as_other_tools_name_them() {
        let serial = "0a".to_owned() + &"1b".repeat(15);
        let expected = CertificateName::Serial(CertificateSerial::parse_hex(&serial).unwrap());
        for text in [
            serial.clone(),
            serial.to_uppercase(),
            serial[1..].to_owned(),
            format!("00:{serial}"),
        ] {
            assert_eq!(certificate_name(&text).unwrap(), expected, "{text}");
        }
        let digest = certificate_name(&"AB:".repeat(32)).unwrap();
        assert_eq!(digest, CertificateName::Digest(Hex(vec![0xab; 32])));
        assert!(certificate_name(&"1".repeat(40)).is_err());
        assert!(certificate_name("no-such-file.pem").is_err());
        let folder = tempfile::tempdir().unwrap();
        let root = include_str!("../../../fixtures/manifests/root.pem");
        let two = folder.path().join("two.pem");
        std::fs::write(&two, [root, root].concat()).unwrap();
        let refused = certificate_name(&two.to_string_lossy()).unwrap_err();
        assert!(refused.why().contains("it has 2 certificates"), "{refused}");
    }

    #[test]
    fn a_uid_that_is_none_is_told_what_one_looks_like() {
        for right in ["00:11:22:33:44:55:66:77", &"aB".repeat(16)] {
            assert!(uid(right).is_ok(), "{right}");
        }
        let lengths = "a UID has 8 to 16 bytes, 16 to 32 hexadecimal digits, two a byte; this has ";
        for (wrong, told) in [
            ("", "0 digits"),
            ("0", "1 digit"),
            ("00", "2 digits"),
            (&"0".repeat(17), "17 digits"),
            (&"0".repeat(34), "34 digits"),
        ] {
            assert_eq!(uid(wrong), Err(format!("{lengths}{told}")), "{wrong}");
        }
        let told = uid("SA-000001").unwrap_err();
        assert_eq!(told, "a UID is hexadecimal, and 'S' is no digit of that");
    }

    #[test]
    fn a_code_is_no_verdict() {
        assert_eq!(verdict("pass"), Ok(Outcome::Pass));
        let told = verdict("hw-limit").unwrap_err();
        assert!(told.contains("--code HW-LIMIT"), "{told}");
        assert!(!verdict("GOOD").unwrap_err().contains("--code"));
    }

    #[test]
    fn a_day_is_whole() {
        let (from, to) = (beginning("2026-11-25").unwrap(), end("2026-11-25").unwrap());
        assert_eq!(to.0 - from.0, DAY_MS);
        let at = "2026-11-25T10:00:00.000Z";
        assert_eq!(end(at).unwrap().0 - beginning(at).unwrap().0, 1);
        assert!(beginning("yesterday").is_err());
    }
}

//! Who may vouch for an attestation key: authorities below a root, revocation lists, the file of chips. The
//! vendor is the simulator's, with other libraries than the station's.

use firmware_proto::platform::Sec1Point;
use proptest::collection::vec;
use proptest::prelude::*;
use simulator::seed::Seed;
use simulator::vendor_authorities::{Authority, allow_list};
use simulator::vendor_ca::{EndorsementValidity, Issuer};

use super::tests::{Case, NOW, SEED, appraise_under, profile_text};
use super::*;
use crate::certificate_path::RevocationList;
use crate::encoding::sha256;
use crate::profile::Profile;
use crate::verdict::VerdictCode;

const IN_2040: u64 = 2_208_988_800;
const IN_2025: u64 = 1_735_689_600;

/// The sample profile with this in `[attestation]`, and both roots.
fn profile(more: &str) -> Profile {
    let second = Authority::SecondRoot.certificate_pem().unwrap();
    let text = profile_text()
        .replacen(
            "roots = [\"\"\"",
            &format!("roots = [\"\"\"\n{second}\"\"\",\"\"\""),
            1,
        )
        .replacen("[attestation]", &format!("[attestation]\n{more}"), 1);
    Profile::parse("p.toml", &text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn lists(next_update: u64) -> Vec<RevocationList> {
    [Authority::FirstRoot, Authority::SecondRoot, Authority::Lot]
        .map(|authority| authority.revocation_list(next_update).unwrap())
        .iter()
        .map(|der| RevocationList::from_bytes(der).unwrap())
        .collect()
}

fn read_list(text: &str) -> Result<AllowList, AllowListFault> {
    let mut reader = AllowListReader::new(text.len() as u64);
    // In small pieces, so that lines come in parts.
    for piece in text.as_bytes().chunks(97) {
        reader.feed(piece)?;
    }
    reader.finish()
}

#[track_caller]
fn check(
    profile: &Profile,
    trust: &TrustMaterial,
    spoil: impl FnOnce(&mut Case),
    code: VerdictCode,
    detail: &str,
) -> AppraisedEvidence {
    let mut case = Case::good();
    spoil(&mut case);
    let appraised = case.appraise_under(profile, trust);
    assert_eq!(appraised.code, code, "{}", appraised.detail);
    assert!(appraised.detail.contains(detail), "{}", appraised.detail);
    assert_eq!(appraised.board.is_some(), code == VerdictCode::Pass);
    appraised
}

fn below(authority: Authority) -> impl FnOnce(&mut Case) {
    move |case| case.board.endorsement.issuer = Issuer::Below(authority)
}

#[test]
fn authorities_below_a_root_are_held_to_its_limits() {
    use VerdictCode::{AttKeyUnknown, Pass};

    let (both, none) = (profile(""), TrustMaterial::default());
    check(&both, &none, below(Authority::Lot), Pass, "");
    check(
        &both,
        &none,
        below(Authority::BeyondPathLength),
        AttKeyUnknown,
        "path length",
    );
    check(
        &both,
        &none,
        below(Authority::OtherNames),
        AttKeyUnknown,
        "name constraints exclude",
    );
    // The sample trusts the first root alone.
    let sample = Profile::parse("p.toml", profile_text()).unwrap();
    check(
        &sample,
        &none,
        below(Authority::Lot),
        AttKeyUnknown,
        "was issued by",
    );
}

#[test]
fn the_profile_can_lend_the_authorities_that_a_board_does_not_send() {
    let lot = Authority::Lot.certificate_pem().unwrap();
    let lending = profile(&format!("intermediates = [\"\"\"\n{lot}\"\"\"]"));
    let mut case = Case::good();
    case.board.endorsement.issuer = Issuer::Below(Authority::Lot);
    let whole = case.certificates();
    let authority = Authority::Lot.certificate().unwrap();
    let leaf = &whole[..whole.len() - authority.len()];
    let code = |profile: &Profile, certificates: &[u8]| {
        let trust = TrustMaterial::default();
        let uid = &case.board.claimed.uid;
        appraise_under(profile, &trust, &case.token(), certificates, uid).code
    };
    assert_eq!(code(&lending, leaf), VerdictCode::Pass);
    assert_eq!(code(&lending, &whole), VerdictCode::Pass);
    assert_eq!(code(&profile(""), leaf), VerdictCode::AttKeyUnknown);
}

#[test]
fn revoked_keys_are_refused_where_the_profile_asks() {
    use VerdictCode::{AttKeyRevoked, AttKeyUnknown, Pass, StationTrust};

    let revoked = |case: &mut Case| case.board.endorsement.validity = EndorsementValidity::Revoked;
    let (asking, not) = (profile("require_crl = true"), profile(""));
    let current = TrustMaterial {
        revocation_lists: lists(IN_2040),
        ..TrustMaterial::default()
    };
    check(&not, &current, revoked, Pass, "");
    let good = check(&asking, &current, |_| {}, Pass, "");
    assert_eq!(good.relied_on, [*current.revocation_lists[0].digest()]);
    check(
        &asking,
        &current,
        revoked,
        AttKeyRevoked,
        "was revoked by CN=Simulated",
    );
    let below_root = check(&asking, &current, below(Authority::Lot), Pass, "");
    assert_eq!(below_root.relied_on.len(), 2);
    // A forged path is told as such before anybody looks for lists.
    let none = TrustMaterial::default();
    let stranger = |case: &mut Case| case.board.endorsement.issuer = Issuer::Stranger;
    check(&asking, &none, stranger, AttKeyUnknown, "");
    check(
        &asking,
        &none,
        |_| {},
        StationTrust,
        "there is no revocation list",
    );
    let stale = TrustMaterial {
        revocation_lists: lists(IN_2025),
        ..TrustMaterial::default()
    };
    check(
        &asking,
        &stale,
        |_| {},
        StationTrust,
        "holds from 2024-01-01",
    );
    check(&asking, &stale, revoked, AttKeyRevoked, "was revoked");
    assert!(stale.check_lists(&asking.attestation.keys, NOW).is_err());
    assert!(current.check_lists(&asking.attestation.keys, NOW).is_ok());
    // Lists of one authority say nothing about the certificates of another one.
    let partial = TrustMaterial {
        revocation_lists: lists(IN_2040).split_off(1),
        ..TrustMaterial::default()
    };
    check(
        &asking,
        &partial,
        |_| {},
        StationTrust,
        "there is no revocation list",
    );
}

#[test]
fn a_list_counts_under_its_authority_alone() {
    let mut der = Authority::FirstRoot.revocation_list(IN_2040).unwrap();
    let last = der.len() - 1;
    der[last] ^= 1;
    let Ok(forged) = RevocationList::from_bytes(&der) else {
        panic!("still a list");
    };
    let trust = TrustMaterial {
        revocation_lists: vec![forged],
        ..TrustMaterial::default()
    };
    let asking = profile("require_crl = true");
    check(
        &asking,
        &trust,
        |_| {},
        VerdictCode::StationTrust,
        "there is no revocation list",
    );
    let der = Authority::FirstRoot.revocation_list(IN_2040).unwrap();
    assert!(RevocationList::from_bytes(&[der.as_slice(), &[0]].concat()).is_err());
    assert!(RevocationList::from_bytes(&der[..der.len() - 1]).is_err());
    assert!(RevocationList::from_bytes(&Authority::FirstRoot.certificate().unwrap()).is_err());
}

#[test]
fn chips_of_the_list_need_no_certificate() {
    use VerdictCode::{AttKeyUnknown, AttSignature, AttUid, Pass, StationTrust};

    let text = allow_list(SEED, 8);
    let rule = format!(
        "allow_list = {{ file = \"chips.csv\", sha256 = \"{}\" }}",
        sha256(text.as_bytes())
    );
    let listing = profile(&rule);
    let trust = TrustMaterial {
        allow_list: Some(read_list(&text).unwrap()),
        ..TrustMaterial::default()
    };
    let listed = |case: &mut Case| case.board.endorsement.issuer = Issuer::AllowList;
    let good = check(&listing, &trust, listed, Pass, "");
    assert_eq!(good.relied_on, [sha256(text.as_bytes())]);
    assert_eq!(good.uid, Some(Case::good().board.claimed.uid));
    check(
        &profile(""),
        &trust,
        listed,
        AttKeyUnknown,
        "expected an attestation-key certificate",
    );
    check(
        &listing,
        &TrustMaterial::default(),
        listed,
        StationTrust,
        "not loaded",
    );
    let other = TrustMaterial {
        allow_list: Some(read_list(&allow_list(Seed(9), 8)).unwrap()),
        ..TrustMaterial::default()
    };
    check(&listing, &other, listed, StationTrust, "not loaded");
    let beyond = |case: &mut Case| {
        listed(case);
        case.board = simulator::blueprint::Blueprint {
            endorsement: case.board.endorsement.clone(),
            ..simulator::blueprint::Blueprint::good(SEED, 9, [4; 65])
        };
    };
    check(
        &listing,
        &trust,
        beyond,
        AttKeyUnknown,
        "the allow-list has no chip",
    );
    let forged = |case: &mut Case| {
        listed(case);
        case.fault = simulator::evidence::TokenFault::Signature;
    };
    check(&listing, &trust, forged, AttSignature, "");
    let borrowed = |case: &mut Case| {
        listed(case);
        case.board.claimed.uid = firmware_proto::Uid::from_bytes(&[7; 12]).unwrap();
    };
    check(&listing, &trust, borrowed, AttUid, "");
    // A certificate that a board sends is judged, whatever the list says.
    let stranger = |case: &mut Case| case.board.endorsement.issuer = Issuer::Stranger;
    check(&listing, &trust, stranger, AttKeyUnknown, "another");
}

#[test]
fn every_row_of_a_list_is_found() {
    let list = read_list(&allow_list(SEED, 40)).unwrap();
    assert_eq!((list.len(), list.is_empty()), (40, false));
    for device in 0..40 {
        let board = simulator::blueprint::Blueprint::good(SEED, device, [4; 65]);
        let id = simulator::evidence::instance_id(&board.attestation_key);
        let chip = list.find(&id).unwrap();
        let key: Sec1Point = board.attestation_key.point();
        assert_eq!((chip.uid, chip.key), (board.claimed.uid, key));
    }
    assert_eq!(list.find(&[1; 33]), None);
    assert_eq!(list.find(&[2; 33]), None);
}

#[track_caller]
fn refused_row(text: &str, line: usize, what: &str) {
    let fault = read_list(text).unwrap_err();
    assert_eq!(fault.line, line, "{fault}");
    assert!(fault.what.contains(what), "{fault}");
}

#[test]
fn a_list_is_read_strictly() {
    let good = allow_list(SEED, 3);
    let rows: Vec<_> = good.lines().collect();
    let of = |rows: &[&str]| rows.join("\n") + "\n";
    refused_row("", 1, "no chip");
    refused_row("instance_id,uid,public_key\n", 2, "no chip");
    refused_row(good.trim_end(), 4, "does not end");
    refused_row(&good.replace('\n', "\r\n"), 1, "expected the line");
    refused_row(
        &of(&[rows[0], &format!("{}\r", rows[1])]),
        2,
        "carriage return",
    );
    refused_row(&of(&rows[1..]), 1, "expected the line");
    refused_row(&of(&[rows[0], rows[1], ""]), 3, "three fields");
    refused_row(&of(&[rows[0], &format!("{},", rows[1])]), 2, "three fields");
    refused_row(&of(&[rows[0], &rows[1].to_uppercase()]), 2, "instance ID");
    refused_row(
        &of(&[rows[0], &rows[1].replacen("01", "02", 1)]),
        2,
        "begin with 01",
    );
    refused_row(
        &of(&[rows[0], rows[1], rows[2], rows[1]]),
        4,
        "instance ID stands there twice",
    );
    let fields: Vec<Vec<&str>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let row = |i: usize, u: usize, k: usize| [fields[i][0], fields[u][1], fields[k][2]].join(",");
    refused_row(
        &of(&[rows[0], rows[1], &row(2, 1, 2)]),
        3,
        "UID stands there twice",
    );
    refused_row(
        &of(&[rows[0], rows[1], &row(2, 2, 1)]),
        3,
        "key stands there twice",
    );
    refused_row(
        &of(&[rows[0], &rows[1].replacen(fields[1][1], "00", 1)]),
        2,
        "the UID",
    );
    let off_curve = format!("04{}", "11".repeat(64));
    refused_row(
        &of(&[rows[0], &rows[1].replacen(fields[1][2], &off_curve, 1)]),
        2,
        "no uncompressed",
    );
    refused_row(&("x".repeat(5000) + "\n"), 1, "");
}

#[test]
fn a_list_that_is_longer_than_was_said_is_read_too() {
    let text = allow_list(SEED, 100);
    let mut reader = AllowListReader::new(0);
    reader.feed(text.as_bytes()).unwrap();
    assert_eq!(reader.finish().unwrap().len(), 100);
}

proptest! {
    #[test]
    fn noise_is_no_list(noise in vec(any::<u8>(), 0..600), at in 0_usize..400) {
        prop_assert!(RevocationList::from_bytes(&noise).is_err());
        let mut list = allow_list(SEED, 2).into_bytes();
        let at = at.min(list.len());
        list.splice(at..at, noise.iter().copied());
        let mut reader = AllowListReader::new(list.len() as u64);
        let read = reader.feed(&list).and_then(|()| reader.finish());
        prop_assert!(read.is_err() || noise.is_empty());
    }

    #[test]
    fn no_changed_revocation_list_counts(position: usize, change in 1_u8..) {
        let mut der = Authority::FirstRoot.revocation_list(IN_2040).unwrap();
        let position = position % der.len();
        der[position] ^= change;
        let asking = profile("require_crl = true");
        let trust = TrustMaterial {
            revocation_lists: RevocationList::from_bytes(&der).into_iter().collect(),
            ..TrustMaterial::default()
        };
        let appraised = Case::good().appraise_under(&asking, &trust);
        prop_assert_eq!(appraised.code, VerdictCode::StationTrust);
    }
}

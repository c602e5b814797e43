//! Certificates that OpenSSL makes and nobody here would: each is refused for its own reason.

use std::process::Command;

use super::*;

/// A self-signed certificate with these extensions and no others of its own.
fn certificate(extensions: &[&str]) -> Result<ParsedCertificate, PathError> {
    ParsedCertificate::from_der(&der(extensions))
}

fn der(extensions: &[&str]) -> Vec<u8> {
    der_with(extensions, "")
}

/// The same, where extensions point to sections of the configuration.
fn configured(extensions: &[&str], sections: &str) -> ParsedCertificate {
    ParsedCertificate::from_der(&der_with(extensions, sections)).unwrap()
}

fn der_with(extensions: &[&str], sections: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bare.cnf"),
        format!("[req]\ndistinguished_name=dn\n[dn]\n{sections}"),
    )
    .unwrap();
    let mut command = Command::new("openssl");
    command.current_dir(folder.path()).args([
        "req",
        "-x509",
        "-config",
        "bare.cnf",
        "-newkey",
        "ec",
        "-nodes",
        "-sha256",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-keyout",
        "key.pem",
        "-subj",
        "/CN=x",
        "-outform",
        "DER",
        "-out",
        "made.der",
    ]);
    for extension in extensions {
        command.args(["-addext", extension]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    std::fs::read(folder.path().join("made.der")).unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, PathError>, why: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

const CA: &str = "basicConstraints=critical,CA:TRUE";
const SIGNS: &str = "keyUsage=critical,keyCertSign";

#[test]
fn an_authority_is_one_in_every_respect() {
    certificate(&[CA, SIGNS])
        .unwrap()
        .require_authority(0)
        .unwrap();
    let of = |extensions: &[&str]| certificate(extensions).unwrap().require_authority(0);
    refused(
        of(&[CA, "keyUsage=critical,digitalSignature"]),
        "keyCertSign",
    );
    refused(of(&[CA]), "keyCertSign");
    let no_authority = "basicConstraints=critical,CA:FALSE";
    refused(of(&[no_authority, SIGNS]), "no certification authority");
    refused(
        of(&[CA, SIGNS, "extendedKeyUsage=serverAuth"]),
        "extended key usage",
    );
    refused(of(&[CA, SIGNS, "1.2.3.4=critical,DER:0500"]), "1.2.3.4");
    of(&[CA, SIGNS, "1.2.3.4=DER:0500"]).unwrap();
    let short = certificate(&["basicConstraints=critical,CA:TRUE,pathlen:0", SIGNS]).unwrap();
    short.require_authority(0).unwrap();
    refused(short.require_authority(1), "path length");
}

#[test]
fn a_signer_is_no_authority_and_for_one_purpose() {
    let of = |extensions: &[&str]| certificate(extensions).unwrap().require_signer(None);
    of(&["keyUsage=critical,digitalSignature"]).unwrap();
    refused(
        of(&["keyUsage=critical,digitalSignature,keyCertSign"]),
        "keyCertSign",
    );
    refused(of(&["keyUsage=critical,keyAgreement"]), "digitalSignature");
    let both = [
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth",
    ];
    refused(of(&both), "extended key usage");
}

/// Exchanges the one place where these bytes stand.
fn exchange(der: &mut [u8], from: &[u8], to: &[u8]) {
    let mut found = der
        .windows(from.len())
        .enumerate()
        .filter(|(_, at)| *at == from);
    let (at, _) = found.next().unwrap();
    assert!(found.next().is_none());
    der[at..at + to.len()].copy_from_slice(to);
}

#[test]
fn extensions_stand_once_and_in_one_spelling() {
    let mut doubled = der(&["1.2.3.4=DER:0500", "1.2.3.5=DER:0500"]);
    ParsedCertificate::from_der(&doubled).unwrap();
    exchange(
        &mut doubled,
        &[0x06, 0x03, 0x2a, 0x03, 0x05],
        &[0x06, 0x03, 0x2a, 0x03, 0x04],
    );
    refused(
        ParsedCertificate::from_der(&doubled),
        "two extensions 1.2.3.4",
    );

    // digitalSignature with seven bits that are used and zero, instead of unused.
    let mut padded = der(&["keyUsage=critical,digitalSignature"]);
    ParsedCertificate::from_der(&padded).unwrap();
    exchange(
        &mut padded,
        &[0x04, 0x04, 0x03, 0x02, 0x07, 0x80],
        &[0x04, 0x04, 0x03, 0x02, 0x00, 0x80],
    );
    refused(ParsedCertificate::from_der(&padded), "strict DER");
}

#[test]
fn name_constraints_of_a_kind_that_is_not_judged_are_refused() {
    let below = certificate(&[CA, SIGNS]).unwrap();
    let judged = |constraints: &str| {
        let authority = certificate(&[CA, SIGNS, constraints]).unwrap();
        authority.require_authority(0).unwrap();
        authority.require_permits(&below)
    };
    for constraints in [
        "nameConstraints=critical,permitted;DNS:example.com",
        "nameConstraints=excluded;URI:.example.com",
        "nameConstraints=critical,excluded;email:example.com",
    ] {
        refused(judged(constraints), "not judged here");
    }
    let unconstrained = certificate(&[CA, SIGNS]).unwrap();
    unconstrained.require_permits(&below).unwrap();
    let leaf = certificate(&[
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "nameConstraints=critical,permitted;DNS:example.com",
    ]);
    refused(
        leaf.unwrap().require_signer(None),
        "name constraints without being an authority",
    );
}

#[test]
fn an_authority_certifies_no_name_that_it_excludes() {
    let below = certificate(&[CA, SIGNS]).unwrap();
    assert_eq!(below.subject().to_string(), "CN=x");
    let judged = |constraints: &str, subtrees: &[&str]| {
        let sections = subtrees
            .iter()
            .enumerate()
            .map(|(i, subtree)| format!("[tree{i}]\n{subtree}\n"));
        let authority = configured(&[CA, SIGNS, constraints], &sections.collect::<String>());
        authority.require_authority(0).unwrap();
        authority.require_permits(&below)
    };
    let excluded = "nameConstraints=critical,excluded;dirName:tree0";
    refused(judged(excluded, &["CN=x"]), "CN=x");
    refused(judged(excluded, &["CN=X "]), "CN=x");
    judged(excluded, &["CN=y"]).unwrap();
    judged(excluded, &["O=x"]).unwrap();
    // One of several is enough, and what is permitted too stays excluded.
    let two = "nameConstraints=critical,excluded;dirName:tree0,excluded;dirName:tree1";
    refused(judged(two, &["CN=y", "CN=x"]), "CN=x");
    let both = "nameConstraints=critical,permitted;dirName:tree0,excluded;dirName:tree1";
    refused(judged(both, &["CN=x", "CN=x"]), "CN=x");
    judged(both, &["CN=x", "CN=y"]).unwrap();
    refused(judged(both, &["CN=y", "CN=z"]), "CN=x");
}

/// An authority with this key usage, and the revocation list that its key has signed.
fn authority_and_list(usage: &str) -> (ParsedCertificate, RevocationList) {
    let folder = tempfile::tempdir().unwrap();
    let configuration = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=own\n[own]\n\
        database=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=30\n\
        [own_list]\nauthorityKeyIdentifier=keyid\n";
    let files = [
        ("own.cnf", configuration),
        ("index.txt", ""),
        ("number", "01\n"),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let openssl = |arguments: &str, more: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).args(more);
        let output = command.current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    };
    let make = "req -x509 -config own.cnf -newkey ec -nodes -sha256 -pkeyopt \
        ec_paramgen_curve:prime256v1 -keyout key.pem -subj /CN=x -out made.pem";
    openssl(make, &["-addext", CA, "-addext", usage]);
    let list = "ca -gencrl -config own.cnf -keyfile key.pem -cert made.pem -out list.pem";
    // With extensions it is of version 2; no other is read.
    openssl(list, &["-crlexts", "own_list"]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let list = RevocationList::from_bytes(read("list.pem").as_bytes()).unwrap();
    (
        ParsedCertificate::from_pem(&read("made.pem")).unwrap(),
        list,
    )
}

#[test]
fn a_list_is_by_an_authority_that_may_make_one() {
    let (authority, list) = authority_and_list("keyUsage=critical,keyCertSign,cRLSign");
    assert!(list.is_issued_by(&authority));
    let (authority, list) = authority_and_list(SIGNS);
    assert!(
        !list.is_issued_by(&authority),
        "its key usage lacks cRLSign"
    );
}

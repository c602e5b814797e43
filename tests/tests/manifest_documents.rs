//! What others' tools make of a manifest: Python's standard library and OpenSSL as docs/manifest.md has them,
//! a JSON Schema validator, Python's reader of CSV. On the sample of every kind of board; a real one is
//! checked where a batch is made.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::independent_readers;
use acceptance::repository::text;
use acceptance::station_process::run;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The first block of code in that language.
fn block(document: &str, language: &str) -> String {
    let begin = format!("```{language}\n");
    let code = document.split_once(&begin).expect("a block").1;
    code.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn the_document_s_own_way_of_checking_works() {
    let document = text(Path::new("docs/manifest.md"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    std::fs::write(path.join("check.py"), block(&document, "python")).expect("written");
    for name in ["manifest.dsse.json", "root.pem"] {
        let from = name.replace("manifest", "every-kind");
        let from = fixtures().join("manifests").join(from);
        std::fs::copy(from, path.join(name)).expect("copied");
    }
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &block(&document, "sh")]);
    let said = run(shell.current_dir(path)).ok().stdout;
    for expected in ["passed: 2", "Verified OK", "signer.pem: OK", "CA:FALSE"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    // One changed leaf, and Python notices by itself.
    let spoil = "import base64, json\n\
        e = json.load(open('manifest.dsse.json'))\n\
        p = json.loads(base64.b64decode(e['payload']))\n\
        p['predicate']['boards'][0]['sessions'][0]['verdict']['leaf'] += ' '\n\
        e['payload'] = base64.b64encode(json.dumps(p).encode()).decode()\n\
        json.dump(e, open('bent.json', 'w'))\n";
    run(Command::new("python3")
        .args(["-c", spoil])
        .current_dir(path))
    .ok();
    let mut python = Command::new("python3");
    let bent = run(python.args(["check.py", "bent.json"]).current_dir(path));
    assert!(!bent.status.success());
    assert!(bent.stderr.contains("SA-000001"), "{}", bent.stderr);
}

#[test]
fn the_statement_is_as_its_schema_says() {
    let sample = fixtures().join("manifests/every-kind.dsse.json");
    assert_eq!(
        independent_readers::statement(&sample).ok().stdout.trim(),
        "valid"
    );
}

#[test]
fn the_table_is_what_python_reads() {
    let sample = fixtures().join("manifests/every-kind.csv");
    let manifest = fixtures().join("manifests/every-kind.dsse.json");
    let said = independent_readers::table(&sample, &manifest).ok().stdout;
    // A reason that a spreadsheet would run as a formula is text.
    assert_eq!(said.trim(), r#"['', "'=dented"]"#);
    // A table of one board less is noticed.
    let folder = tempfile::tempdir().expect("a folder");
    let table = std::fs::read_to_string(&sample).expect("a table");
    let short = folder.path().join("short.csv");
    let end = table.trim_end().rfind('\n').expect("lines") + 1;
    std::fs::write(&short, &table[..end]).expect("a file");
    let noticed = independent_readers::table(&short, &manifest);
    assert!(!noticed.status.success());
}

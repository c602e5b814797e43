//! What others' tools make of a manifest: a JSON Schema validator, Python's reader of CSV. On the sample of every kind
//! of board; a real one is checked where a batch is made.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use acceptance::independent_readers;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
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

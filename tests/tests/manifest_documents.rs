//! What others' tools make of a manifest: Python's standard library and OpenSSL as docs/manifest.md has them,
//! a JSON Schema validator, Python's reader of CSV. On the sample of every kind of board; a real one is
//! checked where a batch is made.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

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
        p['predicate']['boards'][0]['entry']['leaf'] += ' '\n\
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

const SCHEMA_CHECK: &str = r"
import base64, json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
statement = json.loads(base64.b64decode(json.load(open(sys.argv[2]))['payload']))
validator = jsonschema.Draft202012Validator(schema)
validator.validate(statement)
for spoil in [lambda s: s.update(more=1), lambda s: s['predicate']['boards'][0].pop('entry'),
              lambda s: s['predicate']['counts'].update(scrapped=-1)]:
    bent = json.loads(json.dumps(statement))
    spoil(bent)
    assert not validator.is_valid(bent)
print('valid')
";

#[test]
fn the_statement_is_as_its_schema_says() {
    let mut python = Command::new("python3");
    python.args(["-c", SCHEMA_CHECK]);
    python.arg(fixtures().join("schema/batch-manifest-v2.json"));
    python.arg(fixtures().join("manifests/every-kind.dsse.json"));
    assert_eq!(run(&mut python).ok().stdout.trim(), "valid");
}

const CSV_CHECK: &str = r"
import base64, csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline=''), strict=True))
boards = json.loads(base64.b64decode(json.load(open(sys.argv[2]))['payload']))['predicate']['boards']
assert [r['uid'] for r in rows] == [b['uid'] for b in boards]
assert [r['serial'] for r in rows] == [b['serial'] or '' for b in boards]
assert [r['ledger_index'] for r in rows] == [str(b['entry']['index']) for b in boards]
assert all(None not in r and None not in r.values() for r in rows)
assert not any(v.startswith(tuple('=+-@\t\r\n')) for r in rows for v in r.values())
print(sorted({r['scrapped_because'] for r in rows}))
raw = open(sys.argv[1], 'rb').read()
assert raw.count(b'\r\n') == raw.count(b'\n') == len(rows) + 1
";

#[test]
fn the_table_is_what_python_reads() {
    let mut python = Command::new("python3");
    python.args(["-c", CSV_CHECK]);
    python.arg(fixtures().join("manifests/every-kind.csv"));
    python.arg(fixtures().join("manifests/every-kind.dsse.json"));
    let said = run(&mut python).ok().stdout;
    // A reason that a spreadsheet would run as a formula is text.
    assert_eq!(said.trim(), r#"['', "'=dented"]"#);
}

//! What others' tools make of exported documents: a JSON Schema validator, and Python's own reader of CSV.

use std::path::Path;
use std::process::Command;

use crate::repository;
use crate::station_process::{Finished, run};

/// The statement against its schema, with spoilt copies that the validator must refuse.
const STATEMENT: &str = r"
import base64, json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
statement = json.loads(base64.b64decode(json.load(open(sys.argv[2]))['payload']))
validator = jsonschema.Draft202012Validator(schema)
validator.validate(statement)
for spoil in [lambda s: s.update(more=1), lambda s: s['predicate']['boards'][0].pop('index'),
              lambda s: s['predicate']['counts'].update(scrapped=-1)]:
    bent = json.loads(json.dumps(statement))
    spoil(bent)
    assert not validator.is_valid(bent)
print('valid')
";

/// The table against the rows of the manifest.
const TABLE: &str = r"
import base64, csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline=''), strict=True))
boards = json.loads(base64.b64decode(json.load(open(sys.argv[2]))['payload']))['predicate']['boards']
assert [r['uid'] for r in rows] == [b['uid'] for b in boards]
assert [r['serial'] for r in rows] == [b['serial'] or '' for b in boards]
assert [r['ledger_index'] for r in rows] == [str(b['index']) for b in boards]
assert all(None not in r and None not in r.values() for r in rows)
assert not any(v.startswith(tuple('=+-@\t\r\n')) for r in rows for v in r.values())
print(sorted({r['scrapped_because'] for r in rows}))
raw = open(sys.argv[1], 'rb').read()
assert raw.count(b'\r\n') == raw.count(b'\n') == len(rows) + 1
";

/// Validates a signed manifest's statement with another project's validator.
#[must_use]
pub fn statement(manifest: &Path) -> Finished {
    let schema = repository::root().join("fixtures/schema/batch-manifest-v4.json");
    let mut python = Command::new("python3");
    python.args(["-c", STATEMENT]).arg(schema).arg(manifest);
    run(&mut python)
}

/// Reads a table as Python does, and compares it with the manifest. Says why boards were scrapped.
#[must_use]
pub fn table(table: &Path, manifest: &Path) -> Finished {
    let mut python = Command::new("python3");
    python.args(["-c", TABLE]).arg(table).arg(manifest);
    run(&mut python)
}

/// Validates a CycloneDX document against its published schema.
#[must_use]
pub fn inventory(document: &Path) -> Finished {
    let script = repository::root().join("fixtures/schema/validate");
    run(Command::new(script).arg(document))
}

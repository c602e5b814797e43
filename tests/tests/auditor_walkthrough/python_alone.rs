//! What the page's Python notices and follows by itself.

use std::path::Path;

use acceptance::repository;
use acceptance::station_process::Finished;

use super::{blocks, demo, received, shell};

/// Runs the page's program up to where it looks at its argument, then these lines.
fn with_audit_py(folder: &Path, lines: &str) -> Finished {
    let page = repository::text("docs/auditor.md");
    let program = blocks(&page).into_iter();
    let (_, program) = program
        .into_iter()
        .find(|(what, _)| what == "file audit.py")
        .expect("audit.py");
    let (functions, _) = program
        .split_once("remove_all()\ntry:")
        .expect("its beginning");
    let file = folder.join("lines.py");
    std::fs::write(&file, format!("{functions}\n{lines}")).expect("a file");
    shell(folder, "python3 lines.py")
}

#[test]
fn python_alone_notices_what_is_not_in_the_log() {
    let folder = received();
    let said = with_audit_py(folder.path(), BENT).ok();
    assert_eq!(said.stdout.lines().count(), 11, "{}", said.stdout);
    for what in ["the batch is not in the log", "entry "] {
        assert!(said.stdout.contains(what), "{what}: {}", said.stdout);
    }
}

/// What a signer who lies could do, so that only the proofs show it.
const BENT: &str = r"
whole = json.loads(base64.b64decode(json.load(open('manifest.dsse.json'))['payload']))['predicate']
_, size, root = whole['ledger']['checkpoint'].split('\n')[:3]
check = lambda one: in_the_log(one, int(size), base64.b64decode(root))
check(whole)

def first_verdict(p): return p['boards'][0]['sessions'][0]['verdict']
def leaf(p): first_verdict(p)['leaf'] += ' '
def certificate(p): p['boards'][0]['certificates'][0]['sha256'] = '00' * 32
def gone(p): p['boards'].pop(0)
def moved(p): p['boards'][0]['sessions'] += p['boards'].pop()['sessions']
def interrupted(p):
    session = p['boards'][-1]['sessions'][0]
    del session['verdict']
    session['code'] = p['boards'][-1]['code'] = None
def serial(p): p['boards'][0]['serial'], p['boards'][1]['serial'] = p['boards'][1]['serial'], p['boards'][0]['serial']
def receipt(p): p['boards'][0]['certificates'][0]['provisioned'] = None
def index(p): first_verdict(p)['index'] += 1
def hashed(p):
    first = base64.b64decode(p['ledger']['leaf_hashes'][0])
    p['ledger']['leaf_hashes'][0] = base64.b64encode(first[:40] + bytes([first[40] ^ 1]) + first[41:]).decode()
def left(p): p['ledger']['range_proof']['left'][0] = '00' * 32
def head(p): p['ledger']['event_head'] = '00' * 32
for bend in (leaf, certificate, gone, moved, interrupted, serial, receipt, index, hashed, left, head):
    bent = json.loads(json.dumps(whole))
    bend(bent)
    try:
        check(bent)
    except Wrong as error:
        print(bend.__name__, 'is noticed:', error)
";

/// What an earlier manifest left is no answer about a broken one.
#[test]
fn python_alone_leaves_nothing_of_an_earlier_manifest() {
    let folder = received();
    let page = repository::text("docs/auditor.md");
    for (what, inside) in blocks(&page) {
        if let Some(name) = what.strip_prefix("file ") {
            std::fs::write(folder.path().join(name), inside).expect("a file");
        }
    }
    let audit = "python3 audit.py manifest.dsse.json";
    let there = || folder.path().join("signed.bin").exists();
    shell(folder.path(), audit).ok();
    assert!(there());
    let missed = format!("{audit} serial SA-999999");
    shell(folder.path(), &missed).told(1, "no device answers");
    shell(folder.path(), &format!("{audit} who")).told(1, "ask one of: serial");
    let file = folder.path().join("manifest.dsse.json");
    let good = std::fs::read_to_string(&file).expect("the manifest");
    for bent in [
        String::new(),
        "[]".to_owned(),
        good[..good.len() / 2].to_owned(),
        good.replacen("eyJ", "eyK", 1),
    ] {
        std::fs::write(&file, bent).expect("written");
        // The checks are no asserts, which this would leave out.
        let optimised = format!("PYTHONOPTIMIZE=1 {audit}");
        shell(folder.path(), &optimised).told(1, "WRONG: ");
        assert!(!there());
    }
}

#[test]
fn python_alone_follows_an_inclusion_proof() {
    let folder = received();
    let at = folder.path();
    let prove = format!(
        ". {}/env; station ledger prove --device SA-000001 -o {}/proof.json",
        demo().out().display(),
        at.display()
    );
    shell(at, &prove).ok();
    let said = with_audit_py(at, FOLLOWED).ok();
    assert_eq!(said.stdout.trim(), "followed");
}

const FOLLOWED: &str = r"
proof = json.load(open('proof.json'))
_, size, root = proof['checkpoint'].split('\n')[:3]
assert len(proof['entries']) > 5
for entry in proof['entries']:
    path = [bytes.fromhex(one) for one in entry['path']]
    given = lambda leaf, path: inclusion_root(entry['index'], leaf_hash(leaf), path, int(size))
    assert given(entry['leaf'], path) == base64.b64decode(root)
    assert given(entry['leaf'] + ' ', path) != base64.b64decode(root)
    assert given(entry['leaf'], path[::-1]) != base64.b64decode(root)
print('followed')
";

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
        .split_once("if len(sys.argv) < 2:")
        .expect("its beginning");
    let file = folder.join("lines.py");
    std::fs::write(&file, format!("{functions}\n{lines}")).expect("a file");
    shell(folder, "python3 lines.py")
}

/// On the sample of every kind of board, sessions and certificates.
#[test]
fn python_alone_notices_what_is_not_in_the_log() {
    let folder = received();
    let sample = "fixtures/manifests/every-kind.dsse.json";
    let sample = repository::root().join(sample);
    std::fs::copy(sample, folder.path().join("manifest.dsse.json")).expect("copied");
    let said = with_audit_py(folder.path(), BENT).ok();
    let missed = said.stdout.lines().filter(|line| line.ends_with("MISSED"));
    assert_eq!(missed.collect::<Vec<_>>(), [""; 0], "{}", said.stdout);
    assert_eq!(said.stdout.lines().count(), 49, "{}", said.stdout);
    for what in [
        "the batch is not in the log",
        "entry ",
        "was left out",
        "proves two UIDs",
    ] {
        assert!(said.stdout.contains(what), "{what}: {}", said.stdout);
    }
}

/// What a signer who lies could do, so that only the ledger's entries show it.
const BENT: &str = r#"
whole = json.loads(base64.b64decode(json.load(open('manifest.dsse.json'))['payload']))['predicate']
_, size, root = whole['ledger']['checkpoint'].split('\n')[:3]
check = lambda one: in_the_log(one, int(size), base64.b64decode(root))
check(whole)

def first(p): return p['boards'][0]['sessions'][0]
def coded(p, code): return next(row for row in p['boards'] if row['code'] == code)
def good(p): return coded(p, 'PASS')['certificates'][0]
def withdrawn(p): return coded(p, 'INSTALL-READBACK')
def revive(row):
    [one] = row['certificates']
    one.update(status='live', revoked=None, reason=None)
    del one['revocation_entry']
    return one

def leaf(p): first(p)['verdict']['leaf'] += ' '
def index(p): first(p)['verdict']['index'] += 1
def kind(p): first(p)['verdict'] = first(p)['opening']
def digest_of(p): good(p)['sha256'] = '00' * 32
def gone(p): p['boards'].pop(0)
def moved(p): p['boards'][0]['sessions'] += p['boards'].pop()['sessions']
def rows(p): p['boards'][0], p['boards'][1] = p['boards'][1], p['boards'][0]
def order(p): p['boards'][1]['sessions'].reverse()
def doubled(p): p['boards'][1]['sessions'].append(p['boards'][1]['sessions'][-1])
def interrupted(p):
    row = withdrawn(p)
    del row['sessions'][0]['verdict']
    row['sessions'][0].update(code=None, finished=None)
    row.update(code=None, finished=None, verdict='ERROR')
def proven(p): first(p)['uid_proven'] = False
def evidence(p):
    row = next(row for row in p['boards'] if any('evidence' in one for one in row['sessions']))
    one = next(one for one in row['sessions'] if 'evidence' in one)
    del one['evidence']
    one['uid_proven'] = False
def serial(p): p['boards'][0]['serial'], p['boards'][1]['serial'] = p['boards'][1]['serial'], p['boards'][0]['serial']
def receipt_gone(p):
    good(p)['provisioned'] = None
    del good(p)['provisioning_entry']
def receipt_of_another(p):
    one = revive(withdrawn(p))
    one.update(provisioned=good(p)['provisioned'], provisioning_entry=good(p)['provisioning_entry'])
def receipt_without_entry(p): revive(withdrawn(p))['provisioned'] = withdrawn(p)['finished']
def receipt_time(p): good(p)['provisioned'] = good(p)['issued']
def revocation_gone(p): revive(withdrawn(p))
def revocation_of_another(p):
    other = coded(p, 'REVOKED')['certificates'][0]
    withdrawn(p)['certificates'][0]['revocation_entry'] = other['revocation_entry']
def reason(p): withdrawn(p)['certificates'][0]['reason'] = 'keyCompromise'
def scrapping_gone(p): del withdrawn(p)['scrapped']
def scrapping_reason(p): withdrawn(p)['scrapped']['reason'] = 'sold'
def terms_gone(p):
    for where, what in ((p['ledger'], 'terms'), (p, 'shifts'), (p, 'work_order_file')): del where[what]
def shifts(p): p['shifts'][0]['start'] = '05:00'
def quantity(p): p['quantity'] += 1
def closed_by(p): p['closed']['operator'] = 'op-1'
def worked(p): first(p)['operator'] = p['boards'][0]['operator'] = 'supervisor-1'
def surely(p): p['operators'].append(dict(p['operators'][0], assurance='badge-and-pin'))
def nobody(p): p['operators'].append({'operator': 'zoe', 'assurance': 'pin'})
def lane(p): first(p)['lane'] = p['boards'][0]['lane'] = 'lane-9'
def verdict(p): coded(p, 'FW-VERSION').update(code='PASS', verdict='PASS')
def cleared(p):
    [one] = p['holds_cleared']
    p['holds_cleared'] = []
    p['operators'] = [other for other in p['operators'] if other['operator'] != one['operator']]
def expired(p): revive(coded(p, 'REVOKED'))['status'] = coded(p, 'REVOKED')['certificates'][0]['status'] = 'expired'
def errs(p): coded(p, 'FW-VERSION')['verdict'] = 'ERROR'
def made_up_serial(p): coded(p, 'FW-VERSION')['serial'] = 'SA-000009'
def other_serial(p):
    row = next(row for row in p['boards'] if row['code'] == 'ALREADY-PROVISIONED')
    row['serial'] = 'SA-000009'
def made_up_board(p):
    one = p['unidentified'].pop()
    row = dict(json.loads(json.dumps(coded(p, 'FW-VERSION'))), uid=None, sessions=[one], uid_proven=False)
    for field in ('lane', 'operator', 'started', 'finished', 'code'): row[field] = one[field]
    p['boards'].append(row)
def issuer(p): p['issuing_certificate']['sha256'] = '00' * 32
def owner(p): p['signed_profile'] = {'sha256': '00' * 32}
def reworked(p): p['boards'][0]['reworked'] = True
def shift(p): p['boards'][0]['shift'] = 'late'
def rests(p): p['boards'][0]['index'] += 1
def live_and_revoked(p): good(p).update(revoked=p['signed_at'], reason='keyCompromise')
def apart(p):
    row = withdrawn(p)
    p['scrapped_apart'] = [{'uid': row['uid'], 'scrapped': row.pop('scrapped')}]
def hashed(p):
    some = base64.b64decode(p['ledger']['leaf_hashes'][0])
    p['ledger']['leaf_hashes'][0] = base64.b64encode(some[:40] + bytes([some[40] ^ 1]) + some[41:]).decode()
def beside(p): p['ledger']['range_proof']['left'][0] = '00' * 32
def head(p): p['ledger']['event_head'] = '00' * 32
def signed(p): p['signed_at'] = p['opened']['time']
for bend in (leaf, index, kind, digest_of, gone, moved, rows, order, doubled, interrupted, proven, evidence, serial,
             receipt_gone, receipt_of_another, receipt_without_entry, receipt_time, revocation_gone,
             revocation_of_another, reason, scrapping_gone, scrapping_reason, terms_gone, shifts, quantity, closed_by,
             worked, surely, nobody, lane, verdict, cleared, expired, errs, made_up_serial, other_serial, made_up_board, issuer, owner,
             reworked, shift, rests, live_and_revoked, apart, hashed, beside, head, signed):
    bent = json.loads(json.dumps(whole))
    bend(bent)
    try:
        check(bent)
        print(bend.__name__, 'MISSED')
    except Wrong as error:
        print(bend.__name__, 'is noticed:', error)

# Nor does a log count that says it itself: here a verdict on another board ends a session with evidence.
bent = json.loads(json.dumps(whole))
judged = coded(bent, 'FW-VERSION')['sessions'][0]
session = next(one for row in bent['boards'] for one in row['sessions'] if 'evidence' in one)
session.update(code=judged['code'], finished=judged['finished'], verdict=judged['verdict'])
leaf = judged['verdict']['leaf'].replace(judged['session'], session['session'])
session['verdict']['leaf'] = leaf = leaf.replace(judged['lane'], session['lane'])
ledger = bent['ledger']
hashes, at = base64.b64decode(ledger['leaf_hashes'][0]), session['verdict']['index'] - ledger['first_index']
hashes = [hashes[i:i + 32] for i in range(0, len(hashes), 32)]
hashes[at] = leaf_hash(leaf)
ledger['leaf_hashes'] = [base64.b64encode(b''.join(hashes)).decode()]
beside = [[bytes.fromhex(one) for one in ledger['range_proof'][side]] for side in ('left', 'right')]
try:
    in_the_log(bent, int(size), range_root(ledger['first_index'], hashes, *beside, int(size)))
    print('two_uids MISSED')
except Wrong as error:
    print('two_uids is noticed:', error)
"#;

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

/// Lines of the page that are a command, as they stand there.
fn commands(page: &str, beginning: &str) -> String {
    let lines = page.lines().map(str::trim);
    let found: Vec<_> = lines.filter(|line| line.starts_with(beginning)).collect();
    assert!(!found.is_empty(), "{beginning}");
    found.join("\n")
}

/// The note of an earlier manifest is what later ones are compared with: nothing that is tried with the program takes it
/// away, and one that says another thing is told.
#[test]
fn python_alone_keeps_the_checkpoint() {
    let folder = received();
    let at = folder.path();
    let page = repository::text("docs/auditor.md");
    let (_, program) = blocks(&page)
        .into_iter()
        .find(|(what, _)| what == "file audit.py")
        .expect("audit.py");
    std::fs::write(at.join("audit.py"), program).expect("a file");
    shell(at, "python3 audit.py manifest.dsse.json").ok();
    let notes = || -> Vec<(String, String)> {
        let files = std::fs::read_dir(at).expect("a folder");
        let files = files.map(|file| file.expect("a file").path());
        let kept = files.filter(|path| {
            path.extension()
                .is_some_and(|it| it == "note" || it == "vkey")
        });
        let mut kept: Vec<_> = kept
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy();
                let text = std::fs::read_to_string(&path).expect("text");
                (name.into_owned(), text)
            })
            .collect();
        kept.sort();
        kept
    };
    let kept = notes();
    assert_eq!(kept.len(), 2, "{kept:?}");
    for (mistake, told) in [
        ("", "usage: python3 audit.py MANIFEST"),
        ("nowhere.json", "cannot read the manifest"),
        ("manifest.cdx.json", "no signed manifest"),
        (
            "manifest.dsse.json certificate nowhere.pem",
            "cannot read that certificate",
        ),
        (
            "manifest.dsse.json certificate manifest.csv",
            "cannot read that certificate",
        ),
    ] {
        shell(at, &format!("python3 audit.py {mistake}")).told(1, told);
        assert_eq!(notes(), kept, "{mistake}");
    }
    let spelt = "python3 audit.py manifest.dsse.json firmware APP=2.5.1";
    let spelt = shell(at, spelt).ok();
    assert!(spelt.stdout.contains("SA-0"), "{}", spelt.stdout);
    assert!(
        spelt.stderr.contains("signature is checked yet"),
        "{}",
        spelt.stderr
    );

    // What the page says to ask the factory for, and how to check it.
    let (note, vkey) = (&kept[0].0, &kept[1].0);
    let factory = commands(&page, "station ledger prove --since ");
    let own = commands(&page, "station ledger check-proof continues.json ");
    for name in [note, vkey] {
        let of_any_demo = name
            .trim_end_matches(".note")
            .trim_end_matches(|one: char| one.is_ascii_digit());
        assert!(
            own.contains(of_any_demo.trim_end_matches(".vkey")),
            "{name}: {own}"
        );
    }
    let size = note.rsplit_once('-').expect("a size").1;
    let both = format!("{factory}\n{own}").replace("227.note", size);
    let both = format!(". {}/env; {both}", demo().out().display());
    let said = shell(at, &both).ok();
    assert!(said.stdout.contains("this proves"), "{}", said.stdout);

    let (name, text) = &kept[0];
    let other = text.replacen('\n', "\n1", 1);
    std::fs::write(at.join(name), other).expect("a file");
    let again = shell(at, "python3 audit.py manifest.dsse.json");
    again.told(1, "was kept here before, and says another thing");
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

//! Every field, entry and list of a statement gets other values, and all that follows from them is made to fit: whatever
//! still verifies is the signer's own word, and must be known to be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::batch::TestBatch;
use super::contradictions::fit_the_sums;
use super::moved_sessions::consequences;
use super::numbers::Numbers;
use crate::clock::UtcMillis;
use crate::manifest::assemble::fill;
use crate::manifest::offline_verifier::verify;
use crate::manifest::statement::Statement;
use crate::verdict::VerdictCode;

/// What nothing in a manifest's entries of the ledger says, as `docs/manifest.md` tells: these places and all in them.
const SIGNERS_WORD: [&str; 4] = [
    "predicate/boards/*/firmware",
    "predicate/boards/*/held",
    "predicate/signed_at",
    "predicate/with_measurements",
];

/// Lists that may lack entries, and no more: that no other clock was accepted is the signer's word too.
const MAY_LACK: [&str; 2] = ["predicate/clock_accepted", "predicate/clock_accepted/*"];

/// Follow from the rest, or are hashes and certificates, of which other tests bend each byte.
const NOT_BENT: [&str; 7] = [
    "subject",
    "predicate/row_digests",
    "predicate/counts",
    "predicate/signing_chain",
    "predicate/ledger/range_proof",
    "predicate/ledger/leaf_hashes",
    // As large as a row each, and found wrong by the first look: entries are bent as a whole.
    "leaf",
];

/// Which of the other values of the same name a field gets. Change it to try others; a failure names it.
const SEED: u64 = 20_261_126;

/// So many of them.
const VALUES: usize = 3;

/// Fewer statements than these are tried only if the test has lost some.
const TRIED_MIN: usize = 1_200;

impl Numbers {
    /// Some of these, no two of them the same one.
    fn some<T>(&mut self, mut of: Vec<T>) -> Vec<T> {
        let count = VALUES.min(of.len());
        let one = |_| of.swap_remove(self.below(of.len()));
        (0..count).map(one).collect()
    }
}

/// Where a value is.
type Path = Vec<String>;

/// A statement in JSON, and another value for one of its places; none: the place is left out.
struct Bend {
    path: Path,
    value: Option<Value>,
}

/// Every place of a document.
fn paths(value: &Value, at: &mut Path, found: &mut Vec<Path>) {
    if !at.is_empty() {
        found.push(at.clone());
    }
    let mut inner = |name: String, value| {
        at.push(name);
        paths(value, at, found);
        at.pop();
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, one)| inner(name.clone(), one)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.for_each(|(number, one)| inner(number.to_string(), one));
        }
        _ => {}
    }
}

/// The place without the numbers in it.
fn pattern(path: &[String]) -> String {
    let number = |part: &String| part.parse::<u64>().is_ok();
    let parts = path.iter();
    let parts: Vec<_> = parts
        .map(|part| if number(part) { "*" } else { part })
        .collect();
    parts.join("/")
}

fn is_under(pattern: &str, place: &str) -> bool {
    let rest = pattern.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn pointer(path: &[String]) -> String {
    path.iter().flat_map(|part| ["/", part]).collect()
}

/// Values of one name may stand in for each other; so may all entries of the ledger, and all times.
fn name(pattern: &str, value: &Value) -> String {
    if value.get("leaf").is_some() {
        return "an entry".to_owned();
    }
    if value.as_str().and_then(UtcMillis::parse_rfc3339).is_some() {
        return "a time".to_owned();
    }
    let name = pattern.trim_end_matches("/*");
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

/// What a value is replaced by besides those of its name.
fn near(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            vec![json!(number + 1), json!(number.saturating_sub(1))]
        }
        Value::Array(list) if !list.is_empty() => {
            let reversed: Vec<_> = list.iter().rev().cloned().collect();
            let doubled = [&list[..], &list[..1]].concat();
            let (head, tail) = (&list[..list.len() - 1], &list[1..]);
            vec![json!(reversed), json!(doubled), json!(head), json!(tail)]
        }
        _ => Vec::new(),
    }
}

/// Everything that is tried on a document, of the places under the first.
fn bends(whole: &Value, under: &str) -> Vec<Bend> {
    let mut all = Vec::new();
    paths(whole, &mut Vec::new(), &mut all);
    let value = |path: &[String]| whole.pointer(&pointer(path)).unwrap();
    let mut alike: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for path in &all {
        let value = value(path);
        let values = alike.entry(name(&pattern(path), value)).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let (mut bends, mut numbers) = (Vec::new(), Numbers(SEED));
    for path in all {
        let pattern = pattern(&path);
        let skipped = NOT_BENT.iter().any(|place| is_under(&pattern, place));
        if skipped || pattern.ends_with("/leaf") || !is_under(&pattern, under) {
            continue;
        }
        let old = value(&path);
        let others = alike[&name(&pattern, old)].iter().copied();
        let others = numbers.some(others.filter(|other| *other != old).collect());
        let others = others.into_iter().cloned().chain(near(old));
        let others = others.chain([Value::Null, json!([])]).map(Some);
        bends.extend(others.chain([None]).map(|value| Bend {
            path: path.clone(),
            value,
        }));
    }
    bends
}

impl Bend {
    /// The document with it; none where that is no statement.
    fn on(&self, whole: &Value) -> Option<Statement> {
        let mut bent = whole.clone();
        let (name, parent) = self.path.split_last()?;
        match (bent.pointer_mut(&pointer(parent))?, &self.value) {
            (Value::Object(fields), None) => drop(fields.remove(name)),
            (Value::Object(fields), Some(value)) => {
                fields.insert(name.clone(), value.clone());
            }
            (Value::Array(list), None) => drop(list.remove(name.parse().ok()?)),
            (Value::Array(list), Some(value)) => {
                *list.get_mut(name.parse::<usize>().ok()?)? = value.clone();
            }
            _ => return None,
        }
        serde_json::from_value(bent).ok()
    }

    fn told(&self) -> String {
        let value = self.value.as_ref();
        let value = value.map_or("left out".to_owned(), ToString::to_string);
        let value: String = value.chars().take(80).collect();
        format!("{} := {value}", self.path.join("/"))
    }
}

/// Makes the sums fit; what rows say because of their sessions too, if they are to follow.
fn fitted(mut bent: Statement, follow: bool) -> Statement {
    let mut boards = std::mem::take(&mut bent.predicate.boards);
    if follow {
        boards.iter_mut().for_each(consequences);
        boards.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    }
    fill(&mut bent, boards);
    fit_the_sums(&mut bent);
    bent
}

/// Tries all, on all cores: how many statements that was, and which places still verify.
fn tried(batch: &TestBatch, under: &str) -> (usize, BTreeMap<String, String>) {
    let statement = batch.assembled().unwrap();
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
    let whole = serde_json::to_value(&statement).unwrap();
    let bends = bends(&whole, under);
    let (next, tried) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let accepted = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some(bend) = bends.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(bent) = bend.on(&whole) else {
                continue;
            };
            let mut before = None;
            for follow in [false, true] {
                let bent = fitted(bent.clone(), follow);
                if bent == statement || before.as_ref() == Some(&bent) {
                    continue;
                }
                tried.fetch_add(1, Ordering::Relaxed);
                if verify(&batch.file(&bent), &batch.pki.root).is_ok() {
                    let place = pattern(&bend.path);
                    accepted.lock().unwrap().insert(place, bend.told());
                }
                before = Some(bent);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    (tried.into_inner(), accepted.into_inner().unwrap())
}

#[expect(clippy::print_stdout, reason = "how many statements were tried")]
#[test]
fn only_what_is_the_signers_word_can_be_anything() {
    let mut batch = TestBatch::of_every_kind();
    // One that was claimed in another one's session, and thrown away.
    batch.plug_in("lane-2", 8);
    batch.scrap(8, "no answer");
    batch.attest(7, VerdictCode::Pass, "2.5.1");
    batch.close();
    let (of_all, mut accepted) = tried(&batch, "predicate");
    let mut set = TestBatch::of_every_kind();
    set.accept_clock();
    set.accept_clock();
    set.close();
    let (of_clocks, of_clock) = tried(&set, "predicate/clock_accepted");
    accepted.extend(of_clock);
    println!("seed {SEED}: {of_all} statements, and {of_clocks} with other clocks");
    let word = |place: &str| SIGNERS_WORD.iter().any(|word| is_under(place, word));
    let known = |place: &str| word(place) || MAY_LACK.contains(&place);
    let unknown: Vec<_> = accepted.iter().filter(|(place, _)| !known(place)).collect();
    assert!(unknown.is_empty(), "seed {SEED}: verifies: {unknown:#?}");
    // Each of them is indeed free: else the list says more than is so.
    let free = |word: &&str| !accepted.keys().any(|place| is_under(place, word));
    let bound: BTreeSet<_> = SIGNERS_WORD.iter().filter(|word| free(word)).collect();
    assert!(bound.is_empty(), "does not verify: {bound:?}");
    assert!(
        of_all >= TRIED_MIN && of_clocks > 0,
        "{of_all}, {of_clocks}"
    );
}

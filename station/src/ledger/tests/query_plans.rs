//! Every question that this room asks SQLite is answered through an index or a key, whatever the ledger's size;
//! those that read a whole table are named here.

use std::path::Path;

use crate::ledger::failed_boards::sessions_sql;
use crate::ledger::log_store::connect_in_memory;
use crate::ledger::overview_questions::{batches_sql, devices_sql};
use crate::ledger::reader::{DeviceFilter, Selection, Whose};

/// Beginnings of questions about a whole table, each with why.
const WHOLE: &[(&str, &str)] = &[
    ("SELECT h.lane, h.code", "the lanes that are held are few"),
    ("SELECT batch, entry FROM batch_hold", "so are the batches"),
    ("SELECT p.digest, p.product", "all profiles are listed"),
    (
        "SELECT idx, leaf, hash FROM entry ORDER BY idx",
        "of a file that was cut, up to the first entry that cannot be read",
    ),
    (
        "SELECT id, next_seq, head FROM batch",
        "a verification follows each batch's chain",
    ),
    (
        "SELECT serial FROM device_serial ORDER BY",
        "from the end of an index to the first match",
    ),
    (
        "SELECT size, note FROM checkpoint",
        "half-made views have one row there",
    ),
    ("DELETE FROM checkpoint", "the same"),
    (
        "SELECT lane, code FROM verdict ORDER BY entry",
        "what every place has seen is counted once, when a line starts",
    ),
    (
        "SELECT entry FROM event\n                 WHERE kind IN ('operator-enrolled'",
        "its index has the events about operators and no others",
    ),
    (
        "SELECT entry FROM event WHERE kind IN ('label-printed'",
        "its index has the events about labels and no others",
    ),
    (
        "SELECT entry FROM event WHERE kind = 'alarm-acknowledged'",
        "its index has the events about alarms and no others",
    ),
];

/// The SQL in the source of this room.
fn questions(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for found in std::fs::read_dir(folder).unwrap() {
        let path = found.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if name != "tests" {
                all.extend(questions(&path));
            }
            continue;
        }
        // Definitions, and comparisons of whole tables.
        if [
            "schema.rs",
            "tests.rs",
            "comparison.rs",
            "rebuild_in_place.rs",
        ]
        .contains(&&name[..])
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap()
            .to_owned();
        let literals = text.split('"').skip(1).step_by(2);
        let verbs = ["SELECT", "UPDATE", "DELETE", "INSERT"];
        let sql = literals.filter(|text| verbs.iter().any(|verb| text.starts_with(verb)));
        // A table's or column's name, where one is put in.
        let sql = sql.map(|text| {
            text.replace("{column}", "granted")
                .replace("{table}", "entry")
        });
        all.extend(sql.map(|sql| (name.clone(), sql)));
    }
    all
}

fn plan(views: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut explain = views.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let count = explain.parameter_count();
    let nothing = vec![rusqlite::types::Null; count];
    let details = explain.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))?;
    details.collect()
}

fn scans(views: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let details = plan(views, sql)?;
    // A scan of rows that another part of the question has found is no scan of a table.
    let whole = |detail: &String| detail.starts_with("SCAN") && !detail.contains("subquery");
    Ok(details
        .into_iter()
        .filter(|detail| whole(detail) && detail != "SCAN CONSTANT ROW")
        .filter(|detail| !detail.contains("(subquery"))
        .collect())
}

#[test]
fn every_question_is_a_lookup() {
    let views = connect_in_memory().unwrap();
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ledger");
    // What a removed row would have to be looked for in is not a part of the question.
    views.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let (mut asked, mut pieces) = (0, Vec::new());
    for (file, sql) in questions(&room) {
        match scans(&views, &sql) {
            Err(_) => pieces.push((file, sql)),
            Ok(scans) => {
                asked += 1;
                let whole = WHOLE.iter().any(|(start, _)| sql.starts_with(start));
                let counted = sql.starts_with("SELECT count(*) FROM entry");
                assert!(
                    scans.is_empty() || whole || counted,
                    "{file}: {sql}\n{scans:?}"
                );
            }
        }
    }
    assert!(asked > 70, "only {asked} questions were found");
    // Parts that are put together; the whole is asked for below.
    let known = [
        "overview.rs",
        "overview_questions.rs",
        "failed_boards.rs",
        "invariants.rs",
        "leaves.rs",
    ];
    assert!(
        pieces.iter().all(|(file, _)| known.contains(&&file[..])),
        "{pieces:?}"
    );
    assert!(pieces.len() <= 8, "{pieces:?}");
}

#[test]
fn a_board_is_found_among_millions() {
    let views = connect_in_memory().unwrap();
    let filter = DeviceFilter::default();
    let by_uid = DeviceFilter {
        uid: Some(crate::ledger::fixture::board(1).uid),
        ..filter.clone()
    };
    let by_serial = DeviceFilter {
        device_serial: Some(crate::ledger::fixture::board(1).device_serial),
        ..filter.clone()
    };
    let by_batch = DeviceFilter {
        batch: Some(crate::ledger::fixture::batch("B-1")),
        ..filter.clone()
    };
    for filter in [&by_uid, &by_serial, &by_batch] {
        assert_eq!(
            scans(&views, &devices_sql(filter)).unwrap(),
            [""; 0],
            "{filter:?}"
        );
    }
    assert_eq!(
        scans(&views, &devices_sql(&filter)).unwrap().len(),
        1,
        "all boards"
    );
    assert_eq!(scans(&views, &batches_sql(true)).unwrap(), [""; 0]);
    assert_eq!(scans(&views, &sessions_sql()).unwrap(), [""; 0]);
    let certificate = "SELECT serial, uid, batch, device_serial, key, issued, provisioned, revoked
         FROM certificate WHERE";
    for condition in ["serial = ?1", "uid = ?1", "batch = ?1"] {
        let sql = format!("{certificate} {condition} ORDER BY issued");
        assert_eq!(scans(&views, &sql).unwrap(), [""; 0], "{condition}");
    }
    let unfinished = "SELECT uid FROM certificate
        WHERE batch = ?1 AND revoked IS NULL AND provisioned IS NULL AND committed IS NULL";
    assert_eq!(scans(&views, unfinished).unwrap(), [""; 0]);
}

/// A page that sorted all of its selection first would make reading a batch quadratic.
#[test]
fn every_page_of_leaves_goes_on_where_the_one_before_ended() {
    let views = connect_in_memory().unwrap();
    let board = crate::ledger::fixture::board(1);
    let batch = || crate::ledger::fixture::batch("B-1");
    let session = || crate::encoding::Hex(vec![0; 16]);
    let kinds = "'provisioned', 'verdict-reached'";
    for selection in [
        Selection::Range(9),
        Selection::Batch(batch()),
        Selection::Session(session()),
        Selection::Board(board.uid.clone()),
        Selection::Claimed(board.uid.clone()),
        Selection::StopRules(batch()),
        Selection::Report(batch()),
        Selection::Kinds(kinds, Whose::Anybody),
        Selection::Kinds(kinds, Whose::Batch(batch())),
        Selection::Kinds(kinds, Whose::Session(session())),
        Selection::Kinds(kinds, Whose::Board(board.uid)),
    ] {
        let (sql, _) = selection.question();
        assert_eq!(scans(&views, &sql).unwrap(), [""; 0], "{selection:?}");
        let plan = plan(&views, &sql).unwrap();
        let sorted = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!sorted, "{selection:?}: {plan:?}");
    }
}

/// A walk over all verdicts in the order of their entries would be called a search too.
#[test]
fn a_claim_is_found_among_millions_of_verdicts() {
    let views = connect_in_memory().unwrap();
    let claimed = Selection::Claimed(crate::ledger::fixture::board(1).uid);
    let plan = plan(&views, &claimed.question().0).unwrap();
    let by_claim = |step: &String| step.contains("verdict_by_claim (claimed_uid=? AND entry>?)");
    assert!(plan.iter().any(by_claim), "{plan:?}");
}

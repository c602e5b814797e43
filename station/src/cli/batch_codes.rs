//! The boards of a batch by their verdict codes, as `station batch show` lists them.

use crate::manifest::statement::{CodeCount, Counts};

/// Each board presented is in one of the rows.
pub(super) fn code_rows(counts: &Counts, closed: bool) -> Vec<Vec<String>> {
    let code = |count: &CodeCount| vec![count.boards.to_string(), count.code.to_string()];
    let mut rows: Vec<Vec<String>> = counts.by_code.iter().map(code).collect();
    let without = counts.without_code();
    if without > 0 {
        let what = if closed {
            "interrupted"
        } else {
            "none yet: in work, or interrupted"
        };
        rows.push(vec![without.to_string(), what.to_owned()]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::VerdictCode;

    #[test]
    fn every_board_presented_is_in_a_row() {
        let by_code = vec![CodeCount {
            code: VerdictCode::Pass,
            boards: 5,
        }];
        let mut counts = Counts::default();
        (counts.presented, counts.by_code) = (6, by_code);
        assert_eq!(code_rows(&counts, true)[1], ["1", "interrupted"]);
        assert!(code_rows(&counts, false)[1][1].contains("in work"));
        counts.presented = 5;
        assert_eq!(code_rows(&counts, true).len(), 1);
    }
}

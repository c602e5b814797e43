//! A number with its noun, as people say it.

use std::fmt::Display;

/// `1 entry`, `2 entries`, `0 entries`.
pub(super) fn counted<N: Copy + Display + PartialEq + From<u8>>(
    count: N,
    one: &str,
    many: &str,
) -> String {
    let noun = if count == N::from(1) { one } else { many };
    format!("{count} {noun}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(counted(0_u64, "entry", "entries"), "0 entries");
        assert_eq!(counted(1_u64, "entry", "entries"), "1 entry");
        assert_eq!(counted(2_usize, "entry", "entries"), "2 entries");
        assert_eq!(counted(21_u32, "entry", "entries"), "21 entries");
    }
}

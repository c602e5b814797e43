//! What is told of a code that was of no use: never what may be a PIN that was typed once too often.

/// Stands for a code that is not told.
const UNTOLD: &str = "****";

/// Digits of a shop's bar code. No PIN has so many, nor one that was typed twice.
const SHOP_DIGITS: usize = 13;

/// The code where it is shaped as a label or as a shop's bar code is; else asterisks, however long it is.
///
/// A label has letters or separators, at least two: one among digits may be a slip of the hand in a PIN. Whether
/// the code is a known badge's is looked at before.
#[must_use]
pub fn as_told(code: &str) -> String {
    let marks = code
        .chars()
        .filter(|character| !character.is_numeric() && !character.is_whitespace())
        .count();
    let of_a_shop = code.len() == SHOP_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    if marks >= 2 || of_a_shop {
        code.to_owned()
    } else {
        UNTOLD.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_pin_is_not_told() {
        for pin in [
            "",
            "7",
            "739164",
            "739164739164",
            "7391648273916482",
            " 739164 ",
            "739 164",
            "739164x",
            "-739164",
            "７３９１６４",
        ] {
            assert_eq!(as_told(pin), UNTOLD, "{pin:?}");
        }
    }

    #[test]
    fn a_label_and_a_bar_code_of_a_shop_are_told() {
        for label in [
            "SA-000001",
            "GW4711",
            "4006381333931",
            "(01)04012345678901(21)ABC",
        ] {
            assert_eq!(as_told(label), label);
        }
    }
}

//! Words in letters of blocks, to be read from across the room.

/// Rows of a letter.
pub const ROWS: u16 = 5;

/// The rows of a word; none where it has a letter that is not drawn here.
#[must_use]
pub fn word(text: &str) -> Option<[String; 5]> {
    let mut rows: [String; 5] = Default::default();
    for letter in text.chars() {
        let drawn = letter_rows(letter)?;
        for (row, part) in rows.iter_mut().zip(drawn) {
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(part);
        }
    }
    Some(rows)
}

/// A sign for verdicts whose word is not drawn in blocks.
#[must_use]
pub fn sign(sign: &str) -> Option<[String; 5]> {
    let rows = match sign {
        "✔" => [
            "        ██",
            "       ██ ",
            "██    ██  ",
            " ██  ██   ",
            "  ████    ",
        ],
        "✘" => [
            "██      ██",
            "  ██  ██  ",
            "    ██    ",
            "  ██  ██  ",
            "██      ██",
        ],
        "!" => [
            "    ██    ",
            "    ██    ",
            "    ██    ",
            "          ",
            "    ██    ",
        ],
        _ => return None,
    };
    Some(rows.map(str::to_owned))
}

fn letter_rows(letter: char) -> Option<[&'static str; 5]> {
    Some(match letter {
        'A' => [" ███ ", "█   █", "█████", "█   █", "█   █"],
        'B' => ["████ ", "█   █", "████ ", "█   █", "████ "],
        'C' => [" ████", "█    ", "█    ", "█    ", " ████"],
        'D' => ["████ ", "█   █", "█   █", "█   █", "████ "],
        'E' => ["█████", "█    ", "████ ", "█    ", "█████"],
        'F' => ["█████", "█    ", "████ ", "█    ", "█    "],
        'G' => [" ████", "█    ", "█  ██", "█   █", " ████"],
        'H' => ["█   █", "█   █", "█████", "█   █", "█   █"],
        'I' => ["███", " █ ", " █ ", " █ ", "███"],
        'L' => ["█    ", "█    ", "█    ", "█    ", "█████"],
        'N' => ["█   █", "██  █", "█ █ █", "█  ██", "█   █"],
        'O' => [" ███ ", "█   █", "█   █", "█   █", " ███ "],
        'Ö' => ["█ █ █", " ███ ", "█   █", "█   █", " ███ "],
        'P' => ["████ ", "█   █", "████ ", "█    ", "█    "],
        'R' => ["████ ", "█   █", "████ ", "█  █ ", "█   █"],
        'S' => [" ████", "█    ", " ███ ", "    █", "████ "],
        'T' => ["█████", "  █  ", "  █  ", "  █  ", "  █  "],
        'U' => ["█   █", "█   █", "█   █", "█   █", " ███ "],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::geometry::columns;
    use crate::words::{Language, Phrase};

    #[test]
    fn every_outcome_has_its_letters_or_its_sign() {
        for language in Language::ALL {
            for phrase in [Phrase::Pass, Phrase::Fail, Phrase::Error] {
                let drawn = word(language.say(phrase));
                assert!(
                    drawn.is_some() || language == Language::Chinese,
                    "{phrase:?}"
                );
                if let Some(rows) = drawn {
                    let wide = columns(&rows[0]);
                    assert!(rows.iter().all(|row| columns(row) == wide));
                }
            }
        }
        for mark in ["✔", "✘", "!"] {
            assert!(sign(mark).is_some());
        }
    }
}

//! What the stop rules of a profile are called, in every language.

use super::Language;

impl Language {
    /// A stop rule by its key in the profile; one that is not known here keeps its key.
    #[must_use]
    pub fn stop_rule(self, key: &str) -> &str {
        let Some([english, chinese, spanish, german]) = texts(key) else {
            return key;
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Spanish => spanish,
            Self::German => german,
        }
    }
}

/// English, Chinese, Spanish, German.
fn texts(key: &str) -> Option<[&'static str; 4]> {
    Some(match key {
        "failures_in_a_row_on_lane" => [
            "failures in a row on the lane",
            "工位连续失败",
            "fallos seguidos en el puesto",
            "Fehler in Folge am Platz",
        ],
        "failures_in_a_row_in_batch" => [
            "failures in a row in the batch",
            "批次连续失败",
            "fallos seguidos en el lote",
            "Fehler in Folge im Los",
        ],
        "first_pass_yield" => [
            "first-pass yield",
            "直通率",
            "rendimiento a la primera",
            "Ausbeute im ersten Anlauf",
        ],
        "same_code_on_lane" => [
            "the same code on the lane",
            "工位上同一代码",
            "el mismo código en el puesto",
            "gleicher Code am Platz",
        ],
        "attestation_alarms" => [
            "attestation alarms",
            "证明警报",
            "alarmas de atestación",
            "Nachweisalarme",
        ],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_not_known_keeps_its_key() {
        for language in Language::ALL {
            assert_eq!(
                language.stop_rule("of_another_version"),
                "of_another_version"
            );
        }
    }
}

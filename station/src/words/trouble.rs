//! What is wrong with the station itself, in every language: said when it begins, beside the technical text.

use serde::{Deserialize, Serialize};

use super::Language;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The key store does not sign.
    Hsm,
    /// Something is not recorded, or a checkpoint of it is not made or not mirrored.
    Ledger,
    /// So little is free on the home's disk.
    DiskNearlyFull {
        /// In MiB.
        free_mib: u64,
    },
    /// What became of a label is not recorded.
    Label,
    /// The line works, and something is to be known about it.
    Remark,
    /// Who is enrolled cannot be read.
    Operators,
}

impl Language {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn trouble(self, trouble: Trouble) -> String {
        let [english, chinese, spanish, german] = texts(trouble);
        let text = match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Spanish => spanish,
            Self::German => german,
        };
        match trouble {
            Trouble::DiskNearlyFull { free_mib } => text.replace("{0}", &free_mib.to_string()),
            _ => text.to_owned(),
        }
    }
}

/// English, Chinese, Spanish, German.
const fn texts(trouble: Trouble) -> [&'static str; 4] {
    match trouble {
        Trouble::Remark => [
            "The line works; tell the supervisor of this.",
            "产线在运行；请将此事告知主管。",
            "La línea trabaja; informe de esto al supervisor.",
            "Die Linie läuft; melden Sie dies der Schichtleitung.",
        ],
        Trouble::Hsm => [
            "Key store fault: call the supervisor.",
            "密钥库故障：请叫主管。",
            "Falla el almacén de claves: llame al supervisor.",
            "Schlüsselspeicher gestört: Schichtleitung rufen.",
        ],
        Trouble::Ledger => [
            "Ledger fault: call the supervisor.",
            "账本故障：请叫主管。",
            "Falla el registro: llame al supervisor.",
            "Journal gestört: Schichtleitung rufen.",
        ],
        Trouble::DiskNearlyFull { .. } => [
            "The disk is nearly full, {0} MiB are free: have room made.",
            "磁盘将满，仅剩 {0} MiB：请清理空间。",
            "El disco está casi lleno, quedan {0} MiB: haga que liberen espacio.",
            "Die Festplatte ist fast voll, {0} MiB sind frei: Platz schaffen lassen.",
        ],
        Trouble::Label => [
            "What became of a label is not recorded: call the supervisor.",
            "标签的结果未被记录：请叫主管。",
            "No consta qué pasó con una etiqueta: llame al supervisor.",
            "Was aus einem Etikett wurde, ist nicht festgehalten: Schichtleitung rufen.",
        ],
        Trouble::Operators => [
            "Who works here cannot be read, nobody can sign in: call the supervisor.",
            "人员名册无法读取，无人能登录：请叫主管。",
            "Lista de personas ilegible, nadie puede entrar: llame al supervisor.",
            "Personenliste nicht lesbar, niemand kann sich anmelden: Schichtleitung rufen.",
        ],
    }
}

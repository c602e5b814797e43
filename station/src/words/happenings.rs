//! What has happened to a board, in every language: the lines of its history.

use serde::{Deserialize, Serialize};

use super::Language;

/// Something that happened to a board. What stands in `{0}`, `{1}` is said with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// 0 lane.
    SessionOpened,
    /// 0 code, 1 firmware.
    EvidenceAppraised,
    /// 0 how many, 1 code.
    MeasurementsJudged,
    /// 0 code.
    KeyAppraised,
    /// 0 certificate, 1 device serial.
    CertificateIntended,
    /// 0 certificate.
    IntentVoided,
    /// 0 certificate, 1 device serial.
    CertificateIssued,
    /// 0 certificate.
    GrantSigned,
    /// 0 certificate.
    ProofVerified,
    /// 0 certificate.
    CommitSigned,
    /// 0 certificate, 1 device serial.
    Provisioned,
    /// 0 certificate.
    CertificateRevoked,
    /// 0 code, 1 lane, 2 seconds, 3 how often something was asked again.
    VerdictReached,
    /// 0 who, 1 why.
    Scrapped,
    /// 0 who, 1 why.
    Quarantined,
    /// 0 who, 1 why.
    Released,
    /// 0 printer.
    LabelPrinted,
    /// 0 printer, 1 who, 2 why.
    LabelPrintedAgain,
    /// 0 printer.
    LabelFailed,
    /// 0 code, 1 lane, 2 who, 3 why.
    AlarmAcknowledged,
    /// 0 code, 1 lane.
    LaneHeld,
    /// 0 code, 1 stop rule by its key in the profile.
    BatchHeld,
    /// 0 what it is called in the ledger.
    Other,
}

impl Happening {
    /// Everything that can happen.
    pub const ALL: &'static [Self] = &[
        Self::SessionOpened,
        Self::EvidenceAppraised,
        Self::MeasurementsJudged,
        Self::KeyAppraised,
        Self::CertificateIntended,
        Self::IntentVoided,
        Self::CertificateIssued,
        Self::GrantSigned,
        Self::ProofVerified,
        Self::CommitSigned,
        Self::Provisioned,
        Self::CertificateRevoked,
        Self::VerdictReached,
        Self::Scrapped,
        Self::Quarantined,
        Self::Released,
        Self::LabelPrinted,
        Self::LabelPrintedAgain,
        Self::LabelFailed,
        Self::AlarmAcknowledged,
        Self::LaneHeld,
        Self::BatchHeld,
        Self::Other,
    ];
}

impl Language {
    /// What happened, with its values.
    #[must_use]
    pub fn happened(self, happening: Happening, values: &[String]) -> String {
        let mut text = self.text_of(happening).to_owned();
        for (place, value) in values.iter().enumerate() {
            let value = match (happening, place) {
                (Happening::BatchHeld, 1) => self.stop_rule(value),
                _ => value,
            };
            text = text.replace(&format!("{{{place}}}"), value);
        }
        text
    }

    const fn text_of(self, happening: Happening) -> &'static str {
        let [english, chinese, spanish, german] = texts(happening);
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Spanish => spanish,
            Self::German => german,
        }
    }
}

/// English, Chinese, Spanish, German.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table")]
const fn texts(happening: Happening) -> [&'static str; 4] {
    use Happening as H;
    match happening {
        H::SessionOpened => [
            "put in on {0}",
            "在 {0} 放入",
            "puesta en {0}",
            "eingelegt auf {0}",
        ],
        H::EvidenceAppraised => [
            "evidence judged: {0}; firmware {1}",
            "证明已评估：{0}；固件 {1}",
            "evidencia valorada: {0}; firmware {1}",
            "Nachweis beurteilt: {0}; Firmware {1}",
        ],
        H::MeasurementsJudged => [
            "self-test judged, values: {0}, {1}",
            "自检已评判，测量值 {0} 个：{1}",
            "autoprueba valorada, medidas: {0}, {1}",
            "Selbsttest beurteilt, Werte: {0}, {1}",
        ],
        H::KeyAppraised => [
            "key judged: {0}",
            "密钥已评估：{0}",
            "clave valorada: {0}",
            "Schlüssel beurteilt: {0}",
        ],
        H::CertificateIntended => [
            "certificate {0} is to be made for {1}",
            "将为 {1} 签发证书 {0}",
            "se hará el certificado {0} para {1}",
            "Zertifikat {0} soll für {1} gemacht werden",
        ],
        H::IntentVoided => [
            "certificate {0} will not be made",
            "证书 {0} 不再签发",
            "el certificado {0} no se hará",
            "Zertifikat {0} wird nicht gemacht",
        ],
        H::CertificateIssued => [
            "certificate {0} was made for {1}",
            "已为 {1} 签发证书 {0}",
            "certificado {0} hecho para {1}",
            "Zertifikat {0} für {1} gemacht",
        ],
        H::GrantSigned => [
            "certificate {0} may be installed",
            "证书 {0} 可以安装",
            "el certificado {0} se puede instalar",
            "Zertifikat {0} darf installiert werden",
        ],
        H::ProofVerified => [
            "certificate {0} works in the board",
            "证书 {0} 在板上有效",
            "el certificado {0} funciona en la placa",
            "Zertifikat {0} arbeitet in der Platine",
        ],
        H::CommitSigned => [
            "certificate {0} is to be locked in",
            "证书 {0} 将被锁定",
            "el certificado {0} se va a bloquear en la placa",
            "Zertifikat {0} soll verriegelt werden",
        ],
        H::Provisioned => [
            "locked: {1} is provisioned with certificate {0}",
            "已锁定：{1} 已装入证书 {0}",
            "bloqueada: {1} tiene el certificado {0}",
            "verriegelt: {1} hat das Zertifikat {0}",
        ],
        H::CertificateRevoked => [
            "certificate {0} was revoked",
            "证书 {0} 已吊销",
            "certificado {0} revocado",
            "Zertifikat {0} widerrufen",
        ],
        H::VerdictReached => [
            "verdict {0} on {1} after {2} s, asked again: {3}",
            "判定 {0}，在 {1}，用时 {2} 秒，重发 {3} 次",
            "veredicto {0} en {1} tras {2} s, repeticiones: {3}",
            "Urteil {0} auf {1} nach {2} s, Wiederholungen: {3}",
        ],
        H::Scrapped => [
            "scrapped by {0}: {1}",
            "由 {0} 报废：{1}",
            "desechada por {0}: {1}",
            "verschrottet von {0}: {1}",
        ],
        H::Quarantined => [
            "set aside by {0}: {1}",
            "由 {0} 隔离：{1}",
            "apartada por {0}: {1}",
            "ausgesondert von {0}: {1}",
        ],
        H::Released => [
            "released by {0}: {1}",
            "由 {0} 放行：{1}",
            "liberada por {0}: {1}",
            "freigegeben von {0}: {1}",
        ],
        H::LabelPrinted => [
            "label printed at {0}",
            "标签已打印：{0}",
            "etiqueta impresa en {0}",
            "Etikett gedruckt auf {0}",
        ],
        H::LabelPrintedAgain => [
            "label printed again at {0} for {1}: {2}",
            "标签已重新打印：{0}，{1}：{2}",
            "etiqueta impresa otra vez en {0} para {1}: {2}",
            "Etikett neu gedruckt auf {0} für {1}: {2}",
        ],
        H::LabelFailed => [
            "label not printed at {0}",
            "标签未能在 {0} 打印",
            "etiqueta no impresa en {0}",
            "Etikett nicht gedruckt auf {0}",
        ],
        H::AlarmAcknowledged => [
            "alarm {0} on {1} looked at by {2}: {3}",
            "{1} 的警报 {0} 由 {2} 确认：{3}",
            "alarma {0} en {1} vista por {2}: {3}",
            "Alarm {0} auf {1} gesehen von {2}: {3}",
        ],
        H::LaneHeld => [
            "lane {1} was held for {0}",
            "工位 {1} 因 {0} 被锁定",
            "puesto {1} retenido por {0}",
            "Platz {1} gesperrt wegen {0}",
        ],
        H::BatchHeld => [
            "batch held by stop rule {1}, after {0}",
            "批次因停止规则 {1} 被锁定，原因 {0}",
            "lote retenido por la regla {1}, tras {0}",
            "Los gesperrt durch Stoppregel {1}, nach {0}",
        ],
        H::Other => [
            "{0}",
            "{0}",
            "{0}",
            "{0}",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same_values() {
        for happening in Happening::ALL {
            let places = |language: Language| {
                let text = language.text_of(*happening);
                (0..9)
                    .filter(|place| text.contains(&format!("{{{place}}}")))
                    .collect::<Vec<_>>()
            };
            for language in Language::ALL {
                assert_eq!(places(language), places(Language::English), "{happening:?}");
                assert!(!places(language).is_empty(), "{happening:?}");
            }
        }
    }

    #[test]
    fn values_stand_in_their_places() {
        let values = ["PASS", "L1", "0.3", "0"].map(str::to_owned);
        let said = Language::German.happened(Happening::VerdictReached, &values);
        assert_eq!(said, "Urteil PASS auf L1 nach 0.3 s, Wiederholungen: 0");
        let values = ["HW-LIMIT", "first_pass_yield"].map(str::to_owned);
        let said = Language::English.happened(Happening::BatchHeld, &values);
        let expected = "batch held by stop rule first-pass yield, after HW-LIMIT";
        assert_eq!(said, expected);
    }
}

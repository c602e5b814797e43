//! What the operator does next, in German. The source is the English of `verdict/table.rs`.

use crate::verdict::VerdictCode;

/// The verdict's next action.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table")]
#[expect(clippy::match_same_arms, reason = "a table in the order of its source")]
pub(super) const fn action(code: VerdictCode) -> &'static str {
    use VerdictCode as V;
    match code {
        V::Pass => "Platine herausnehmen; die nächste einlegen.",
        V::AlreadyProvisioned =>
            "Diese Platine hat ihre Identität schon; zu den bestandenen legen.",
        V::LinkLost => "Kabel und Vorrichtung prüfen, dann die Platine neu einlegen.",
        V::LinkNoise => "Kontakte und Strom der Platine prüfen, dann neu einlegen.",
        V::LinkProtocol => "Platine zur QS legen.",
        V::LinkVersion => "Bootloader zu alt oder zu neu; Platine zur Nacharbeit legen.",
        V::ProductMismatch => "Platine eines anderen Produkts; Los prüfen, zur Seite legen.",
        V::AttMalformed => "Platine zur QS legen.",
        V::AttSignature => "Platine zur QS legen.",
        V::AttNonce => "Platine zur QS legen.",
        V::AttKeyUnknown => "Kein echter Chip dieses Produkts; zur QS legen.",
        V::AttKeyExpired => "Platine zur QS legen.",
        V::AttKeyRevoked => "Platine zur QS legen.",
        V::AttProduct => "Der Chip gehört zu einem anderen Produkt; zur QS legen.",
        V::AttUid => "Platine zur QS legen.",
        V::AttClaims => "Platine zur QS legen.",
        V::AttLifecycle => "Der Chip ist im falschen Lebenszustand; zur Nacharbeit legen.",
        V::AttDebug => "Der Debug-Port ist offen; Platine zur Nacharbeit legen.",
        V::AttSession => "Die Platine wechselte mitten in der Arbeit; zur QS legen.",
        V::AttBootSeed =>
            "Ein Boot-Seed kam wieder oder wechselte ohne Reset: Platz anhalten, QS rufen.",
        V::AttNonceReused => "Eine Nonce kam wieder: Platz anhalten, QS rufen.",
        V::FwVersion => "Falsche Firmware-Version; Platine zum Neuflashen legen.",
        V::FwComponent => "Falscher Firmware-Satz; Platine zum Neuflashen legen.",
        V::FwMeasurement => "Die Firmware ist nicht das freigegebene Abbild; zur QS legen.",
        V::FwRollback => "Firmware von vor einem Sicherheitsupdate; Platine zum Neuflashen legen.",
        V::HwLimit =>
            "Ein Messwert ist außerhalb der Grenzen; Kontakte reinigen, noch einmal einlegen.",
        V::HwMissing => "Der Selbsttest ist unvollständig; Platine noch einmal einlegen.",
        V::HwUnit => "Der Selbsttest passt nicht zum Profil; Platine zur QS legen.",
        V::HwNotANumber => "Ein Sensor gab keine Zahl; Platine noch einmal einlegen.",
        V::HwInfinite =>
            "Ein Sensor ist über seinem Bereich; Kontakte reinigen, noch einmal einlegen.",
        V::HwDoubled => "Der Selbsttest sagt etwas doppelt; Platine zur QS legen.",
        V::HwUnknown => "Der Selbsttest passt nicht zum Profil; Platine zur QS legen.",
        V::HwType => "Der Selbsttest passt nicht zum Profil; Platine zur QS legen.",
        V::HwReadings => "Ein Sensor gab zu wenige Werte; Platine noch einmal einlegen.",
        V::HwStuck => "Ein Sensor steht fest; Platine noch einmal einlegen.",
        V::HwWild => "Ein Sensor ist unruhig; Kontakte reinigen, noch einmal einlegen.",
        V::HwMask => "Sicherungen oder Pins sind nicht, wie sie sein müssen; zur Nacharbeit legen.",
        V::HwText => "Ein Teil hat eine andere Version; Platine zur Nacharbeit legen.",
        V::HwDigest => "Speicher oder Option-Bytes wurden geändert; Platine zur QS legen.",
        V::HwBus => "Ein Teil fehlt oder ist zu viel; Platine ansehen, noch einmal einlegen.",
        V::HwRng => "Die Zufallszahlen des Chips sind nicht zufällig; zur QS legen.",
        V::KeyCsr => "Platine zur QS legen.",
        V::KeySignature => "Platine zur QS legen.",
        V::KeyForeign => "Platine zur QS legen.",
        V::KeyReused => "Zwei Platinen mit einem Schlüssel: Platz anhalten, QS rufen.",
        V::UidReused => "Diese UID gab es schon: Platz anhalten, QS rufen.",
        V::SerialReused => "Zwei Platinen mit einer Seriennummer: Platz anhalten, QS rufen.",
        V::SerialLabel => "Das Etikett dieser Platine scannen: die Platine noch einmal einlegen.",
        V::InstallRefused => "Platine zur QS legen.",
        V::InstallReadback => "Die Platine behält ihr Zertifikat nicht; zur Nacharbeit legen.",
        V::ProofInvalid => "Die Identität funktioniert nicht; Platine zur QS legen.",
        V::LockRefused => "Die Platine verriegelt nicht; zur Nacharbeit legen.",
        V::ReceiptInvalid => "Platine zur QS legen.",
        V::DeviceFault => "Die Platine meldet einen Fehler; noch einmal einlegen.",
        V::InDoubt => "Dieselbe Platine sofort neu einlegen; nicht mit anderen mischen.",
        V::Revoked => "Die Identität dieser Platine wurde zurückgezogen; zur QS legen.",
        V::BatchFull => "Das Los ist voll; die Schichtleitung soll es schließen.",
        V::BatchOther => "Diese Platine gehört zu einem anderen Los; dort fertigstellen.",
        V::ProfileExpired => "Das Profil gilt jetzt nicht; die Schichtleitung um ein neues bitten.",
        V::StationHsm =>
            "Der Schlüsselspeicher antwortet nicht; Platine drin lassen, Schichtleitung rufen.",
        V::StationLedger =>
            "Das Journal lässt sich nicht schreiben; anhalten, Schichtleitung rufen.",
        V::StationTrust => "Eine aktuelle Datei des Chipherstellers fehlt; Schichtleitung rufen.",
        V::StationClock => "Die Uhr ist gesprungen; Schichtleitung rufen.",
        V::Quarantined => "Die QA hat diese Platine zurückgelegt; bringen Sie sie dorthin zurück.",
        V::Aborted => "Dieselbe Platine neu einlegen; es geht dort weiter, wo sie war.",
    }
}

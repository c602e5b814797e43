//! What the operator does next, in Spanish. The source is the English of `verdict/table.rs`.

use crate::verdict::VerdictCode;

/// The verdict's next action.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table")]
#[expect(clippy::match_same_arms, reason = "a table in the order of its source")]
pub(super) const fn action(code: VerdictCode) -> &'static str {
    use VerdictCode as V;
    match code {
        V::Pass => "Saque la placa; ponga la siguiente.",
        V::AlreadyProvisioned => "Esta placa ya tiene su identidad; póngala con las aprobadas.",
        V::LinkLost => "Revise el cable y el útil, y ponga la placa otra vez.",
        V::LinkNoise => "Revise los contactos y la alimentación, y póngala otra vez.",
        V::LinkProtocol => "Aparte la placa para calidad.",
        V::LinkVersion => "El cargador es demasiado viejo o nuevo; aparte la placa para retrabajo.",
        V::ProductMismatch => "Esta placa es de otro producto; revise el lote y apártela.",
        V::AttMalformed => "Aparte la placa para calidad.",
        V::AttSignature => "Aparte la placa para calidad.",
        V::AttNonce => "Aparte la placa para calidad.",
        V::AttKeyUnknown => "No es un chip genuino de este producto; apártela para calidad.",
        V::AttKeyExpired => "Aparte la placa para calidad.",
        V::AttKeyRevoked => "Aparte la placa para calidad.",
        V::AttProduct => "El chip es de otro producto; apártela para calidad.",
        V::AttUid => "Aparte la placa para calidad.",
        V::AttClaims => "Aparte la placa para calidad.",
        V::AttLifecycle => "El chip está en un estado de vida equivocado; aparte para retrabajo.",
        V::AttDebug => "El puerto de depuración está abierto; aparte la placa para retrabajo.",
        V::AttSession => "La placa cambió a mitad del trabajo; apártela para calidad.",
        V::AttBootSeed =>
            "Una semilla de arranque volvió, o cambió sin reinicio: pare el puesto y llame a calidad.",
        V::AttNonceReused => "Un nonce volvió: pare el puesto y llame a calidad.",
        V::FwVersion => "Versión de firmware equivocada; aparte la placa para regrabarla.",
        V::FwComponent => "Conjunto de firmware equivocado; aparte la placa para regrabarla.",
        V::FwMeasurement => "El firmware no es la imagen publicada; aparte la placa para calidad.",
        V::FwRollback =>
            "El firmware es anterior a una actualización de seguridad; aparte para regrabar.",
        V::HwLimit =>
            "Una medida está fuera de límites; limpie los contactos y póngala una vez más.",
        V::HwMissing => "La autoprueba está incompleta; ponga la placa una vez más.",
        V::HwUnit => "La autoprueba no encaja con el perfil; aparte la placa para calidad.",
        V::HwNotANumber => "Un sensor no dio número; ponga la placa una vez más.",
        V::HwInfinite =>
            "Un sensor está fuera de rango; limpie los contactos y póngala una vez más.",
        V::HwDoubled => "La autoprueba dice algo dos veces; aparte la placa para calidad.",
        V::HwUnknown => "La autoprueba no encaja con el perfil; aparte la placa para calidad.",
        V::HwType => "La autoprueba no encaja con el perfil; aparte la placa para calidad.",
        V::HwReadings => "Un sensor dio pocas lecturas; ponga la placa una vez más.",
        V::HwStuck => "Un sensor está atascado; ponga la placa una vez más.",
        V::HwWild => "Un sensor está inquieto; limpie los contactos y póngala una vez más.",
        V::HwMask => "Fusibles o pines no están como deben; aparte la placa para retrabajo.",
        V::HwText => "Una pieza es de otra versión; aparte la placa para retrabajo.",
        V::HwDigest => "La memoria o los bytes de opción cambiaron; aparte para calidad.",
        V::HwBus => "Falta o sobra una pieza; mire la placa y póngala una vez más.",
        V::HwRng => "Los números aleatorios del chip no lo son; aparte para calidad.",
        V::KeyCsr => "Aparte la placa para calidad.",
        V::KeySignature => "Aparte la placa para calidad.",
        V::KeyForeign => "Aparte la placa para calidad.",
        V::KeyReused => "Dos placas con una clave: pare el puesto y llame a calidad.",
        V::UidReused => "Este UID ya se provisionó: pare el puesto y llame a calidad.",
        V::SerialReused => "Dos placas con una serie: pare el puesto y llame a calidad.",
        V::SerialLabel => "Escanee la etiqueta de esta placa: póngala otra vez.",
        V::InstallRefused => "Aparte la placa para calidad.",
        V::InstallReadback => "La placa no guarda su certificado; apártela para retrabajo.",
        V::ProofInvalid => "La identidad no funciona; aparte la placa para calidad.",
        V::LockRefused => "La placa no se bloquea; apártela para retrabajo.",
        V::ReceiptInvalid => "Aparte la placa para calidad.",
        V::DeviceFault => "La placa avisa de un fallo; póngala una vez más.",
        V::InDoubt => "Ponga ahora la misma placa otra vez; no la mezcle con otras.",
        V::Revoked => "La identidad de esta placa fue retirada; apártela para calidad.",
        V::BatchFull => "El lote está lleno; pida al supervisor que lo cierre.",
        V::BatchOther => "Esta placa es de otro lote; termínela allí.",
        V::ProfileExpired => "El perfil no vale ahora; pida uno nuevo al supervisor.",
        V::StationHsm => "El almacén de claves no responde; deje la placa y llame al supervisor.",
        V::StationLedger => "No se puede escribir el libro; pare y llame al supervisor.",
        V::StationTrust => "Falta un archivo vigente del fabricante del chip; llame al supervisor.",
        V::StationClock => "El reloj ha saltado; llame al supervisor.",
        V::Quarantined => "Calidad apartó esta placa; devuélvasela, fuera del flujo.",
        V::Aborted => "Ponga la misma placa otra vez; sigue donde estaba.",
    }
}

//! What comes back that should not: another board's attestation key, boot seed or nonce, or an older one of
//! the same board.
//!
//! A board may show the same boot seed in several sessions of one boot, and after a reset that its root of
//! trust did not notice; it shows the same nonce until it is locked.

use super::desk::Ending;
use crate::ledger::standing::{Seen, Shown, ShownBefore};
use crate::verdict::VerdictCode;

/// The first of these that applies:
///
/// 1. Another board has attested with this attestation key (`KEY-REUSED`).
/// 2. The boot seed is another board's, or one that this board has replaced since, or a new one although
///    the board says that it is in the same boot (`ATT-BOOT-SEED`).
/// 3. The nonce is another board's, or one that this board has replaced since (`ATT-NONCE-REUSED`).
pub(super) fn judge_repeats(shown: &ShownBefore) -> Result<(), Ending> {
    of_another(Shown::InstanceId, &shown.instance_id)?;
    of_another(Shown::BootSeed, &shown.boot_seed)?;
    if shown.same_boot && shown.boot_seed != Seen::Latest {
        let detail = "the boot seed is another one than before, and the board was not reset since";
        return Err(Ending::new(VerdictCode::AttBootSeed, detail));
    }
    outdated(Shown::BootSeed, &shown.boot_seed)?;
    of_another(Shown::DeviceNonce, &shown.device_nonce)?;
    outdated(Shown::DeviceNonce, &shown.device_nonce)
}

fn of_another(what: Shown, seen: &Seen) -> Result<(), Ending> {
    match seen {
        Seen::Elsewhere(holder) => {
            let detail = format!("{what} is one that board {holder} has shown");
            Err(Ending::new(what.code(), detail))
        }
        Seen::Never | Seen::Latest | Seen::Earlier => Ok(()),
    }
}

fn outdated(what: Shown, seen: &Seen) -> Result<(), Ending> {
    if *seen != Seen::Earlier {
        return Ok(());
    }
    let detail = format!("{what} is one that the board has shown before its latest one");
    Err(Ending::new(what.code(), detail))
}

#[cfg(test)]
mod tests {
    use firmware_proto::Uid;

    use super::*;

    fn other() -> Seen {
        Seen::Elsewhere(Uid::from_bytes(&[7; 12]).unwrap())
    }

    /// Each dimension with each answer, and what must come of it.
    #[test]
    fn whatever_comes_back_has_its_code() {
        use VerdictCode::{AttBootSeed, AttNonceReused, KeyReused};
        let check = |spoil: &dyn Fn(&mut ShownBefore), expected: Option<VerdictCode>| {
            let mut shown = ShownBefore {
                instance_id: Seen::Latest,
                boot_seed: Seen::Never,
                same_boot: false,
                device_nonce: Seen::Latest,
            };
            spoil(&mut shown);
            let code = judge_repeats(&shown).err().map(|ending| ending.code);
            assert_eq!(code, expected, "{shown:?}");
        };
        check(&|_| {}, None);
        check(&|shown| *shown = ShownBefore::default(), None);
        check(&|shown| shown.instance_id = other(), Some(KeyReused));
        check(&|shown| shown.boot_seed = other(), Some(AttBootSeed));
        check(&|shown| shown.boot_seed = Seen::Earlier, Some(AttBootSeed));
        check(&|shown| shown.boot_seed = Seen::Latest, None);
        check(&|shown| shown.same_boot = true, Some(AttBootSeed));
        let resumed = |shown: &mut ShownBefore| {
            shown.same_boot = true;
            shown.boot_seed = Seen::Latest;
        };
        check(&resumed, None);
        check(&|shown| shown.device_nonce = other(), Some(AttNonceReused));
        check(
            &|shown| shown.device_nonce = Seen::Earlier,
            Some(AttNonceReused),
        );
        check(&|shown| shown.device_nonce = Seen::Never, None);
    }
}

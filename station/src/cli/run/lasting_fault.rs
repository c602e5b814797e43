//! A fault that may last for hours: told when it begins, when it becomes another one, and when it comes back.

use crate::tui::event::StationNews;
use crate::tui::told::Told;
use crate::words::Trouble;

/// See the module.
#[derive(Debug)]
pub(super) struct LastingFault {
    trouble: Trouble,
    /// What was told of it, while it lasts.
    told: Option<String>,
}

impl LastingFault {
    /// Nothing is wrong yet; what will be is such a trouble.
    pub(super) const fn of(trouble: Trouble) -> Self {
        let told = None;
        Self { trouble, told }
    }

    /// Takes in what is wrong now, if anything is; gives what is to be told.
    pub(super) fn follow(&mut self, now: Option<String>) -> Option<StationNews> {
        if self.told == now {
            return None;
        }
        self.told.clone_from(&now);
        let trouble = self.trouble;
        now.map(|says| StationNews::Told(Told::Trouble { trouble, says }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_once_and_what_changes_or_comes_back_is_told_again() {
        let mut fault = LastingFault::of(Trouble::Ledger);
        let looks = [
            (None, false),
            (Some("locked"), true),
            (Some("locked"), false),
            (Some("locked"), false),
            (Some("cut off"), true),
            (Some("cut off"), false),
            (None, false),
            (Some("cut off"), true),
            (None, false),
        ];
        for (at, (now, tells)) in looks.into_iter().enumerate() {
            let told = fault.follow(now.map(str::to_owned));
            let expected = now.filter(|_| tells).map(|says| {
                StationNews::Told(Told::Trouble {
                    trouble: Trouble::Ledger,
                    says: says.to_owned(),
                })
            });
            assert_eq!(told, expected, "look {at}");
        }
    }
}

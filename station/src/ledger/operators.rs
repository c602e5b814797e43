//! Who is enrolled, as the log says.

use super::error::{Doing, LedgerError};
use super::event::Fact;
use super::reader::Reader;
use crate::names::OperatorId;
use crate::role::Role;

/// Somebody who was enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorOverview {
    /// Who.
    pub operator: OperatorId,
    /// What they may do.
    pub role: Role,
    /// Whether they may not sign in.
    pub disabled: bool,
}

impl Reader {
    /// Everybody who was ever enrolled, in that order.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn operators(&self) -> Result<Vec<OperatorOverview>, LedgerError> {
        let doing = "looking up operators";
        // In the words of the index, without which SQLite would read every event.
        let mut asked = self
            .connection
            .prepare_cached(
                "SELECT entry FROM event
                 WHERE kind IN ('operator-enrolled', 'operator-disabled', 'operator-enabled')
                 ORDER BY entry",
            )
            .doing(doing)?;
        let entries = asked
            .query_map([], |row| row.get::<_, u32>(0))
            .doing(doing)?;
        let mut found: Vec<OperatorOverview> = Vec::new();
        for entry in entries {
            let entry = entry.doing(doing)?;
            let (operator, disabled) = match self.entry(u64::from(entry))?.leaf.fact {
                Fact::OperatorEnrolled(new) => {
                    found.push(OperatorOverview {
                        operator: new.operator,
                        role: new.role,
                        disabled: false,
                    });
                    continue;
                }
                Fact::OperatorDisabled(state) => (state.operator, true),
                Fact::OperatorEnabled(state) => (state.operator, false),
                _ => continue,
            };
            let mut same = found.iter_mut().filter(|known| known.operator == operator);
            if let Some(known) = same.next() {
                known.disabled = disabled;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::{OperatorEnrolledRecord, OperatorStateRecord};
    use crate::ledger::fixture::{Home, actor, station_event};
    use crate::ledger::standing::Durability;

    #[test]
    fn the_log_says_who_is_enrolled_and_who_may_not_sign_in() {
        let (home, ledger) = Home::create();
        let id = |name| OperatorId::parse(name).unwrap();
        let enrolled = |name, role| {
            Fact::OperatorEnrolled(OperatorEnrolledRecord {
                operator: id(name),
                role,
                badge: false,
                actor: actor(),
            })
        };
        let state = OperatorStateRecord {
            operator: id("op-2"),
            reason: "on leave".to_owned(),
            actor: actor(),
        };
        let reader = Reader::open(&home.path()).unwrap();
        assert!(reader.operators().unwrap().is_empty());
        for fact in [
            enrolled("so-1", Role::SecurityOfficer),
            enrolled("op-2", Role::Operator),
            Fact::OperatorDisabled(state.clone()),
        ] {
            let event = station_event(fact);
            ledger.record(vec![event], Durability::Durable).unwrap();
        }
        let told = reader.operators().unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.operator.as_str(), one.disabled))
            .collect();
        assert_eq!(told, [("so-1", false), ("op-2", true)]);
        let enabled = station_event(Fact::OperatorEnabled(state));
        ledger.record(vec![enabled], Durability::Durable).unwrap();
        assert!(reader.operators().unwrap().iter().all(|one| !one.disabled));
    }
}

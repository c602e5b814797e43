//! The keys that say what a measurement may be, kind by kind.

use std::collections::BTreeSet;

use firmware_proto::AddressMap;
use firmware_proto::limits::MAX_READINGS;

use super::measurement_limits::{Band, Limits, Repetition};
use super::measurement_rule::Kind;
use super::text_pattern::TextPattern;
use super::toml_table::{Faults, Item, Table};
use super::{MAX_LIST, digest};

const LIMIT_HINT: &str = "write low = 3.135 and high = 3.465, in the unit of the measurement";

/// What was wrong is told already.
struct Faulty;

/// The given keys that some kind of measurement has; what is left over belongs to another kind.
pub(super) struct Keys<'t>(Vec<(&'static str, Item<'t>)>);

const KEYS: [&str; 16] = [
    "low",
    "high",
    "marginal_low",
    "marginal_high",
    "min_readings",
    "mean_low",
    "mean_high",
    "deviation_low",
    "deviation_high",
    "exact",
    "set",
    "clear",
    "pattern",
    "digests",
    "present",
    "optional",
];

impl<'t> Keys<'t> {
    pub(super) fn take(table: &mut Table<'t>) -> Self {
        let given = KEYS.map(|key| table.optional(key).map(|item| (key, item)));
        Self(given.into_iter().flatten().collect())
    }

    fn optional(&mut self, key: &str) -> Option<Item<'t>> {
        let index = self.0.iter().position(|(known, _)| *known == key)?;
        Some(self.0.swap_remove(index).1)
    }

    fn required(
        &mut self,
        table: &mut Table<'t>,
        key: &'static str,
        hint: &str,
    ) -> Option<Item<'t>> {
        let item = self.optional(key);
        if item.is_none() {
            table.missing(key, hint);
        }
        item
    }

    pub(super) fn refuse_rest(self, faults: &mut Faults<'t>, kind: Kind) {
        for (key, item) in self.0 {
            let what = format!("`{key}` has no meaning for kind {:?}", kind.name());
            faults.at(
                &item,
                what,
                "remove it; see docs/profile.md for the keys of each kind",
            );
        }
    }

    pub(super) fn limits(
        &mut self,
        faults: &mut Faults<'t>,
        table: &mut Table<'t>,
        kind: Kind,
    ) -> Option<Limits> {
        match kind {
            Kind::Number => self.real(faults, table),
            Kind::Integer => self.integer(faults, table).map(Limits::Integer),
            Kind::Mask => self.mask(faults, table),
            Kind::Text => {
                let hint = "'*' any run, '?' any character, '#' a digit: pattern = \"2.1.#\"";
                let item = self.required(table, "pattern", hint)?;
                let pattern = faults.parsed(&item, hint, TextPattern::parse)?;
                Some(Limits::Text(pattern))
            }
            Kind::Digest => {
                let hint = "a list of SHA-256 digests, each 64 lower-case hex digits";
                let item = self.required(table, "digests", hint)?;
                let items = faults.list(&item, (1, MAX_LIST), hint)?;
                let read = |item: &Item<'t>| faults.parsed(item, hint, digest);
                let digests: Option<_> = items.iter().map(read).collect();
                digests.map(Limits::Digest)
            }
            Kind::Bus => {
                let hint = "the addresses that must answer: present = [0x1d, 0x48]";
                let present = self.required(table, "present", hint)?;
                let present = addresses(faults, &present);
                let optional = self.optional("optional");
                let optional = match optional {
                    Some(item) => addresses(faults, &item),
                    None => Some(AddressMap::default()),
                };
                Some(Limits::Bus {
                    present: present?,
                    optional: optional?,
                })
            }
        }
    }

    fn real(&mut self, faults: &mut Faults<'t>, table: &mut Table<'t>) -> Option<Limits> {
        let low_item = self.required(table, "low", LIMIT_HINT);
        let high_item = self.required(table, "high", LIMIT_HINT);
        let (low_item, high_item) = (low_item?, high_item?);
        let low = faults.real(&low_item, LIMIT_HINT).map(to_wire_precision);
        let high = faults.real(&high_item, LIMIT_HINT).map(to_wire_precision);
        let (low, high) = (low?, high?);
        if !(low <= high && low.is_finite() && high.is_finite()) {
            faults.at(&high_item, "no value lies between low and high", LIMIT_HINT);
            return None;
        }
        let band = Band {
            low,
            high,
            unmarked: (
                self.bound(faults, "marginal_low", low, (low, high))?,
                self.bound(faults, "marginal_high", high, (low, high))?,
            ),
        };
        let repetition = self.repetition(faults, (low, high));
        Some(Limits::Real {
            band,
            repetition: repetition.ok()?,
        })
    }

    /// An optional bound, which must lie within others.
    fn bound(
        &mut self,
        faults: &mut Faults<'t>,
        key: &str,
        default: f32,
        (low, high): (f32, f32),
    ) -> Option<f32> {
        let Some(item) = self.optional(key) else {
            return Some(default);
        };
        let value = faults.real(&item, LIMIT_HINT).map(to_wire_precision)?;
        let within = (low..=high).contains(&value);
        if !within {
            let hint = "tighten, don't widen: a value must pass both";
            faults.at(&item, format!("outside {low} to {high}"), hint);
        }
        within.then_some(value)
    }

    /// None where one reading is wanted.
    fn repetition(
        &mut self,
        faults: &mut Faults<'t>,
        (low, high): (f32, f32),
    ) -> Result<Option<Repetition>, Faulty> {
        let hint = "2 to 16 readings, for example min_readings = 8";
        let Some(item) = self.optional("min_readings") else {
            for key in ["mean_low", "mean_high", "deviation_low", "deviation_high"] {
                if let Some(item) = self.optional(key) {
                    faults.at(&item, "needs several readings: min_readings lacks", hint);
                }
            }
            return Ok(None);
        };
        let most = i64::try_from(MAX_READINGS).unwrap_or(i64::MAX);
        let min_readings = faults.integer(&item, 2..=most, hint);
        let mean_low = self.bound(faults, "mean_low", low, (low, high));
        let mean_high = self.bound(faults, "mean_high", high, (low, high));
        let any = (0.0, f32::MAX);
        let least = self.bound(faults, "deviation_low", 0.0, any);
        let greatest = self.bound(faults, "deviation_high", f32::INFINITY, any);
        let mean = mean_low.zip(mean_high).ok_or(Faulty)?;
        let deviation = least.zip(greatest).ok_or(Faulty)?;
        if mean.0 > mean.1 || deviation.0 > deviation.1 {
            faults.at(
                &item,
                "no mean or deviation could pass",
                "exchange low and high",
            );
        }
        let min_readings = min_readings.and_then(|count| usize::try_from(count).ok());
        Ok(Some(Repetition {
            min_readings: min_readings.ok_or(Faulty)?,
            mean,
            deviation,
        }))
    }

    fn integer(&mut self, faults: &mut Faults<'t>, table: &mut Table<'t>) -> Option<Band<i64>> {
        let hint = "write low and high, or exact, as whole numbers";
        let all = i64::MIN..=i64::MAX;
        if let Some(item) = self.optional("exact") {
            let only = faults.integer(&item, all, hint)?;
            return Some(Band {
                low: only,
                high: only,
                unmarked: (only, only),
            });
        }
        let low_item = self.required(table, "low", hint);
        let high_item = self.required(table, "high", hint);
        let (low_item, high_item) = (low_item?, high_item?);
        let low = faults.integer(&low_item, all.clone(), hint);
        let high = faults.integer(&high_item, all, hint);
        let (low, high) = (low?, high?);
        if low > high {
            faults.at(&high_item, "no value lies between low and high", LIMIT_HINT);
            return None;
        }
        let mut within = |key, default| match self.optional(key) {
            Some(item) => faults.integer(&item, low..=high, hint),
            None => Some(default),
        };
        let unmarked = (within("marginal_low", low), within("marginal_high", high));
        Some(Band {
            low,
            high,
            unmarked: (unmarked.0?, unmarked.1?),
        })
    }

    fn mask(&mut self, faults: &mut Faults<'t>, table: &mut Table<'t>) -> Option<Limits> {
        let hint = "32 bits: set = 0x1 and clear = 0x8, or exact = 0x1";
        let all = 0..=i64::from(u32::MAX);
        let mut bits = |item: &Item<'t>| {
            let bits = faults.integer(item, all.clone(), hint)?;
            u32::try_from(bits).ok()
        };
        if let Some(item) = self.optional("exact") {
            let set = bits(&item)?;
            return Some(Limits::Mask { set, clear: !set });
        }
        let (set_item, clear_item) = (self.optional("set"), self.optional("clear"));
        if set_item.is_none() && clear_item.is_none() {
            table.missing("set", hint);
            return None;
        }
        let set = set_item.as_ref().map_or(Some(0), &mut bits);
        let clear = clear_item.as_ref().map_or(Some(0), &mut bits);
        let (set, clear) = (set?, clear?);
        if set & clear != 0
            && let Some(item) = clear_item
        {
            faults.at(&item, "a bit must be both set and clear", hint);
        }
        Some(Limits::Mask { set, clear })
    }
}

fn addresses<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<AddressMap> {
    let hint = "a list of addresses from 0 to 0x7f";
    let items = faults.list(item, (0, usize::from(AddressMap::ADDRESSES)), hint)?;
    let most = i64::from(AddressMap::ADDRESSES) - 1;
    let mut seen = BTreeSet::new();
    let mut map = AddressMap::default();
    for item in &items {
        let address = faults.integer(item, 0..=most, hint)?;
        if !seen.insert(address) {
            faults.at(item, "stands here twice", "keep one of them");
        }
        map.insert(u8::try_from(address).ok()?);
    }
    Some(map)
}

/// The device sends 32-bit numbers, so that a limit such as 3.135 must be rounded as its value was:
/// compared in 64 bits, a board exactly on the limit would fail.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the precision of the wire is meant"
)]
fn to_wire_precision(limit: f64) -> f32 {
    limit as f32
}

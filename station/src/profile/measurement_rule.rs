//! The profile's `[[measurement]]` tables.

use firmware_proto::Unit;
use firmware_proto::limits::{MAX_MEASUREMENT_NAME_BYTES, MAX_MEASUREMENTS};

use super::MAX_LIST;
use super::measurement_keys::Keys;
use super::measurement_limits::Limits;
use super::toml_table::{Faults, Item, Table};

/// One measurement that the self-test must give exactly once.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasurementRule {
    /// What is measured.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Its limits, which also say its type.
    pub limits: Limits,
}

/// The unit as profiles write it and people read it.
#[must_use]
pub const fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "none",
        Unit::Volt => "V",
        Unit::Ampere => "A",
        Unit::Hertz => "Hz",
        Unit::Celsius => "Celsius",
        Unit::Second => "s",
        Unit::Ohm => "Ohm",
        _ => "another unit",
    }
}

const UNITS: [Unit; 7] = [
    Unit::None,
    Unit::Volt,
    Unit::Ampere,
    Unit::Hertz,
    Unit::Celsius,
    Unit::Second,
    Unit::Ohm,
];

pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Vec<MeasurementRule> {
    let hint = "write each as [[measurement]]";
    let items = faults
        .list(item, (1, MAX_LIST.min(MAX_MEASUREMENTS)), hint)
        .unwrap_or_default();
    let mut rules: Vec<MeasurementRule> = Vec::new();
    for item in items {
        let Some(rule) = read_rule(faults, &item) else {
            continue;
        };
        if rules.iter().any(|earlier| earlier.name == rule.name) {
            faults.at(
                &item,
                format!("{} stands here twice", rule.name),
                "keep one of them",
            );
        }
        rules.push(rule);
    }
    rules
}

fn read_rule<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<MeasurementRule> {
    let mut table = faults.table(item, "write each as [[measurement]]")?;
    let hint = "1 to 12 of a-z, 0-9 and '_', for example name = \"vdd_3v3\"";
    let name = table.text(faults, ("name", hint), measurement_name);
    let kind = read_kind(faults, &mut table);
    let hint = "one of \"V\", \"A\", \"Hz\", \"Celsius\", \"s\", \"Ohm\", \"none\"";
    let unit_item = match kind {
        Some(Kind::Number) => table.required("unit", hint),
        _ => table.optional("unit"),
    };
    let unit = match &unit_item {
        None => Some(Unit::None),
        Some(item) => faults.parsed(item, hint, |text| {
            let mut units = UNITS.into_iter();
            units
                .find(|unit| unit_name(*unit) == text)
                .ok_or("unknown unit")
        }),
    };
    let limits = kind.and_then(|kind| {
        let mut keys = Keys::take(&mut table);
        let limits = keys.limits(faults, &mut table, kind);
        keys.refuse_rest(faults, kind);
        if let (Some(item), Some(unit)) = (&unit_item, unit)
            && !matches!(kind, Kind::Number | Kind::Integer)
            && unit != Unit::None
        {
            faults.at(item, "only numbers have a unit", "remove it");
        }
        limits
    });
    table.finish(faults);
    Some(MeasurementRule {
        name: name?,
        unit: unit?,
        limits: limits?,
    })
}

fn measurement_name(text: &str) -> Result<String, &'static str> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let good = (1..=MAX_MEASUREMENT_NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed);
    good.then(|| text.to_owned())
        .ok_or("not a measurement's name")
}

/// The type of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Integer,
    Mask,
    Text,
    Digest,
    Bus,
}

const KINDS: [(&str, Kind); 6] = [
    ("number", Kind::Number),
    ("integer", Kind::Integer),
    ("mask", Kind::Mask),
    ("text", Kind::Text),
    ("digest", Kind::Digest),
    ("bus", Kind::Bus),
];

impl Kind {
    /// As profiles write it.
    pub(super) fn name(self) -> &'static str {
        let mut kinds = KINDS.iter();
        kinds
            .find(|(_, known)| *known == self)
            .map_or("", |(name, _)| *name)
    }
}

/// A real number unless the profile says otherwise: the type is never guessed from a digit.
/// `integer = true` is how profiles said it before there were other kinds.
fn read_kind<'t>(faults: &mut Faults<'t>, table: &mut Table<'t>) -> Option<Kind> {
    let whole = table.optional("integer");
    let is_whole = match &whole {
        Some(item) => faults.boolean(item, "true where the device sends whole numbers")?,
        None => false,
    };
    let hint = "one of \"number\", \"integer\", \"mask\", \"text\", \"digest\", \"bus\"";
    match (table.optional("kind"), whole) {
        (Some(_), Some(whole)) => {
            let what = "`kind` says it already";
            faults.at(&whole, what, "remove `integer`");
            None
        }
        (Some(item), None) => faults.parsed(&item, hint, |text| {
            let mut kinds = KINDS.into_iter();
            let found = kinds.find(|(name, _)| *name == text);
            found.map(|(_, kind)| kind).ok_or("unknown kind")
        }),
        (None, _) if is_whole => Some(Kind::Integer),
        (None, _) => Some(Kind::Number),
    }
}

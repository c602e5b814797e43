//! Typed values at the border to SQLite: what a column holds is read into its own type or refused.

use std::fmt::Display;

use firmware_proto::{Digest, ProductCode, Uid};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::encoding::Hex;
use crate::names::{BatchId, CertificateSerial, DeviceSerial, LaneName, StationName, WorkOrderId};
use crate::verdict::VerdictCode;

/// A count, an index or a time; SQLite's integers end at 2^63 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Int(pub(in crate::ledger) u64);

impl ToSql for Int {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = i64::try_from(self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(value.into())
    }
}

impl FromSql for Int {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let value = value.as_i64()?;
        u64::try_from(value)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(value))
    }
}

/// A SHA-256 digest, as 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Hash(pub(in crate::ledger) Digest);

impl ToSql for Hash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_bytes().as_slice().into())
    }
}

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let bytes: [u8; 32] = bytes
            .try_into()
            .map_err(|_| invalid("digest", "its length"))?;
        Ok(Self(Digest::from_bytes(bytes)))
    }
}

/// A name, as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Text<T>(pub(in crate::ledger) T);

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl<T: FromText> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let parsed = T::from_text(text);
        parsed.map(Self).ok_or_else(|| invalid(T::WHAT, text))
    }
}

/// What is kept as text, in one spelling.
pub(in crate::ledger) trait FromText: Sized {
    /// What it is, for people.
    const WHAT: &'static str;

    /// Reads the text.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! from_text {
    ($($type:ty, $what:literal, $parse:expr;)*) => {
        $(impl FromText for $type {
            const WHAT: &'static str = $what;

            fn from_text(text: &str) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(text)
            }
        })*
    };
}

from_text! {
    BatchId, "batch", |text| Self::parse(text).ok();
    CertificateSerial, "certificate serial", Self::parse_hex;
    DeviceSerial, "device serial", |text| Self::parse(text).ok();
    Hex, "hexadecimal", |text| base16ct::lower::decode_vec(text).ok().map(Hex);
    LaneName, "lane", |text| Self::parse(text).ok();
    ProductCode, "product", |text| Self::parse(text).ok();
    StationName, "station", |text| Self::parse(text).ok();
    Uid, "UID", |text| Self::from_bytes(&base16ct::upper::decode_vec(text).ok()?).ok();
    VerdictCode, "verdict code", Self::parse;
    WorkOrderId, "work order", |text| Self::parse(text).ok();
}

fn invalid(what: &str, value: &str) -> FromSqlError {
    FromSqlError::Other(format!("not a {what}: {}", value.escape_default()).into())
}

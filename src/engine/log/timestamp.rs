//! Timestamps of events.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A moment in UTC, in microseconds since 1970.
///
/// Timestamps print and parse between [`Timestamp::MIN`] and [`Timestamp::MAX`], and logs contain no others. Values
/// beyond are clamped when printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest printable timestamp: -9999-01-02T01:59:59Z.
    pub const MIN: Self = Self(-377_705_023_201_000_000);

    /// The latest printable timestamp: 9999-12-30T22:00:00Z.
    pub const MAX: Self = Self(253_402_207_200_000_000);

    /// A timestamp from microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The timestamp this much later, clamped to [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros)).within_range()
    }

    /// The timestamp clamped to [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[must_use]
    pub fn within_range(self) -> Self {
        self.clamp(Self::MIN, Self::MAX)
    }
}

/// The text is not an RFC 3339 time, or is out of range.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a time looks like 2026-11-20T10:00:00Z, and the last one is 9999-12-30T22:00:00Z")]
pub struct InvalidTime;

/// Parses RFC 3339: `2026-11-20T10:00:00Z`, or with an offset from UTC.
impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| InvalidTime)?;
        let time = Self(moment.as_microsecond());
        if time == time.within_range() { Ok(time) } else { Err(InvalidTime) }
    }
}

/// Prints RFC 3339 with microseconds: `2026-01-01T00:00:00.001000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.within_range().0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            // Unreachable: the value was clamped to jiff's range.
            Err(error) => write!(f, "{error}"),
        }
    }
}

/// Serializes as printed.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_reads_back_as_it_was_written() {
        for micros in [Timestamp::MIN.0, -62_167_219_200_000_001, -1, 0, 1, 1_767_225_600_000_000, Timestamp::MAX.0] {
            let time = Timestamp::from_micros(micros);
            assert_eq!(time.to_string().parse(), Ok(time), "{time}");
        }
    }

    #[test]
    fn the_range_is_what_can_be_printed() {
        for (last, beyond) in [(Timestamp::MAX, Timestamp::MAX.0 + 1), (Timestamp::MIN, Timestamp::MIN.0 - 1)] {
            assert!(jiff::Timestamp::from_microsecond(last.0).is_ok());
            assert!(jiff::Timestamp::from_microsecond(beyond).is_err());
        }
        for (beyond, last) in
            [(i64::MAX, Timestamp::MAX), (Timestamp::MAX.0 + 1, Timestamp::MAX), (i64::MIN, Timestamp::MIN)]
        {
            assert_eq!(Timestamp::from_micros(beyond).to_string(), last.to_string());
        }
        for beyond in [
            "9999-12-30T22:00:00.000001Z",
            "9999-12-30T22:00:01Z",
            "9999-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
            "+010000-01-01T00:00:00Z",
        ] {
            assert_eq!(beyond.parse::<Timestamp>(), Err(InvalidTime), "{beyond}");
        }
    }
}

//! The currency of a bank: how many decimals its amounts are typed and printed with. Everything stored stays whole minor
//! units.

mod codes;
mod ledger;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use self::codes::{decimals_of, has_no_minor_unit};
pub use self::ledger::{ChooseCurrency, CurrencyChosen, CurrencyKnown, Ledger, TheLedger};

/// The currency of a bank. The default is that of a bank where none was chosen: whole amounts without a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Currency {
    code: Option<CurrencyCode>,
    decimals: u8,
}

/// The three letters of a currency in ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CurrencyCode([u8; 3]);

/// Why there is no such currency.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NoCurrency {
    /// ISO 4217 has no such code.
    #[error("ISO 4217 has no such currency; its codes have three letters, such as EUR")]
    Unknown,
    /// ISO 4217 has the code, and no decimals for it, such as for gold.
    #[error("ISO 4217 has {0} and no decimals for it: open the bank with decimals: 2, or as many as you need, instead")]
    NoMinorUnit(CurrencyCode),
    /// More decimals than a bank can have.
    #[error("a bank has 0 to {} decimals", Currency::MAX_DECIMALS)]
    TooManyDecimals,
}

/// Why a text is no amount of a currency.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NoAmount {
    /// It is no number, or one far beyond any amount.
    #[error("this is no amount")]
    NoNumber,
    /// It has a decimal point, and the bank has whole amounts.
    #[error("this bank has whole amounts only")]
    NoDecimals,
    /// It has more decimals than the currency.
    #[error("an amount has {decimals} decimal{} at most", if *decimals == 1 { "" } else { "s" })]
    TooManyDecimals {
        /// Those of the currency.
        decimals: u8,
    },
}

impl Currency {
    /// The most decimals that a bank can have: [`Money::MAX`](super::Money::MAX) is then ten million whole units.
    pub const MAX_DECIMALS: u8 = 8;

    /// The currency with a code, in capital letters or small ones, which has as many decimals as ISO 4217 says.
    ///
    /// # Errors
    ///
    /// [`NoCurrency::Unknown`] if there is no such code, and [`NoCurrency::NoMinorUnit`] if there is one without decimals.
    pub fn with_code(code: &str) -> Result<Self, NoCurrency> {
        let code = code.to_ascii_uppercase();
        match decimals_of(&code) {
            Some(decimals) => Ok(Self { code: Some(code.parse()?), decimals }),
            None if has_no_minor_unit(&code) => Err(NoCurrency::NoMinorUnit(code.parse()?)),
            None => Err(NoCurrency::Unknown),
        }
    }

    /// The codes of the currencies there are, in order.
    pub fn codes() -> Vec<&'static str> {
        let mut codes: Vec<_> = codes::all().collect();
        codes.sort_unstable();
        codes
    }

    /// A currency without a code.
    ///
    /// # Errors
    ///
    /// [`NoCurrency::TooManyDecimals`] beyond [`Currency::MAX_DECIMALS`].
    pub fn with_decimals(decimals: u8) -> Result<Self, NoCurrency> {
        match decimals <= Self::MAX_DECIMALS {
            true => Ok(Self { code: None, decimals }),
            false => Err(NoCurrency::TooManyDecimals),
        }
    }

    /// Whether it can be chosen today: its code, if it has one, is in ISO 4217 with these decimals.
    pub(super) fn is_of_today(self) -> bool {
        self.code.is_none_or(|code| Self::with_code(code.as_str()) == Ok(self))
    }

    /// Its code, if it has one.
    pub fn code(&self) -> Option<CurrencyCode> {
        self.code
    }

    /// How many decimals its amounts have.
    pub fn decimals(self) -> u8 {
        self.decimals
    }

    /// How many minor units make a whole one.
    pub fn minor_units_of_one(self) -> u64 {
        10_u64.pow(self.decimals.into())
    }

    /// The minor units of a written amount, such as `10.50` or `-3`. Nothing is rounded.
    ///
    /// # Errors
    ///
    /// [`NoAmount`]: why the text is no amount.
    pub fn read(self, written: &str) -> Result<i64, NoAmount> {
        let (sign, digits) = match written.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, written),
        };
        let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !decimals.is_none_or(are_digits) {
            return Err(NoAmount::NoNumber);
        }
        let decimals = decimals.unwrap_or_default();
        let missing = match usize::from(self.decimals).checked_sub(decimals.len()) {
            Some(missing) => missing,
            None if self.decimals == 0 => return Err(NoAmount::NoDecimals),
            None => return Err(NoAmount::TooManyDecimals { decimals: self.decimals }),
        };
        let zeros = std::iter::repeat_n(b'0', missing);
        let minor_units = whole
            .bytes()
            .chain(decimals.bytes())
            .chain(zeros)
            .try_fold(0_i64, |units, digit| units.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
        minor_units.map(|units| sign * units).ok_or(NoAmount::NoNumber)
    }

    /// An amount or a balance as people write it, such as `10.50`.
    pub fn written(self, minor_units: i128) -> String {
        if self.decimals == 0 {
            return minor_units.to_string();
        }
        let sign = if minor_units < 0 { "-" } else { "" };
        let (amount, one) = (minor_units.unsigned_abs(), u128::from(self.minor_units_of_one()));
        format!("{sign}{}.{:0width$}", amount / one, amount % one, width = self.decimals.into())
    }

    /// The same with the code, if there is one: `10.50 EUR`.
    pub fn written_with_code(self, minor_units: i128) -> String {
        let written = self.written(minor_units);
        self.code.map_or_else(|| written.clone(), |code| format!("{written} {code}"))
    }
}

impl CurrencyCode {
    /// The letters.
    pub fn as_str(&self) -> &str {
        // Always ASCII: see `from_str`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::str::FromStr for CurrencyCode {
    type Err = NoCurrency;

    /// Any three capital letters: a later edition of ISO 4217 may have further codes.
    fn from_str(code: &str) -> Result<Self, NoCurrency> {
        let letters: [u8; 3] = code.as_bytes().try_into().map_err(|_| NoCurrency::Unknown)?;
        match letters.iter().all(u8::is_ascii_uppercase) {
            true => Ok(Self(letters)),
            false => Err(NoCurrency::Unknown),
        }
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for CurrencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CurrencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro() -> Currency {
        Currency::with_code("EUR").unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        for decimals in 0..=Currency::MAX_DECIMALS {
            let currency = Currency::with_decimals(decimals).unwrap();
            for minor_units in [0, 1, 9, 10, 99, 100, 1_050, -1, -50, -1_050, 1_000_000_000_000_000] {
                let written = currency.written(minor_units.into());
                assert_eq!(currency.read(&written), Ok(minor_units), "{written}");
            }
        }
        assert_eq!(euro().written(1_050), "10.50");
        assert_eq!(euro().written(-5), "-0.05");
        assert_eq!(euro().written_with_code(1_050), "10.50 EUR");
        assert_eq!(Currency::default().written_with_code(1_050), "1050");
    }

    #[test]
    fn nothing_is_rounded() {
        assert_eq!(euro().read("10"), Ok(1_000));
        assert_eq!(euro().read("10.5"), Ok(1_050));
        assert_eq!(euro().read("10.500"), Err(NoAmount::TooManyDecimals { decimals: 2 }));
        assert_eq!(Currency::default().read("10.50"), Err(NoAmount::NoDecimals));
        assert_eq!(Currency::default().read("10.0"), Err(NoAmount::NoDecimals));
        for no_number in
            ["", "-", ".", "1.", ".5", "1.2.3", "--1", "1-", "+1", "1e3", "1 0", "1,5", "٣", "99999999999999999999"]
        {
            assert_eq!(euro().read(no_number), Err(NoAmount::NoNumber), "{no_number}");
        }
    }

    #[test]
    fn a_code_says_how_many_decimals_there_are() {
        for (code, decimals) in [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(Currency::with_code(code).map(Currency::decimals), Ok(decimals), "{code}");
        }
        assert_eq!(Currency::with_code("eur"), Ok(euro()));
        for code in ["XAU", "xdr", "XXX"] {
            let no_minor_unit = NoCurrency::NoMinorUnit(code.to_ascii_uppercase().parse().unwrap());
            assert_eq!(Currency::with_code(code), Err(no_minor_unit), "{code}");
        }
        for unknown in ["", "EURO", "XXY", "ÄÖ"] {
            assert_eq!(Currency::with_code(unknown), Err(NoCurrency::Unknown), "{unknown}");
        }
        assert_eq!(Currency::with_decimals(9), Err(NoCurrency::TooManyDecimals));
    }
}

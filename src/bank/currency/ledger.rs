//! The ledger: the aggregate that knows the currency of the whole bank. Its one event is the first of the log, so that no
//! amount was ever written in another currency.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Currency, CurrencyCode};
use crate::engine::domain::{Aggregate, Command, DomainEvent};
use crate::engine::log::Position;

/// A bank's ledger, of which there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    currency: Option<Currency>,
}

/// The name of the one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TheLedger;

impl fmt::Display for TheLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bank")
    }
}

/// The command that chooses the currency of a bank whose log is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChooseCurrency(pub Currency);

/// The currency of the bank was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurrencyChosen {
    /// Its code in ISO 4217, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<CurrencyCode>,
    /// The decimals of every amount. Stored although a code says it: a later edition of ISO 4217 may say otherwise.
    decimals: Decimals,
}

/// At most [`Currency::MAX_DECIMALS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Decimals(u8);

impl TryFrom<u8> for Decimals {
    type Error = super::NoCurrency;

    fn try_from(decimals: u8) -> Result<Self, super::NoCurrency> {
        Currency::with_decimals(decimals).map(|currency| Self(currency.decimals()))
    }
}

impl From<Decimals> for u8 {
    fn from(Decimals(decimals): Decimals) -> Self {
        decimals
    }
}

/// The ledger has a currency already.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the currency was chosen already")]
pub struct CurrencyKnown;

impl CurrencyChosen {
    /// The currency.
    pub fn currency(self) -> Currency {
        Currency { code: self.currency, decimals: self.decimals.0 }
    }
}

impl From<Currency> for CurrencyChosen {
    fn from(currency: Currency) -> Self {
        Self { currency: currency.code, decimals: Decimals(currency.decimals) }
    }
}

impl DomainEvent for CurrencyChosen {
    const DOMAIN: &'static str = "bank";

    fn event_type(&self) -> &'static str {
        "currency_chosen"
    }

    fn title(&self) -> &'static str {
        "Currency Chosen"
    }
}

impl Aggregate for Ledger {
    const CATEGORY: &'static str = "ledger";
    type Command = ChooseCurrency;
    type Event = CurrencyChosen;
    type Refusal = CurrencyKnown;

    fn execute(&self, ChooseCurrency(currency): &ChooseCurrency) -> Result<Vec<CurrencyChosen>, CurrencyKnown> {
        match self.currency {
            None => Ok(vec![(*currency).into()]),
            Some(_) => Err(CurrencyKnown),
        }
    }

    fn apply(&mut self, event: &CurrencyChosen) {
        self.currency = Some(event.currency());
    }
}

impl Command for ChooseCurrency {
    type Aggregate = Ledger;
    type Id = TheLedger;

    fn target(&self) -> &TheLedger {
        &TheLedger
    }

    /// No account has booked anything yet.
    fn expected_end(&self) -> Option<Position> {
        Some(Position::START)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::codec::StoredEvent as _;
    use crate::engine::testing::given;

    #[test]
    fn a_currency_is_chosen_once() {
        let euro = Currency::with_code("EUR").unwrap();
        given::<Ledger>([]).when(&ChooseCurrency(euro)).then([euro.into()]);
        given::<Ledger>([euro.into()]).when(&ChooseCurrency(euro)).then_refused(&CurrencyKnown);
    }

    #[test]
    fn no_more_decimals_are_read_than_can_be_written() {
        let read = |data| CurrencyChosen::from_stored("CurrencyChosen", 1, data).map(CurrencyChosen::currency);
        assert_eq!(read(r#"{"decimals":2}"#), Ok(Currency::with_decimals(2).unwrap()));
        assert_eq!(read(r#"{"currency":"EUR","decimals":2}"#), Ok(Currency::with_code("EUR").unwrap()));
        for broken in [r#"{"decimals":9}"#, r#"{"currency":"eur","decimals":2}"#, r#"{"currency":"EUR"}"#] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}

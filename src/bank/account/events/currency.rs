//! The choice of the currency, as an event among those of accounts.

use super::AccountEvent;
use crate::bank::currency::CurrencyChosen;
use crate::engine::domain::Contains;

impl From<CurrencyChosen> for AccountEvent {
    fn from(chosen: CurrencyChosen) -> Self {
        Self::CurrencyChosen(chosen)
    }
}

impl Contains<CurrencyChosen> for AccountEvent {
    fn part(&self) -> Option<&CurrencyChosen> {
        match self {
            Self::CurrencyChosen(chosen) => Some(chosen),
            _ => None,
        }
    }
}

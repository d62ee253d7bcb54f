//! The currency of a bank, chosen once and known from then on.

use crate::bank::errors::ChooseCurrencyError;
use crate::bank::{Bank, ChooseCurrency, Currency, Receipt, Unavailable};
use crate::engine::application::CommandFailure;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Position;
use crate::engine::runtime::Conversation;
use crate::engine::store::EventStore as _;

impl Bank {
    /// The currency, by default whole amounts without a name.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the log could not be read.
    pub async fn currency(&self) -> Result<Currency, Unavailable> {
        match self.currency_once_known() {
            Some(currency) => Ok(currency),
            None => {
                // Also under eventual consistency, what was acknowledged is waited for: no amount is read in the wrong
                // currency.
                self.application.with_consistency(Consistency::Strong).catch_up().await?;
                Ok(self.currency_once_known().unwrap_or_default())
            }
        }
    }

    /// The currency. `None` as long as one may still be chosen, because no event is known.
    pub fn currency_once_known(&self) -> Option<Currency> {
        if let Some(currency) = self.parts.currency.get() {
            return Some(*currency);
        }
        let currency = self.parts.accounts.look(|accounts| accounts.currency())?;
        Some(*self.parts.currency.get_or_init(|| currency))
    }

    /// Chooses the currency of a bank without events. To choose what the bank has already changes nothing and is no error:
    /// whole amounts without a name, where no currency was chosen.
    ///
    /// # Errors
    ///
    /// [`ChooseCurrencyError`]: why it was not chosen.
    pub async fn choose_currency(&self, currency: Currency) -> Result<(), ChooseCurrencyError> {
        self.choose_currency_in(currency, |bank| bank.start_conversation()).await.map(|_| ())
    }

    /// The same, in a conversation that is begun if a command is sent. Returns the receipt if it was the first.
    ///
    /// # Errors
    ///
    /// [`ChooseCurrencyError`]: why it was not chosen.
    pub async fn choose_currency_in(
        &self,
        currency: Currency,
        begin: impl FnOnce(&Self) -> Conversation,
    ) -> Result<Option<Receipt>, ChooseCurrencyError> {
        let end = self.store().end().await;
        let mut receipt = None;
        if self.or_unavailable(end).await? == Position::START {
            match self.application.dispatch(ChooseCurrency(currency)).metadata(begin(self)).await {
                Ok(chosen) => receipt = Some(chosen),
                // If it was refused, or the end of the log was never the expected one, another program was faster.
                Err(CommandFailure::Refused(_) | CommandFailure::Unavailable(Unavailable::Busy)) => {}
                Err(CommandFailure::Unavailable(unavailable)) => return Err(unavailable.into()),
                Err(taken @ CommandFailure::IdTaken { .. }) => {
                    return Err(Unavailable::Defect(taken.to_string()).into());
                }
            }
        }
        match self.currency().await? == currency {
            true => Ok(receipt),
            false => Err(ChooseCurrencyError::NotEmpty),
        }
    }
}

//! Forks of a bank: what if something had gone, or goes, otherwise.

use std::sync::{Arc, OnceLock};

use super::handle::BankParts;
use super::open::start;
use super::{AccountEvent, AccountId, Bank, CeoBonus, Unavailable};
use crate::engine::application::{Application, Builder, ForkError};
use crate::engine::command_handler::Decisions;
use crate::engine::log::Position;
use crate::engine::process_manager::ProcessManager as _;

impl Bank {
    /// The process managers that a bank has only with an option: see [`Bank::fork`].
    pub const ONLY_WITH_OPTION: &'static [&'static str] = &[CeoBonus::NAME];

    /// A fork of the bank at a position of its log, or at its current end: see
    /// [`Application::fork`](crate::engine::application::Application::fork). It sends no e-mail, and
    /// [takes any PIN](Bank::takes_any_pin). It pays a bonus only if it names an account for it, as a bank that is
    /// [opened](Bank::open).
    ///
    /// ```
    /// use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (bank, wolfman) = (Bank::open(StoreUrl::Memory).await?, AccountId::new("Wolfman")?);
    /// bank.create(&wolfman).await?;
    /// let fork = bank.fork(None, None).await?;
    /// fork.deposit(&wolfman, Money::new(100)?).await?;
    /// assert_eq!(fork.check_balance(&wolfman).await?.minor_units(), 100);
    /// assert_eq!(bank.check_balance(&wolfman).await?.minor_units(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ForkError`]: why there is no fork.
    pub async fn fork(&self, at: Option<Position>, ceo_bonus: Option<AccountId>) -> Result<Self, ForkError> {
        let fork = self.application.fork_without(at, Self::ONLY_WITH_OPTION).await?;
        let fork = Self::paying_bonus_into(fork, ceo_bonus);
        Ok(self.of_fork(start(fork).await?)?)
    }

    /// Adds the bonus to a fork, if it names an account for it.
    pub fn paying_bonus_into(fork: Builder<AccountEvent>, ceo_bonus: Option<AccountId>) -> Builder<AccountEvent> {
        match ceo_bonus.map(CeoBonus::new) {
            Some(ceo_bonus) => fork.process_manager_reading(ceo_bonus, CeoBonus::reading),
            None => fork,
        }
    }

    /// The same bank at its current end, to try commands there, with the same policies: see
    /// [`Application::rehearsal`](crate::engine::application::Application::rehearsal).
    ///
    /// # Errors
    ///
    /// [`ForkError`]: why it did not start.
    pub async fn rehearsal(&self, decisions: Decisions) -> Result<Self, ForkError> {
        let rehearsal = self.application.rehearsal(decisions).await?;
        Ok(self.of_fork(start(rehearsal).await?)?)
    }

    /// The bank's handle on a fork of its application. A first PIN makes no secret there that would stay.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Missing`]: it is a fork of another kind of application.
    pub fn of_fork(&self, application: Application<AccountEvent>) -> Result<Self, Unavailable> {
        let parts = BankParts {
            balances: application.read_model()?,
            accounts: application.read_model()?,
            total_deposits: application.read_model()?,
            transfers: application.read_model()?,
            pins: self.parts.pins.aside(),
            ceo_bonus: None,
            is_fork: true,
            currency: OnceLock::new(),
        };
        Ok(Self { application, parts: Arc::new(parts) })
    }
}

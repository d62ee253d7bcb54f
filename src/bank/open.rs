//! Opening a bank: assembles its aggregate, projections and handlers.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use super::account;
use super::email::ThankYouEmail;
use super::handle::BankParts;
use super::invariants::Audit;
use super::pin::PinChecker;
use super::{
    Account, AccountEvent, Accounts, Balances, Bank, CeoBonus, Ledger, OpenError, Options, TotalDeposits,
    TransferProcess, Transfers,
};
use crate::engine::application::{Application, Builder};
use crate::engine::projection::ReadModel;

impl Bank {
    /// Opens a bank on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: why the bank could not be opened.
    pub async fn open(options: impl Into<Options>) -> Result<Self, OpenError> {
        let Options { store, cluster, accept_loss, foreign, seed, user, limits, pins, ceo_bonus, email, retry } =
            options.into();
        let mut bank = Application::builder(store)
            .cluster(cluster)
            .accept_loss(accept_loss)
            .foreign(foreign)
            .seed(seed)
            .user(user)
            .limits(limits)
            .retry(retry)
            .aggregate::<Account>()
            .aggregate::<Ledger>()
            .invariants::<Audit>()
            .projection::<Balances>()
            .projection::<Accounts>()
            .projection::<TotalDeposits>()
            .projection::<Transfers>()
            .observe(account::trace)
            .process_manager(TransferProcess);
        let ceo_bonus = ceo_bonus.map(CeoBonus::new);
        bank = match &ceo_bonus {
            Some(ceo_bonus) => bank.process_manager_reading(ceo_bonus.clone(), CeoBonus::reading),
            None => bank.idle_process_manager(CeoBonus::unpaid()),
        };
        if let Some(target) = email {
            bank = bank.event_handler_reading(|accounts: ReadModel<Accounts>| ThankYouEmail::new(target, accounts));
        }
        let application = start(bank).await?;
        let parts = BankParts {
            balances: application.read_model()?,
            accounts: application.read_model()?,
            total_deposits: application.read_model()?,
            transfers: application.read_model()?,
            pins: PinChecker::new(pins, seed),
            ceo_bonus,
            is_fork: false,
            currency: OnceLock::new(),
        };
        Ok(Self { application, parts: Arc::new(parts) })
    }
}

type Starting = Pin<Box<dyn Future<Output = Result<Application<AccountEvent>, OpenError>> + Send>>;

/// Boxed, so that the engine's code for a bank is compiled once, in this crate. An unboxed future would be compiled
/// again in each program that awaits it.
pub(super) fn start(bank: Builder<AccountEvent>) -> Starting {
    Box::pin(bank.start())
}

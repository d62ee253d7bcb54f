//! What a bank is made of, and its opening.

use std::pin::Pin;
use std::sync::Arc;

use super::account;
use super::audit::Audit;
use super::email::ThankYouEmail;
use super::handle::Own;
use super::pin::PinChecker;
use super::{
    Account, AccountEvent, Accounts, Balances, Bank, CeoBonus, OpenError, Options, TotalDeposits, TransferProcess,
    Transfers,
};
use crate::engine::application::{Application, Builder};
use crate::engine::projection::ReadModel;

impl Bank {
    /// Opens a bank.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: what stands in the way.
    pub async fn open(options: impl Into<Options>) -> Result<Self, OpenError> {
        let Options { store, seed, limits, pins, ceo_bonus, email, retry, accept_loss } = options.into();
        let mut bank = Application::builder(store)
            .accept_loss(accept_loss)
            .seed(seed)
            .limits(limits)
            .retry(retry)
            .aggregate::<Account>()
            .invariants::<Audit>()
            .projection::<Balances>()
            .projection::<Accounts>()
            .projection::<TotalDeposits>()
            .projection::<Transfers>()
            .observe(account::tell)
            .process_manager(TransferProcess);
        bank = match ceo_bonus {
            Some(account) => bank.process_manager(CeoBonus::new(account)),
            None => bank.idle_process_manager(CeoBonus::unpaid()),
        };
        if let Some(target) = email {
            bank = bank.event_handler_reading(|accounts: ReadModel<Accounts>| ThankYouEmail::new(target, accounts));
        }
        let application = start(bank).await?;
        let own = Own {
            balances: application.read_model()?,
            accounts: application.read_model()?,
            total_deposits: application.read_model()?,
            transfers: application.read_model()?,
            pins: PinChecker::new(pins, seed),
        };
        Ok(Self { application, own: Arc::new(own) })
    }
}

type Starting = Pin<Box<dyn Future<Output = Result<Application<AccountEvent>, OpenError>> + Send>>;

/// The engine of a bank is compiled here, and not again into each program that opens one: a future that is named is
/// compiled where it is awaited.
fn start(bank: Builder<AccountEvent>) -> Starting {
    Box::pin(bank.start())
}

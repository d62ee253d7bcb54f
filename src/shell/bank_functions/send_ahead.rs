//! Sends commands ahead: without waiting for the outcomes of those before.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::parameters::PIN;
use super::replies::{handled, not_sent};
use super::send::outcome;
use super::{BankFunctions, create, deposit, withdraw};
use crate::bank::{AccountCommand, Bank, Currency};
use crate::engine::feed::checkpoints::Consistency;
use crate::shell::functions::{Call, Outcome, RunningCall, SentCall};

impl BankFunctions {
    /// Sends the command of a call, if it depends on nothing but its account and nothing answers it.
    pub(super) async fn send_command_ahead(&mut self, call: Call<'_>) -> Option<SentCall> {
        // What was sent under eventual consistency prints its lines when they come, and a tour looks at the state after each
        // statement.
        if self.consistency != Consistency::Strong || !self.pending.is_empty() || self.tour.is_under_way() {
            return None;
        }
        let bank = self.opened()?;
        let command = self.command_of(&bank, &call).await.filter(|command| !bank.may_be_answered(command))?;
        let conversation = bank.start_conversation();
        let trace = self.trace.follow_apart(conversation.metadata().correlation_id());
        let sent = bank.send(command, conversation).await;
        let wants_events = call.as_json();
        let outcome = Box::pin(WhenItsTurnComes::NotYet(Some(move || -> RunningCall<'static> {
            Box::pin(async move {
                let receipt = sent.map_err(not_sent)?.outcome().await;
                outcome(&bank, receipt, handled, wants_events).await
            })
        })));
        Some(SentCall { outcome, trace })
    }

    /// The command of a call, if that is all there is to the call: no PIN has to be checked, no argument is invalid, and
    /// the currency is known, which it may not be while the first account is being created.
    async fn command_of(&mut self, bank: &Bank, call: &Call<'_>) -> Option<AccountCommand> {
        match call.function().name {
            deposit::NAME => {
                deposit::operation(bank, call, self.currency_once_known(bank)?, bank.today()).ok()?.into_command()
            }
            withdraw::NAME if call.optional(PIN).is_none() => {
                withdraw::operation(bank, call, self.currency_once_known(bank)?, bank.today()).ok()?.into_command()
            }
            create::NAME => {
                let currency = match create::has_amounts(call) {
                    true => self.currency_once_known(bank)?,
                    false => Currency::default(),
                };
                let account =
                    create::new_account(call, currency, bank.today()).ok().filter(|account| account.pin.is_none())?;
                Box::pin(bank.creation(account)).await.ok()
            }
            _ => None,
        }
    }

    fn currency_once_known(&mut self, bank: &Bank) -> Option<Currency> {
        let currency = bank.currency_once_known()?;
        self.show_balances_in(currency);
        Some(currency)
    }
}

/// Waits for an outcome by a future that is made when it is first waited for. Only the first call in flight has one: one
/// for each call would not fit into the cache.
enum WhenItsTurnComes<F> {
    NotYet(Option<F>),
    Now(RunningCall<'static>),
}

impl<F: FnOnce() -> RunningCall<'static> + Unpin> Future for WhenItsTurnComes<F> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        if let Self::NotYet(waiting) = &mut *self
            && let Some(wait) = waiting.take()
        {
            *self = Self::Now(wait());
        }
        match &mut *self {
            Self::Now(outcome) => outcome.as_mut().poll(context),
            Self::NotYet(_) => Poll::Pending,
        }
    }
}

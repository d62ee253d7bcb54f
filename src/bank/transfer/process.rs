//! The process that carries a transfer from the payer to the payee.

use super::{Incoming, Outgoing, ReleaseReason};
use crate::bank::{Account, AccountCommand, AccountEvent, Refusal};
use crate::engine::event::RecordedEvent;
use crate::engine::event_handler::Starts;
use crate::engine::process_manager::ProcessManager;

/// Answers what is reserved with a credit, and what is credited with a settlement.
///
/// It remembers nothing: every event says all that the next step needs.
#[derive(Clone, Debug, Default)]
pub struct TransferProcess {
    note: Option<String>,
}

impl ProcessManager for TransferProcess {
    const NAME: &'static str = "transfer";
    const TITLE: &'static str = "Transfer";
    const STARTS: Starts = Starts::AtTheBeginning;
    type Aggregate = Account;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyReserved(_) | AccountEvent::TransferCredited(_))
    }

    fn react(&self, event: &RecordedEvent<AccountEvent>) -> Option<AccountCommand> {
        match &event.data {
            AccountEvent::MoneyReserved(outgoing) => {
                let Outgoing { account_id, transfer_id, payee, amount } = outgoing.as_ref().clone();
                let incoming = Incoming { account_id: payee, transfer_id, payer: account_id, amount };
                Some(AccountCommand::CreditTransfer(Box::new(incoming)))
            }
            AccountEvent::TransferCredited(incoming) => {
                let Incoming { transfer_id, payer, .. } = incoming.as_ref().clone();
                Some(AccountCommand::SettleTransfer { account_id: payer, transfer_id })
            }
            _ => None,
        }
    }

    fn refused(&mut self, command: &AccountCommand, refusal: &Refusal) -> Option<AccountCommand> {
        match command {
            AccountCommand::CreditTransfer(incoming) => {
                let reason = match refusal {
                    Refusal::BalanceLimit => ReleaseReason::BalanceLimit,
                    _ => ReleaseReason::NoPayee,
                };
                let (account_id, transfer_id) = (incoming.payer.clone(), incoming.transfer_id);
                Some(AccountCommand::ReleaseTransfer { account_id, transfer_id, reason })
            }
            _ => {
                self.note = Some(format!("a transfer could not be ended: {refusal}"));
                None
            }
        }
    }

    fn note(&self) -> Option<String> {
        self.note.clone()
    }
}

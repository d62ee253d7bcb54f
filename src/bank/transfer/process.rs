//! The process manager of transfers.

use super::unfinished::UnfinishedTransfers;
use crate::bank::account::{Incoming, Outgoing, ReleaseReason};
use crate::bank::{AccountCommand, AccountEvent};
use crate::engine::event_handler::StartFrom;
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::{Answer, Instead, ProcessManager, Reaction, Unfinished};

/// The process manager that credits a reserved transfer, and settles a credited one.
///
/// It has no state: every event holds all that the next step needs.
#[derive(Clone, Debug, Default)]
pub struct TransferProcess;

impl ProcessManager for TransferProcess {
    const NAME: &'static str = "transfer";
    const TITLE: &'static str = "Transfer";
    const START: StartFrom = StartFrom::Origin;
    type Event = AccountEvent;
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyReserved(_) | AccountEvent::TransferCredited(_))
    }

    fn react(&self, (): &(), event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        match &event.data {
            AccountEvent::MoneyReserved(outgoing) => credit(outgoing.as_ref().clone()).into(),
            AccountEvent::TransferCredited(incoming) => Answer::new(settle(incoming))
                .or_note(|refusal| format!("a transfer could not be settled: {refusal}"))
                .into(),
            _ => Reaction::none(),
        }
    }

    /// A transfer that is given up ends all the same: what the payee does not have comes back to the payer, and what it has
    /// is settled.
    fn give_up(&self, event: &RecordedEvent<AccountEvent>) -> Option<Instead<AccountEvent>> {
        match &event.data {
            AccountEvent::MoneyReserved(outgoing) => {
                let (account_id, transfer_id) = (outgoing.account_id.clone(), outgoing.transfer_id);
                let reason = ReleaseReason::GivenUp;
                Some(Instead::send(AccountCommand::ReleaseTransfer { account_id, transfer_id, reason }))
            }
            AccountEvent::TransferCredited(incoming) => Some(Instead::send(settle(incoming))),
            _ => None,
        }
    }

    /// A transfer that had not ended when the log was exported continues after the import.
    fn unfinished(&self) -> Option<Box<dyn Unfinished<AccountEvent>>> {
        Some(Box::new(UnfinishedTransfers::default()))
    }
}

fn settle(Incoming { payer, transfer_id, .. }: &Incoming) -> AccountCommand {
    AccountCommand::SettleTransfer { account_id: payer.clone(), transfer_id: *transfer_id }
}

/// Credits the payee, or releases the transfer if the payee refuses.
fn credit(
    Outgoing { account_id: payer, transfer_id, payee, amount, details }: Outgoing,
) -> Answer<AccountCommand, AccountEvent> {
    let incoming = Incoming { account_id: payee, transfer_id, payer: payer.clone(), amount, details };
    Answer::new(AccountCommand::CreditTransfer(Box::new(incoming))).or_else(move |refusal| {
        let reason = ReleaseReason::of_refused_credit(refusal);
        Instead::send(AccountCommand::ReleaseTransfer { account_id: payer.clone(), transfer_id, reason })
    })
}

//! The process that carries a transfer from the payer to the payee.

use super::under_way::UnderWay;
use crate::bank::account::{Incoming, Outgoing, ReleaseReason};
use crate::bank::{AccountCommand, AccountEvent, Refusal};
use crate::engine::event_handler::StartFrom;
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::{Answer, Instead, ProcessManager, Reaction, Unfinished};

/// Answers what is reserved with a credit, and what is credited with a settlement.
///
/// It remembers nothing: every event says all that the next step needs.
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
            AccountEvent::TransferCredited(incoming) => {
                let Incoming { transfer_id, payer, .. } = incoming.as_ref().clone();
                let settle = AccountCommand::SettleTransfer { account_id: payer, transfer_id };
                Answer::new(settle).or_note(|refusal| format!("a transfer could not be ended: {refusal}")).into()
            }
            AccountEvent::AccountCreated { .. }
            | AccountEvent::MoneyDeposited { .. }
            | AccountEvent::MoneyWithdrawn { .. }
            | AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::InvalidPin { .. }
            | AccountEvent::AccountUnlocked { .. }
            | AccountEvent::TransferSettled(_)
            | AccountEvent::TransferReleased(_) => Reaction::none(),
        }
    }

    /// A transfer that had not ended where it was exported goes on where it is imported.
    fn unfinished(&self) -> Option<Box<dyn Unfinished<AccountEvent>>> {
        Some(Box::new(UnderWay::default()))
    }
}

/// What the payee cannot take the payer gets back.
fn credit(
    Outgoing { account_id: payer, transfer_id, payee, amount }: Outgoing,
) -> Answer<AccountCommand, AccountEvent> {
    let incoming = Incoming { account_id: payee, transfer_id, payer: payer.clone(), amount };
    Answer::new(AccountCommand::CreditTransfer(Box::new(incoming))).or_else(move |refusal| {
        let reason = match refusal {
            Refusal::BalanceLimit => ReleaseReason::BalanceLimit,
            Refusal::NoAccount
            // None of these is what a credit is refused for.
            | Refusal::AccountExists
            | Refusal::PinRequired
            | Refusal::AccountLocked
            | Refusal::NotLocked
            | Refusal::OutdatedPinCheck
            | Refusal::SameAccount
            | Refusal::TooManyTransfers
            | Refusal::NoReservation => ReleaseReason::NoPayee,
        };
        Instead::send(AccountCommand::ReleaseTransfer { account_id: payer.clone(), transfer_id, reason })
    })
}

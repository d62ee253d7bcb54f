//! What is known of a row from when it was loaded before.

use super::plan::PlannedRow;
use super::report::Known;
use crate::bank::{
    Account, AccountCommand, AccountEvent, Bank, Ending, Incoming, Moment, NotTransferred, Outgoing, ReleaseReason,
    TransferState, Unavailable,
};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::Position;
use crate::engine::store::{Committed, EventStore as _};

/// What is to be done with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ToDo {
    /// Its command is to be sent.
    Send,
    /// The same, for a transfer that was released before: if its payee [would not take it](would_be_released) this time
    /// either, nothing is sent.
    SendAgain,
    /// Its transfer was begun and may still have to end. It is sent and waited for.
    Wait,
    /// Nothing.
    Nothing(Known),
}

impl Bank {
    /// Finds out what is to be done with a row, from the stored events of its command. A transfer that was released up to
    /// `end` is tried again, under its next id.
    pub(super) async fn look_back(
        &self,
        planned: &mut PlannedRow,
        mut stored: Option<Committed<AccountEvent>>,
        end: Position,
    ) -> Result<ToDo, Unavailable> {
        let mut to_do = ToDo::Send;
        loop {
            let Some(event) = stored.as_ref().and_then(|events| events.first()) else { return Ok(to_do) };
            if !planned.is_same_as(&event.metadata) {
                return Ok(ToDo::Nothing(Known::OtherContent));
            }
            match &event.data {
                AccountEvent::AccountOverdrawn { balance, .. } => {
                    return Ok(ToDo::Nothing(Known::Declined { balance: *balance }));
                }
                AccountEvent::MoneyReserved(outgoing) => match self.ending(outgoing) {
                    None => return Ok(ToDo::Wait),
                    Some(Ending::Settled) => return Ok(ToDo::Nothing(Known::Booked)),
                    // Tried by this load already, or by another one at the same time.
                    Some(Ending::Released(_)) if event.position > end => return Ok(ToDo::Wait),
                    Some(Ending::Released(_)) => {}
                },
                _ => return Ok(ToDo::Nothing(Known::Booked)),
            }
            planned.try_again();
            to_do = ToDo::SendAgain;
            let read = self.store().read_command(planned.command_id).await;
            stored = self.or_unavailable(read).await?;
        }
    }

    /// How a transfer ended; `None` if it may still be under way.
    fn ending(&self, outgoing: &Outgoing) -> Option<Ending> {
        let state =
            self.parts.transfers.read(|transfers| transfers.transfer(outgoing.transfer_id)?.state_at(Moment::NOW));
        match state {
            Some(TransferState::Ended(ending)) => Some(ending),
            Some(TransferState::Reserved | TransferState::Credited) | None => None,
        }
    }
}

/// Why a transfer that the payer would begin would be released: the payee would not take it. `None` for one that would be
/// settled, and for one that the payer itself would refuse or decline.
pub(super) fn would_be_released(planned: &PlannedRow, payer: &Account, payee: &Account) -> Option<NotTransferred> {
    let events = payer.execute(&planned.command()).ok()?;
    let Some(AccountEvent::MoneyReserved(outgoing)) = events.into_iter().next() else { return None };
    match payee.execute(&AccountCommand::CreditTransfer(Box::new(Incoming::of(*outgoing)))) {
        Ok(_) => None,
        Err(refusal) => Some(ReleaseReason::of_refused_credit(&refusal).into()),
    }
}

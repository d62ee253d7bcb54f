//! Reversing what was booked.

use super::operation::{Operation, OperationKind};
use crate::bank::account::{Reversal, TransferId};
use crate::bank::errors::ReverseError;
use crate::bank::{
    AccountCommand, AccountEvent, Bank, BookingDetails, Ending, Memo, Moment, Receipt, TransferRecord, TransferState,
};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Position, RecordedEvent};

impl Bank {
    /// Reverses what was booked at a position: see [`Bank::reversal`].
    ///
    /// # Errors
    ///
    /// [`ReverseError`]: why it was not reversed.
    pub async fn reverse(&self, position: Position, memo: Option<Memo>) -> Result<Receipt, ReverseError> {
        self.reversal(position, memo).await?.await
    }

    /// Finds what was booked at a position, and makes the operation that books it the other way. It needs no PIN, earns no
    /// bonus and sends no e-mail. A transfer is reversed as a whole, whichever of its positions is named, by a transfer back.
    ///
    /// Each booking is reversed once at most, and a reversal never: the account decides that. Where it holds too little,
    /// nothing is stored, and the reversal may be tried again.
    ///
    /// # Errors
    ///
    /// [`ReverseError`]: why there is nothing to be reversed.
    pub async fn reversal(
        &self,
        position: Position,
        memo: Option<Memo>,
    ) -> Result<Operation<'_, Receipt, ReverseError>, ReverseError> {
        let events = self.events(position, 1).await?;
        let event = events.into_iter().find(|event| event.position == position).ok_or(ReverseError::NoEvent)?;
        if let Some(transfer_id) = event.data.transfer_id() {
            return self.transfer_back(transfer_id, memo).await;
        }
        let command = command(event, memo)?;
        Ok(Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt)))
    }

    async fn transfer_back(
        &self,
        transfer_id: TransferId,
        memo: Option<Memo>,
    ) -> Result<Operation<'_, Receipt, ReverseError>, ReverseError> {
        self.with_consistency(Consistency::Strong).catch_up().await?;
        let record = self.parts.transfers.read(|transfers| transfers.transfer(transfer_id).cloned());
        let TransferRecord { outgoing, .. } = match record.map(|record| (record.state_at(Moment::NOW), record)) {
            Some((Some(TransferState::Ended(Ending::Settled)), record)) => record,
            Some((Some(TransferState::Ended(Ending::Released(_))), _)) => return Err(ReverseError::NothingToReverse),
            Some((Some(TransferState::Reserved | TransferState::Credited) | None, _)) | None => {
                return Err(ReverseError::TransferUnderWay);
            }
        };
        if outgoing.details.reverses().is_some() {
            return Err(ReverseError::IsReversal);
        }
        let details = memo.map_or_else(Default::default, Into::into);
        let kind = OperationKind::Transfer {
            payer: outgoing.payee,
            payee: outgoing.account_id,
            amount: outgoing.amount,
            details: BookingDetails::reversing(details, transfer_id.into()),
            pin: None,
        };
        Ok(Operation::new(self, kind, |parts, receipt| Ok(parts.transfer_outcome(receipt)?.receipt)))
    }
}

/// The command that reverses the booking of an event.
fn command(event: RecordedEvent<AccountEvent>, memo: Option<Memo>) -> Result<AccountCommand, ReverseError> {
    let (is_deposit, account_id, amount) = match event.data {
        AccountEvent::MoneyDeposited { account_id, amount, .. } => (true, account_id, amount),
        AccountEvent::MoneyWithdrawn { account_id, amount, .. } => (false, account_id, amount),
        AccountEvent::DepositReversed(_) | AccountEvent::WithdrawalReversed(_) => return Err(ReverseError::IsReversal),
        _ => return Err(ReverseError::NothingToReverse),
    };
    let (reverses, details) = (event.metadata.command_id, memo.map_or_else(Default::default, Into::into));
    let reversal = Box::new(Reversal { account_id, reverses, amount, details });
    Ok(match is_deposit {
        true => AccountCommand::ReverseDeposit(reversal),
        false => AccountCommand::ReverseWithdrawal(reversal),
    })
}

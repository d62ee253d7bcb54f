//! Reversing what was booked.

use uuid::Uuid;

use super::operation::{Operation, OperationKind};
use crate::bank::account::{Reversal, TransferId};
use crate::bank::errors::ReverseError;
use crate::bank::queries::stream_of;
use crate::bank::{
    Account, AccountCommand, AccountEvent, AccountId, Bank, BookingDetails, Ending, Incoming, Memo, Moment, Money,
    NotTransferred, Outgoing, Receipt, ReleaseReason, TransferRecord, TransferState,
};
use crate::engine::domain::Aggregate as _;
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
        let details = BookingDetails::reversing(memo.map_or_else(Default::default, Into::into), transfer_id.into());
        let (payer, payee, amount) = (outgoing.payee, outgoing.account_id, outgoing.amount);
        self.check_transfer_back(&payer, &payee, amount, &details).await?;
        let kind = OperationKind::Transfer { payer, payee, amount, details, pin: None };
        Ok(Operation::new(self, kind, |parts, receipt| Ok(parts.transfer_outcome(receipt)?.receipt)))
    }

    /// Refuses a transfer back that its payee could not take, so that nothing is stored. If the payee's account changes
    /// after that, what was reserved is released.
    async fn check_transfer_back(
        &self,
        payer: &AccountId,
        payee: &AccountId,
        amount: Money,
        details: &BookingDetails,
    ) -> Result<(), ReverseError> {
        let (account_id, transfer_id, details) = (payer.clone(), Uuid::nil().into(), details.clone());
        let outgoing = Outgoing { account_id, transfer_id, payee: payee.clone(), amount, details: details.clone() };
        let reserve = AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None };
        let account: Account = self.state_up_to(&stream_of(payer), Moment::NOW).await?;
        if account.execute(&reserve).is_err() {
            // The payer's account will refuse by itself, and a repeated command gets its first outcome.
            return Ok(());
        }
        let incoming = Incoming { account_id: payee.clone(), transfer_id, payer: payer.clone(), amount, details };
        let account: Account = self.state_up_to(&stream_of(payee), Moment::NOW).await?;
        match account.execute(&AccountCommand::CreditTransfer(Box::new(incoming))) {
            Ok(_) => Ok(()),
            Err(refusal) => Err(NotTransferred::from(ReleaseReason::of_refused_credit(&refusal)).into()),
        }
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
    let reversal = Box::new(Reversal::new(account_id, event.metadata.command_id, amount, memo));
    Ok(match is_deposit {
        true => AccountCommand::ReverseDeposit(reversal),
        false => AccountCommand::ReverseWithdrawal(reversal),
    })
}

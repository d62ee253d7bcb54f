//! `Bank.reverse`

use super::BankFunctions;
use super::details::{MEMO, memo};
use super::replies::{WORDS, handled, not_transferred};
use super::texts::{asked, stored};
use crate::bank::{AccountEvent, Bank, NotTransferred, Receipt, ReverseError};
use crate::shell::functions::{Call, Function, Outcome, Parameter, ParameterKind, Row};
use crate::shell::query_arguments::position;
use crate::shell::term::Term;

const POSITION: Parameter = Parameter::needed("position", ParameterKind::Integer);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "reverse", &[POSITION, MEMO], "books the other way what was booked", "Bank.reverse 12")
        .group("Accounts")
        .details(stored!(
            "Events are never changed: a mistake in a log is put right by another event, which names the command that it\n\
            reverses, and both stay. What was booked at the position is booked the other way, without a PIN; memo: is as\n\
            in Bank.deposit. A transfer is reversed as a whole, whichever of its positions is named, by a transfer back.\n\
            Each booking is reversed once, and a reversal never. It earns no bonus and thanks nobody, and a bonus that\n\
            was paid stays. With too little money nothing is stored, and it may be tried again. A frozen account gives\n\
            nothing back, and a closed one neither gives nor takes.\n\
            Replies :ok, {:error, :no_event}, {:error, :nothing_to_reverse}, {:error, :already_reversed},\n\
            {:error, :is_reversal}, {:error, :account_closed}, {:error, :account_frozen}, {:error, :account_overdrawn},\n\
            {:error, :transfer_under_way}, {:error, :balance_limit}, {:error, :invalid_position},\n\
            {:error, :invalid_memo}, {:error, :no_payee} if the account that paid a transfer is closed, or what\n\
            Bank.transfer replies about a transfer back."
        )),
    |bank, call| Box::pin(reverse(bank, call)),
);

async fn reverse(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let (position, memo) = (position(&call, POSITION)?, memo(&call)?);
    let reversal = bank.reversal(position, memo).await.map_err(not_reversed)?;
    functions.carry_out(call, &bank, conversation, reversal, reversed).await
}

/// The reply to a reversal; when a transfer back has ended, or the wait for its end.
fn reversed(bank: &Bank, receipt: &Receipt) -> Term {
    let is_transfer =
        receipt.events().first().is_some_and(|event| matches!(event.data, AccountEvent::MoneyReserved(_)));
    let outcome = if is_transfer { bank.transfer_outcome(receipt.clone()).map(|_| ()) } else { Ok(()) };
    outcome.map_or_else(|reason: NotTransferred| not_transferred(&reason), |()| handled(bank, receipt))
}

fn not_reversed(error: ReverseError) -> Term {
    Term::Error(match error {
        ReverseError::NoEvent => "no_event",
        ReverseError::NothingToReverse => "nothing_to_reverse",
        ReverseError::IsReversal => "is_reversal",
        ReverseError::AlreadyReversed => "already_reversed",
        ReverseError::TransferUnderWay => "transfer_under_way",
        ReverseError::AccountClosed => "account_closed",
        ReverseError::AccountFrozen => "account_frozen",
        ReverseError::Overdrawn => "account_overdrawn",
        ReverseError::BalanceLimit => "balance_limit",
        ReverseError::NoPayee => "no_payee",
        ReverseError::TooManyTransfers => "too_many_transfers",
        ReverseError::Unavailable(unavailable) => return WORDS.unavailable(&unavailable),
    })
}

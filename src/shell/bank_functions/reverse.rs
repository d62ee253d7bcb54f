//! `Bank.reverse`

use super::BankFunctions;
use super::details::{MEMO, memo};
use super::error_groups::COMMAND;
use super::errors::{
    ACCOUNT_CLOSED, ACCOUNT_FROZEN, ACCOUNT_OVERDRAWN, ALREADY_REVERSED, BALANCE_LIMIT, GIVEN_UP, INVALID_MEMO,
    IS_REVERSAL, NO_ACCOUNT, NO_PAYEE, NOTHING_TO_REVERSE, TOO_MANY_TRANSFERS, TRANSFER_UNDER_WAY,
};
use super::replies::{WORDS, handled};
use super::transfer::ended;
use crate::bank::{AccountEvent, Bank, Receipt, ReverseError};
use crate::shell::common_errors::{INVALID_POSITION, NO_EVENT};
use crate::shell::functions::{Call, Function, Outcome, Parameter, ParameterKind, Row};
use crate::shell::query_arguments::position_of_event;
use crate::shell::term::Term;

const POSITION: Parameter = Parameter::needed("position", ParameterKind::Integer);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "reverse", &[POSITION, MEMO], "reverses what was booked", "Bank.reverse 12")
        .group("Accounts")
        .meant_by(&["undo", "cancel", "revert", "rollback", "refund", "void", "correct", "amend"])
        .details(
            "Events are never changed: a mistake in a log is put right by another event, which names the command that it\n\
            reverses, and both stay. What was booked at the position is booked the other way, without a PIN; memo: is as\n\
            in Bank.deposit. A transfer is reversed as a whole, whichever of its positions is named, by a transfer back.\n\
            Each booking is reversed once, and a reversal never. It earns no bonus and thanks nobody, and a bonus that\n\
            was paid stays. With too little money nothing is stored, and it may be tried again. A frozen account gives\n\
            nothing back, and a closed one neither gives nor takes.\n\
            Replies :ok, or what Bank.transfer replies about a transfer back: {:error, :no_payee} if the account that paid is\n\
            closed."
        )
        .errors(&[
            &[
                NO_EVENT,
                NOTHING_TO_REVERSE,
                ALREADY_REVERSED,
                IS_REVERSAL,
                ACCOUNT_CLOSED,
                ACCOUNT_FROZEN,
                ACCOUNT_OVERDRAWN,
                TRANSFER_UNDER_WAY,
                BALANCE_LIMIT,
                GIVEN_UP,
                NO_ACCOUNT,
                NO_PAYEE,
                TOO_MANY_TRANSFERS,
                INVALID_POSITION,
                INVALID_MEMO,
            ],
        ])
        .common_errors(COMMAND),
    |bank, call| Box::pin(reverse(bank, call)),
);

async fn reverse(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let (position, memo) = (position_of_event(&call, POSITION)?, memo(&call)?);
    let reversal = bank.reversal(position, memo).await.map_err(not_reversed)?;
    functions.carry_out(call, &bank, conversation, reversal, reversed).await
}

/// The reply to a reversal; when a transfer back has ended, or the wait for its end.
fn reversed(bank: &Bank, receipt: &Receipt) -> Term {
    let is_transfer =
        receipt.events().first().is_some_and(|event| matches!(event.data, AccountEvent::MoneyReserved(_)));
    if is_transfer { ended(bank, receipt) } else { handled(bank, receipt) }
}

fn not_reversed(error: ReverseError) -> Term {
    Term::Error(match error {
        ReverseError::NoEvent => NO_EVENT,
        ReverseError::NothingToReverse => NOTHING_TO_REVERSE,
        ReverseError::IsReversal => IS_REVERSAL,
        ReverseError::AlreadyReversed => ALREADY_REVERSED,
        ReverseError::TransferUnderWay => TRANSFER_UNDER_WAY,
        ReverseError::AccountClosed => ACCOUNT_CLOSED,
        ReverseError::AccountFrozen => ACCOUNT_FROZEN,
        ReverseError::Overdrawn => ACCOUNT_OVERDRAWN,
        ReverseError::BalanceLimit => BALANCE_LIMIT,
        ReverseError::GivenUp => GIVEN_UP,
        ReverseError::NoPayee => NO_PAYEE,
        ReverseError::TooManyTransfers => TOO_MANY_TRANSFERS,
        ReverseError::Unavailable(unavailable) => return WORDS.unavailable(&unavailable),
    })
}

//! `Bank.deposit`

use super::BankFunctions;
use super::details::{MEMO, ON, details};
use super::parameters::{ACCOUNT, AMOUNT, account, amount};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::bank::{AccountCommand, Bank};
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::term::Term;

pub(super) const NAME: &str = "deposit";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, AMOUNT, MEMO, ON], "pays money in", "Bank.deposit \"Wolfman\", 100")
        .group("Accounts")
        .aliases(&["deposit_money_into_bank_account"])
        .details(stored!(
            "An amount is a whole number from 1 to 1_000_000_000_000_000; no balance can exceed that.\n\
            memo: \"Salary\" is a text of 1 to 140 characters on the booking. on: \"2024-01-17\" books it on a date of the\n\
            past, in UTC, without it on the day of the bank's clock. The booking date says what a booking counts for, and\n\
            Bank.statement goes by it; as_of: asks what was known at a time, and goes by when events were recorded.\n\
            Replies :ok, {:error, :no_account}, {:error, :invalid_amount}, {:error, :balance_limit},\n\
            {:error, :invalid_memo}, {:error, :invalid_date} or {:error, :future_date}."
        )),
    |bank, call| Box::pin(deposit(bank, call)),
);

async fn deposit(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    functions.carry_out(call, &bank, conversation, bank.dispatch(command(&bank, &call)?), handled).await
}

/// The command of a deposit.
pub(super) fn command(bank: &Bank, call: &Call<'_>) -> Result<AccountCommand, Term> {
    Ok(AccountCommand::DepositMoney {
        account_id: account(call, ACCOUNT)?,
        amount: amount(call, AMOUNT)?,
        details: details(bank, call)?,
    })
}

//! `Bank.deposit`

use super::BankFunctions;
use super::details::{MEMO, ON, details, last_day};
use super::error_groups::{ACCOUNTS, AMOUNTS, COMMAND, DETAILS};
use super::errors::BALANCE_LIMIT;
use super::money::amount;
use super::parameters::{ACCOUNT, AMOUNT, account};
use super::replies::handled;
use crate::bank::{Bank, BookingDate, Currency, DepositError, Operation, Receipt};
use crate::shell::functions::{Call, Function, NotDone, Outcome, Row};

pub(super) const NAME: &str = "deposit";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, AMOUNT, MEMO, ON], "pays money in", "Bank.deposit \"Wolfman\", 100")
        .group("Accounts")
        .meant_by(&["add", "credit", "pay_in", "payin", "put", "cash"])
        .aliases(&["deposit_money_into_bank_account"])
        .details(
            "An amount is a whole number from 1 to 1_000_000_000_000_000; no balance can exceed that. In a bank that was\n\
            opened with a currency: or decimals:, it may have as many decimals, as in 10.50, and is never rounded.\n\
            memo: \"Salary\" is a text of 1 to 140 characters on the booking. on: \"2024-01-17\" books it on a date of the\n\
            past, in UTC, without it on the day of the bank's clock. The booking date says what a booking counts for, and\n\
            Bank.statement goes by it; as_of: asks what was known at a time, and goes by when events were recorded. The\n\
            bank's clock is never behind its log: after an import of the future, its day is that of the last event.\n\
            Replies :ok.",
        )
        .errors(&[ACCOUNTS, &[BALANCE_LIMIT], AMOUNTS, DETAILS])
        .common_errors(COMMAND),
    |bank, call| Box::pin(deposit(bank, call)),
);

async fn deposit(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let currency = functions.currency(&bank).await?;
    let deposit = operation(&bank, &call, currency, last_day(&bank, &call).await?)?;
    functions.carry_out(call, &bank, conversation, deposit, handled).await
}

pub(super) fn operation<'b>(
    bank: &'b Bank,
    call: &Call<'_>,
    currency: Currency,
    last_day: BookingDate,
) -> Result<Operation<'b, Receipt, DepositError>, NotDone> {
    let deposit = bank.deposit(&account(call, ACCOUNT)?, amount(call, AMOUNT, currency)?);
    Ok(deposit.details(details(call, last_day)?))
}

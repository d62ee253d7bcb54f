//! `Bank.withdraw`

use super::BankFunctions;
use super::details::{MEMO, ON, details, last_day};
use super::error_groups::{ACCOUNTS, AMOUNTS, COMMAND, DETAILS, PINS};
use super::errors::ACCOUNT_FROZEN;
use super::money::amount;
use super::parameters::{ACCOUNT, AMOUNT, PIN, account, pin};
use super::replies::handled;
use crate::bank::{Bank, BookingDate, Currency, Operation, WithdrawError, Withdrawal};
use crate::shell::functions::{Call, Function, NotDone, Outcome, Row};

pub(super) const NAME: &str = "withdraw";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, AMOUNT, PIN, MEMO, ON], "pays money out", "Bank.withdraw \"Wolfman\", 50")
        .group("Accounts")
        .meant_by(&["take", "debit", "payout", "pay_out"])
        .aliases(&["withdraw_money_from_bank_account"])
        .details(
            "The trace shows the balance that the payment would leave. A payment beyond balance and overdraft limit\n\
            is declined: the reply is still :ok, as the command was handled, and the decline is an event.\n\
            An account with a PIN requires it: Bank.withdraw 1, 50, 1234. If it is left out at the prompt, the prompt\n\
            asks for it and does not show it. A wrong PIN declines the payment too; three in a row lock the account.\n\
            memo: and on: are as in Bank.deposit; the decision is that of today, whatever the date.\n\
            Replies :ok.",
        )
        .errors(&[ACCOUNTS, &[ACCOUNT_FROZEN], PINS, AMOUNTS, DETAILS])
        .common_errors(COMMAND),
    |bank, call| Box::pin(withdraw(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pin_to_pay(call, ACCOUNT));

async fn withdraw(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let currency = functions.currency(&bank).await?;
    let withdrawal = operation(&bank, &call, currency, last_day(&bank, &call).await?)?;
    functions.carry_out(call, &bank, conversation, withdrawal, handled).await
}

pub(super) fn operation<'b>(
    bank: &'b Bank,
    call: &Call<'_>,
    currency: Currency,
    last_day: BookingDate,
) -> Result<Operation<'b, Withdrawal, WithdrawError>, NotDone> {
    let (account, amount) = (account(call, ACCOUNT)?, amount(call, AMOUNT, currency)?);
    let withdrawal = match pin(call)? {
        None => bank.withdraw(&account, amount),
        Some(pin) => bank.withdraw_with_pin(&account, amount, pin),
    };
    Ok(withdrawal.details(details(call, last_day)?))
}

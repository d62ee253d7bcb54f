//! `Bank.withdraw`

use super::BankFunctions;
use super::money::amount;
use super::parameters::{ACCOUNT, AMOUNT, PIN, account, pin};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::bank::{AccountCommand, Currency};
use crate::shell::functions::{Call, Function, NotDone, Outcome, Row};

pub(super) const NAME: &str = "withdraw";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, AMOUNT, PIN], "pays money out", "Bank.withdraw \"Wolfman\", 50")
        .group("Accounts")
        .aliases(&["withdraw_money_from_bank_account"])
        .details(stored!(
            "The trace shows the balance that the payment would leave. A payment beyond the balance is declined: the\n\
            reply is still :ok, as the command was handled, and the decline is an event.\n\
            An account with a PIN requires it: Bank.withdraw 1, 50, 1234. If it is left out at the prompt, the prompt\n\
            asks for it and does not show it. A wrong PIN declines the payment too; three in a row lock the account.\n\
            Replies :ok, {:error, :no_account}, what Bank.deposit replies about amounts, {:error, :pin_required},\n\
            {:error, :malformed_pin}, {:error, :account_locked}, {:error, :no_pin_secret} or\n\
            {:error, :wrong_pin_secret}: PINs were stored with another secret, and the PIN does not count as a wrong one."
        )),
    |bank, call| Box::pin(withdraw(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pin(call, ACCOUNT));

async fn withdraw(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let currency = functions.currency(&bank).await?;
    let (account, amount) = (account(&call, ACCOUNT)?, amount(&call, currency)?);
    let withdrawal = match pin(&call)? {
        None => bank.withdraw(&account, amount),
        Some(pin) => bank.withdraw_with_pin(&account, amount, pin),
    };
    functions.carry_out(call, &bank, conversation, withdrawal, handled).await
}

/// The command of a withdrawal without a PIN.
pub(super) fn command(call: &Call<'_>, currency: Currency) -> Result<AccountCommand, NotDone> {
    let (account_id, amount) = (account(call, ACCOUNT)?, amount(call, currency)?);
    Ok(AccountCommand::WithdrawMoney { account_id, amount, pin: None })
}

//! `Bank.withdraw`

use super::BankFunctions;
use super::parameters::{ACCOUNT, AMOUNT, PIN, account, amount, pin};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "withdraw", &[ACCOUNT, AMOUNT, PIN], "pays out", "Bank.withdraw \"Wolfman\", 50")
        .group("Accounts")
        .aliases(&["withdraw_money_from_bank_account"])
        .details(stored!(
            "The trace shows the balance that the payment would leave. More than there is gets declined: the\n\
            reply is :ok, for the command was handled, and the decline is an event.\n\
            An account with a PIN asks for it: Bank.withdraw 1, 50, 1234. At the prompt, leave it out and you are\n\
            asked for it without showing it. A wrong PIN declines the payment too; three in a row lock the account.\n\
            Replies :ok, {:error, :no_account}, {:error, :invalid_amount}, {:error, :pin_required},\n\
            {:error, :malformed_pin}, {:error, :account_locked}, {:error, :no_pin_secret} or\n\
            {:error, :wrong_pin_secret}: the secret is not the one that PINs are kept with, and nothing is counted."
        )),
    |bank, call| Box::pin(withdraw(bank, call)),
)
.asking(|bank, call| bank.wanted_pin(call, ACCOUNT));

async fn withdraw(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let (account, amount) = (account(&call, ACCOUNT)?, amount(&call)?);
    let withdrawal = match pin(&call)? {
        None => bank.withdraw(&account, amount),
        Some(pin) => bank.withdraw_with_pin(&account, amount, pin),
    };
    functions.carry_out(call, &bank, conversation, withdrawal, handled).await
}

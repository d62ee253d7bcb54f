//! `Bank.deposit`

use super::BankFunctions;
use super::parameters::{ACCOUNT, AMOUNT, account, amount};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::bank::AccountCommand;
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::term::Term;

pub(super) const NAME: &str = "deposit";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, AMOUNT], "pays money in", "Bank.deposit \"Wolfman\", 100")
        .group("Accounts")
        .aliases(&["deposit_money_into_bank_account"])
        .details(stored!(
            "An amount is a whole number from 1 to 1_000_000_000_000_000; no balance can exceed that.\n\
            Replies :ok, {:error, :no_account}, {:error, :invalid_amount} or {:error, :balance_limit}."
        )),
    |bank, call| Box::pin(deposit(bank, call)),
);

async fn deposit(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    functions.carry_out(call, &bank, conversation, bank.dispatch(command(&call)?), handled).await
}

/// The command of a deposit.
pub(super) fn command(call: &Call<'_>) -> Result<AccountCommand, Term> {
    Ok(AccountCommand::DepositMoney { account_id: account(call, ACCOUNT)?, amount: amount(call, AMOUNT)? })
}

//! `Bank.unlock`

use super::BankFunctions;
use super::error_groups::{ACCOUNTS, COMMAND};
use super::errors::NOT_LOCKED;
use super::parameters::{ACCOUNT, account};
use super::replies::handled;
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "unlock", &[ACCOUNT], "unlocks an account after three wrong PINs", "Bank.unlock 1")
        .group("Accounts")
        .details(
            "Unlocking is an act of the bank itself and requires no PIN: anyone who can open the bank can unlock an\n\
            account and try more PINs. The log keeps each unlocking with its time, its correlation id, and the user that\n\
            --user or BANK_USER names.\n\
            Replies :ok.",
        )
        .errors(&[ACCOUNTS, &[NOT_LOCKED]])
        .common_errors(COMMAND),
    |bank, call| Box::pin(unlock(bank, call)),
);

async fn unlock(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let unlocking = bank.unlock(&account(&call, ACCOUNT)?);
    functions.carry_out(call, &bank, conversation, unlocking, handled).await
}

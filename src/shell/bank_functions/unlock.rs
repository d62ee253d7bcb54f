//! `Bank.unlock`

use super::BankFunctions;
use super::parameters::{ACCOUNT, account};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "unlock", &[ACCOUNT], "unlocks an account after three wrong PINs", "Bank.unlock 1")
        .group("Accounts")
        .details(stored!(
            "Unlocking is an act of the bank itself and requires no PIN: anyone who can open the bank can unlock an\n\
            account and try more PINs. The log keeps each unlocking with its time, its correlation id, and the user that\n\
            --user or BANK_USER names.\n\
            Replies :ok, {:error, :no_account}, {:error, :account_closed} or {:error, :not_locked}."
        )),
    |bank, call| Box::pin(unlock(bank, call)),
);

async fn unlock(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let unlocking = bank.unlock(&account(&call, ACCOUNT)?);
    functions.carry_out(call, &bank, conversation, unlocking, handled).await
}

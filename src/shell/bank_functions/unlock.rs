//! `Bank.unlock`

use super::BankFunctions;
use super::parameters::{ACCOUNT, account};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "unlock", &[ACCOUNT], "unlocks an account after three wrong PINs", "Bank.unlock 1")
        .group("Accounts")
        .details(stored!("Replies :ok, {:error, :no_account} or {:error, :not_locked}.")),
    |bank, call| Box::pin(unlock(bank, call)),
);

async fn unlock(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let unlocking = bank.unlock(&account(&call, ACCOUNT)?);
    functions.carry_out(call, &bank, conversation, unlocking, handled).await
}

//! `Bank.unlock`

use super::BankFunctions;
use super::parameters::{ACCOUNT, account};
use super::replies::handled;
use super::texts::{asked, stored};
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "unlock", &[ACCOUNT], "forgets the wrong PINs that locked an account", "Bank.unlock 1")
        .group("Accounts")
        .details(stored!(
            "It is the bank's own act, and asks for no PIN: whoever can open the bank can unlock, and then guess on. The\n\
            log keeps each unlocking, with its time and the id of its conversation.\n\
            Replies :ok, {:error, :no_account} or {:error, :not_locked}."
        )),
    |bank, call| Box::pin(unlock(bank, call)),
);

async fn unlock(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let unlocking = bank.unlock(&account(&call, ACCOUNT)?);
    functions.carry_out(call, &bank, conversation, unlocking, handled).await
}

//! `Bank.close`

use super::BankFunctions;
use super::error_groups::CLOSING;
use super::replies::failure;
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::term::Term;

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "close", &[], "closes the bank", "Bank.close").group("Bank").ending().errors(CLOSING).details(
        "Commands that were sent are finished first, and forks end. A bank in memory is gone after that. A bank in a file\n\
            that no other program has open is then this one file, which may be copied, moved and sent.\n\
            Replies :ok, or {:error, :bank_stopped} if its file was moved, removed or replaced meanwhile.",
    ),
    |bank, call| Box::pin(close(bank, call)),
);

async fn close(functions: &mut BankFunctions, _: Call<'_>) -> Outcome {
    functions.leave_forks().await;
    let bank = functions.bank()?;
    let has_stopped = bank.failure().is_some();
    functions.close_bank(&bank).await;
    match bank.failure() {
        Some(unavailable) if !has_stopped => Err(failure(&unavailable.into()).into()),
        Some(_) | None => Ok(Term::OK.into()),
    }
}

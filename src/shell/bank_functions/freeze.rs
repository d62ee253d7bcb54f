//! `Bank.freeze` and `Bank.unfreeze`

use super::BankFunctions;
use super::error_groups::{ACCOUNTS, COMMAND};
use super::errors::{ALREADY_FROZEN, INVALID_REASON, NOT_FROZEN};
use super::parameters::{ACCOUNT, REASON, account, reason};
use super::replies::handled;
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const FREEZE: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "freeze",
        &[ACCOUNT, REASON],
        "stops all payments from an account",
        "Bank.freeze \"Wolfman\"",
    )
    .group("Accounts")
    .meant_by(&["lock", "block", "suspend"])
    .details(
        "Withdrawals and transfers from the account are {:error, :account_frozen} until Bank.unfreeze; no PIN is checked\n\
            and none counted for them. What comes in comes in, and a transfer that was reserved before is settled or\n\
            comes back. Freezing is an act of the bank and requires no PIN.\n\
            With reason: \"a court order\", of 1 to 140 characters, the event says why.\n\
            Replies :ok.",
    )
    .errors(&[ACCOUNTS, &[ALREADY_FROZEN, INVALID_REASON]])
    .common_errors(COMMAND),
    |bank, call| Box::pin(freeze(bank, call)),
);

pub(super) const UNFREEZE: Row<BankFunctions> = Row::new(
    Function::new("Bank", "unfreeze", &[ACCOUNT], "ends the freezing of an account", "Bank.unfreeze \"Wolfman\"")
        .group("Accounts")
        .details("An act of the bank that requires no PIN. Replies :ok.")
        .errors(&[ACCOUNTS, &[NOT_FROZEN]])
        .common_errors(COMMAND),
    |bank, call| Box::pin(unfreeze(bank, call)),
);

async fn freeze(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let freezing = bank.freeze(&account(&call, ACCOUNT)?, reason(&call)?);
    functions.carry_out(call, &bank, conversation, freezing, handled).await
}

async fn unfreeze(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let unfreezing = bank.unfreeze(&account(&call, ACCOUNT)?);
    functions.carry_out(call, &bank, conversation, unfreezing, handled).await
}

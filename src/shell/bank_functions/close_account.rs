//! `Bank.close_account`

use super::BankFunctions;
use super::error_groups::{ACCOUNTS, COMMAND, PINS};
use super::errors::{ACCOUNT_FROZEN, BALANCE_NOT_ZERO, INVALID_PIN, INVALID_REASON, TRANSFER_UNDER_WAY};
use super::parameters::{ACCOUNT, PIN, REASON, account, pin, reason};
use super::replies::changed;
use crate::shell::functions::{Call, Function, Outcome, Row};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "close_account",
        &[ACCOUNT, PIN, REASON],
        "closes an account for good",
        "Bank.close_account \"Wolfman\"",
    )
    .group("Accounts")
    .ending()
    .details(
        "An account can be closed when it holds nothing, no transfer from it is under way, and it is not frozen. From\n\
            then on every command to it is {:error, :account_closed}, and a transfer to it comes back as from nobody. Its\n\
            history stays, its name is not given again, and Bank.get_account_list shows it with closed: true.\n\
            If the account has a PIN, it is required: Bank.close_account 1, 1234. A wrong one counts as in Bank.withdraw.\n\
            reason: has 1 to 140 characters, and is in the event.\n\
            Replies :ok.",
    )
    .errors(&[ACCOUNTS, &[BALANCE_NOT_ZERO, TRANSFER_UNDER_WAY, ACCOUNT_FROZEN, INVALID_REASON, INVALID_PIN], PINS])
    .common_errors(COMMAND),
    |bank, call| Box::pin(close_account(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pin_to_pay(call, ACCOUNT));

async fn close_account(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let closing = bank.close_account(&account(&call, ACCOUNT)?, reason(&call)?, pin(&call)?);
    functions.carry_out(call, &bank, conversation, closing, changed).await
}

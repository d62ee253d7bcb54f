//! `Bank.check_balance`

use super::BankFunctions;
use super::parameters::{ACCOUNT, account};
use super::replies::no_balance;
use super::texts::asked;
use crate::shell::application_functions::integer;
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::moment;
use crate::shell::table::{AS_OF, AT};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "check_balance",
        &[ACCOUNT, AT, AS_OF],
        "tells what an account holds",
        "Bank.check_balance \"Wolfman\"",
    )
    .group("Accounts")
    .details(asked!(
        "With at: 3 it tells what the account held after the event at position 3, with\n\
            as_of: \"2026-11-20T10:00:00Z\" what it held at that time. Times in a log never go back: where a clock\n\
            was ahead, the events after that have the time it had then until the clock has passed it, and only at:\n\
            tells them apart.\n\
            Replies the balance, such as 50, :no_account, {:error, %{position: 3, problem: \"…\"}} where the log ends\n\
            before at:, or {:error, :behind} where the balances have not come as far as they should within 5 s."
    )),
    |bank, call| Box::pin(check_balance(bank, call)),
);

async fn check_balance(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let account = account(&call, ACCOUNT)?;
    let balance = match moment(&call)? {
        None => bank.check_balance(&account).await,
        Some(moment) => bank.check_balance_at(&account, moment).await,
    };
    Ok(integer(balance.map_err(no_balance)?.minor_units()).into())
}

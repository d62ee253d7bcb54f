//! `Bank.set_overdraft_limit`

use super::BankFunctions;
use super::error_groups::{ACCOUNTS, AMOUNTS, COMMAND};
use super::errors::OVERDRAFT_IN_USE;
use super::money::overdraft_limit;
use super::parameters::{ACCOUNT, account};
use super::replies::handled;
use crate::shell::functions::{Call, Function, Outcome, Parameter, ParameterKind, Row};

const LIMIT: Parameter = Parameter::needed("limit", ParameterKind::Amount);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "set_overdraft_limit",
        &[ACCOUNT, LIMIT],
        "sets how far a balance may fall below zero",
        "Bank.set_overdraft_limit 1, 500",
    )
    .group("Accounts")
    .meant_by(&["set_limit", "limit"])
    .details(
        "Withdrawals and transfers may take the balance down to -500 then; what goes beyond is declined. An account has\n\
            the limit 0 at first. Setting it is an act of the bank and requires no PIN.\n\
            Replies :ok, and stores nothing where that is the limit already.",
    )
    .errors(&[ACCOUNTS, AMOUNTS, &[OVERDRAFT_IN_USE]])
    .common_errors(COMMAND),
    |bank, call| Box::pin(set_overdraft_limit(bank, call)),
);

async fn set_overdraft_limit(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let currency = functions.currency(&bank).await?;
    let setting = bank.set_overdraft_limit(&account(&call, ACCOUNT)?, overdraft_limit(&call, LIMIT, currency)?);
    functions.carry_out(call, &bank, conversation, setting, handled).await
}

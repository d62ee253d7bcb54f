//! `Bank.create`

use super::BankFunctions;
use super::error_groups::{AMOUNTS, COMMAND};
use super::errors::{
    ACCOUNT_CLOSED, ACCOUNT_EXISTS, BALANCE_LIMIT, INVALID_EMAIL, INVALID_NAME, MALFORMED_PIN, NO_PIN_SECRET,
    WRONG_PIN_SECRET,
};
use super::money::{amount, overdraft_limit};
use super::parameters::{ACCOUNT, EMAIL, PIN, account, email, holder, pin};
use super::replies::handled;
use crate::bank::{Currency, HolderName, NewAccount, Opening};
use crate::shell::functions::{Call, Function, NotDone, Outcome, Parameter, ParameterKind, Row};

pub(super) const NAME: &str = "create";

const HOLDER: Parameter = Parameter::optional("holder", ParameterKind::Text);
const DEPOSIT: Parameter = Parameter::by_name("deposit", ParameterKind::Amount);
const OVERDRAFT: Parameter = Parameter::by_name("overdraft", ParameterKind::Amount);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, HOLDER, PIN, EMAIL, DEPOSIT, OVERDRAFT], "opens an account", "Bank.create \"Wolfman\"")
        .group("Accounts")
        .meant_by(&["new", "add_account", "open_account", "new_account"])
        .aliases(&["create_bank_account"])
        .details(
            "Names have 1 to 64 characters. Bank.create 1, \"Josh\", 1234 names the holder and sets a PIN of 4 to 12\n\
            digits, which is never shown; email: \"josh@example.org\" is the holder's address.\n\
            deposit: 1000 pays money in with the same command: both events are stored, or neither. overdraft: 500 sets\n\
            the overdraft limit, as Bank.set_overdraft_limit does.\n\
            Replies :ok.",
        )
        .errors(&[
            &[
                ACCOUNT_EXISTS,
                ACCOUNT_CLOSED,
                INVALID_NAME,
                INVALID_EMAIL,
                BALANCE_LIMIT,
                MALFORMED_PIN,
                NO_PIN_SECRET,
                WRONG_PIN_SECRET,
            ],
            AMOUNTS,
        ])
        .common_errors(COMMAND),
    |bank, call| Box::pin(create(bank, call)),
);

async fn create(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.bank()?;
    let currency = if has_amounts(&call) { functions.currency(&bank).await? } else { Currency::default() };
    let creation = bank.create_account(new_account(&call, currency)?);
    functions.carry_out(call, &bank, bank.start_conversation(), creation, handled).await
}

/// Whether a call names an amount, which the bank's currency is needed for.
pub(super) fn has_amounts(call: &Call<'_>) -> bool {
    call.optional(DEPOSIT).is_some() || call.optional(OVERDRAFT).is_some()
}

/// The account to create. The holder is named like the account unless the call names one.
pub(super) fn new_account(call: &Call<'_>, currency: Currency) -> Result<NewAccount, NotDone> {
    let account_id = account(call, ACCOUNT)?;
    let holder = holder(call, HOLDER)?.unwrap_or_else(|| HolderName::from(&account_id));
    let email = email(call, EMAIL)?;
    let deposit = call.optional(DEPOSIT).map(|_| amount(call, DEPOSIT, currency)).transpose()?;
    let overdraft_limit = overdraft_limit(call, OVERDRAFT, currency)?;
    Ok(NewAccount { account_id, holder, email, pin: pin(call)?, opening: Opening { deposit, overdraft_limit } })
}

//! `Bank.create`

use super::BankFunctions;
use super::details::{MEMO, ON, details, last_day};
use super::error_groups::{AMOUNTS, COMMAND, DETAILS};
use super::errors::{
    ACCOUNT_CLOSED, ACCOUNT_EXISTS, BALANCE_LIMIT, INVALID_EMAIL, INVALID_NAME, MALFORMED_PIN, NO_DEPOSIT,
    NO_PIN_SECRET, WRONG_PIN_SECRET,
};
use super::money::{amount, overdraft_limit};
use super::parameters::{ACCOUNT, EMAIL, PIN, email, holder, new_account_id, pin};
use super::replies::handled;
use crate::bank::{BookingDate, Currency, HolderName, NewAccount, Opening};
use crate::shell::functions::{Call, Function, NotDone, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::Term;

pub(super) const NAME: &str = "create";

const HOLDER: Parameter = Parameter::optional("holder", ParameterKind::Text);
const DEPOSIT: Parameter = Parameter::by_name("deposit", ParameterKind::Amount);
const OVERDRAFT: Parameter = Parameter::by_name("overdraft", ParameterKind::Amount);

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", NAME, &[ACCOUNT, HOLDER, PIN, EMAIL, DEPOSIT, MEMO, ON, OVERDRAFT], "opens an account", "Bank.create \"Wolfman\"")
        .group("Accounts")
        .meant_by(&["new", "make", "add_account", "open_account", "new_account"])
        .aliases(&["create_bank_account"])
        .details(
            "Names have 1 to 64 characters, and no new one looks like another: it has no blanks at its ends, no characters\n\
            without width, and é as one character. Bank.create 1, \"Josh\", 1234 names the holder and sets a PIN of 4 to 12\n\
            digits, which is never shown; email: \"josh@example.org\" is the holder's address.\n\
            deposit: 1000 pays money in with the same command: both events are stored, or neither. memo: and on: are as\n\
            in Bank.deposit, and {:error, :no_deposit} without one. overdraft: 500 sets the overdraft limit, as\n\
            Bank.set_overdraft_limit does.\n\
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
                NO_DEPOSIT,
            ],
            AMOUNTS,
            DETAILS,
        ])
        .common_errors(COMMAND),
    |bank, call| Box::pin(create(bank, call)),
);

async fn create(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.bank()?;
    let currency = if has_amounts(&call) { functions.currency(&bank).await? } else { Currency::default() };
    let creation = bank.create_account(new_account(&call, currency, last_day(&bank, &call).await?)?);
    functions.carry_out(call, &bank, bank.start_conversation(), creation, handled).await
}

/// Whether a call names an amount, which the bank's currency is needed for.
pub(super) fn has_amounts(call: &Call<'_>) -> bool {
    call.optional(DEPOSIT).is_some() || call.optional(OVERDRAFT).is_some()
}

/// The account to create. The holder is named like the account unless the call names one.
pub(super) fn new_account(call: &Call<'_>, currency: Currency, last_day: BookingDate) -> Result<NewAccount, NotDone> {
    let account_id = new_account_id(call, ACCOUNT)?;
    let holder = holder(call, HOLDER)?.unwrap_or_else(|| HolderName::from(&account_id));
    let email = email(call, EMAIL)?;
    let deposit = call.optional(DEPOSIT).map(|_| amount(call, DEPOSIT, currency)).transpose()?;
    let details = details(call, last_day)?;
    if deposit.is_none() && !details.are_none() {
        return Err(Term::Error(NO_DEPOSIT).into());
    }
    let opening = Opening { deposit, details, overdraft_limit: overdraft_limit(call, OVERDRAFT, currency)? };
    Ok(NewAccount { account_id, holder, email, pin: pin(call)?, opening })
}

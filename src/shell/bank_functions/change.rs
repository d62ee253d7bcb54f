//! `Bank.change_holder`, `Bank.change_email` and `Bank.change_pin`

use super::BankFunctions;
use super::error_groups::{ACCOUNTS, COMMAND, PINS};
use super::errors::{INVALID_EMAIL, INVALID_NAME, INVALID_PIN, NO_PIN};
use super::parameters::{self, ACCOUNT, account, email, holder, pin, pin_given};
use super::replies::{changed, failure, no_balance};
use crate::bank::{CheckBalanceError, CommandFailure, Refusal};
use crate::shell::functions::{Call, Function, NIL, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::Term;

const NEW_HOLDER: Parameter = Parameter::needed("holder", ParameterKind::Text);
const NEW_EMAIL: Parameter = Parameter::needed("email", ParameterKind::TextOrNil);
const NEW_PIN: Parameter = Parameter::optional("new_pin", ParameterKind::Pin);

pub(super) const HOLDER: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "change_holder",
        &[ACCOUNT, NEW_HOLDER, parameters::PIN],
        "names another holder",
        "Bank.change_holder \"Wolfman\", \"Josh\"",
    )
    .group("Accounts")
    .meant_by(&["rename", "set_holder", "change_name", "set_name"])
    .details(
        "Questions about the past show the holder of that time. If the account has a PIN, it is required:\n\
            Bank.change_holder 1, \"Josh\", 1234. A wrong one counts as in Bank.withdraw. A frozen account can be changed.\n\
            Replies :ok.",
    )
    .errors(&[ACCOUNTS, &[INVALID_PIN], PINS])
    .common_errors(COMMAND),
    |bank, call| Box::pin(change_holder(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pin_to_change(call, ACCOUNT));

pub(super) const EMAIL: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "change_email",
        &[ACCOUNT, NEW_EMAIL, parameters::PIN],
        "sets the holder's e-mail address",
        "Bank.change_email 1, \"jo@example.org\"",
    )
    .group("Accounts")
    .details(
        "The holder is thanked for later deposits there, also where no address was known before; nil removes the\n\
            address: Bank.change_email 1, nil. The PIN is required as in Bank.change_holder.\n\
            Replies :ok.",
    )
    .errors(&[ACCOUNTS, &[INVALID_EMAIL, INVALID_PIN], PINS])
    .common_errors(COMMAND),
    |bank, call| Box::pin(change_email(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pin_to_change(call, ACCOUNT));

pub(super) const PIN: Row<BankFunctions> = Row::new(
    Function::new("Bank", "change_pin", &[ACCOUNT, parameters::PIN, NEW_PIN], "replaces a PIN", "Bank.change_pin 1")
        .meant_by(&["set_pin", "reset_pin", "new_pin"])
        .group("Accounts")
        .details(
            "Bank.change_pin 1, 1234, 5678 replaces the PIN 1234. What is left out at the prompt is asked for and not shown,\n\
            the new PIN twice. A wrong PIN counts as in Bank.withdraw.\n\
            Replies :ok.",
        )
        .errors(&[ACCOUNTS, &[NO_PIN, INVALID_PIN], PINS])
        .common_errors(COMMAND),
    |bank, call| Box::pin(change_pin(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pins(call, ACCOUNT, NEW_PIN));

async fn change_holder(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let (account, pin) = (account(&call, ACCOUNT)?, pin(&call)?);
    let holder = holder(&call, NEW_HOLDER)?.ok_or(Term::Error(INVALID_NAME))?;
    let change = bank.change_holder(&account, holder, pin);
    functions.carry_out(call, &bank, conversation, change, changed).await
}

async fn change_email(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let (account, pin) = (account(&call, ACCOUNT)?, pin(&call)?);
    let email = if call.text(NEW_EMAIL) == NIL { None } else { email(&call, NEW_EMAIL)? };
    let change = bank.change_email(&account, email, pin);
    functions.carry_out(call, &bank, conversation, change, changed).await
}

async fn change_pin(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let (account, pin) = (account(&call, ACCOUNT)?, pin(&call)?);
    let Some(new_pin) = pin_given(&call, NEW_PIN)? else {
        // Nothing can be sent without it. The reply says what would be refused anyway.
        let known = functions.reader()?.account(&account, None).await;
        let refusal = match known {
            Ok(known) => known.refusal_without_pins(),
            Err(CheckBalanceError::NoAccount) => Refusal::NoAccount,
            Err(error) => return Err(no_balance(&bank, &account, None, error).await),
        };
        return Err(failure(&CommandFailure::Refused(refusal)).into());
    };
    let change = bank.change_pin(&account, pin, new_pin);
    functions.carry_out(call, &bank, conversation, change, changed).await
}

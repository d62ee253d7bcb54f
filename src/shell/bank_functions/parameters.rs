//! Parameters of several of the bank's functions, and how arguments are parsed. An error is the reply to an invalid one.

use super::errors::{INVALID_EMAIL, INVALID_NAME, INVALID_REASON, MALFORMED_PIN};
use crate::bank::{AccountId, EmailAddress, HolderName, Pin, StatedReason};
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const ACCOUNT: Parameter = Parameter::needed("account", ParameterKind::Named);
pub(super) const AMOUNT: Parameter = Parameter::needed("amount", ParameterKind::Amount);
pub(super) const PIN: Parameter = Parameter::optional("pin", ParameterKind::Pin);
pub(super) const EMAIL: Parameter = Parameter::by_name("email", ParameterKind::Text);

pub(super) const REASON: Parameter = Parameter::by_name("reason", ParameterKind::Text);

/// The holder's name, where one is given.
pub(super) fn holder(call: &Call<'_>, parameter: Parameter) -> Result<Option<HolderName>, NotDone> {
    let holder = call.optional(parameter).map(HolderName::new).transpose();
    holder.map_err(|why| NotDone::malformed(INVALID_NAME, why))
}

/// The holder's e-mail address, where one is given.
pub(super) fn email(call: &Call<'_>, parameter: Parameter) -> Result<Option<EmailAddress>, Term> {
    call.optional(parameter).map(EmailAddress::new).transpose().map_err(|_| Term::Error(INVALID_EMAIL))
}

/// The account that the argument names.
pub(super) fn account(call: &Call<'_>, parameter: Parameter) -> Result<AccountId, NotDone> {
    AccountId::new(call.text(parameter)).map_err(|why| NotDone::malformed(INVALID_NAME, why))
}

/// The account that is to be created.
pub(super) fn new_account_id(call: &Call<'_>, parameter: Parameter) -> Result<AccountId, NotDone> {
    let account = AccountId::new(call.text(parameter));
    let account = account.and_then(|account| account.check_new().map(|()| account));
    account.map_err(|why| NotDone::malformed(INVALID_NAME, why))
}

/// The reason that the bank states for an act of its own.
pub(super) fn reason(call: &Call<'_>) -> Result<Option<StatedReason>, NotDone> {
    let reason = call.optional(REASON).map(StatedReason::new).transpose();
    reason.map_err(|why| NotDone::malformed(INVALID_REASON, why))
}

pub(super) fn pin(call: &Call<'_>) -> Result<Option<Pin>, Term> {
    pin_given(call, PIN)
}

pub(super) fn pin_given(call: &Call<'_>, parameter: Parameter) -> Result<Option<Pin>, Term> {
    call.optional(parameter).map(Pin::new).transpose().map_err(|_| Term::Error(MALFORMED_PIN))
}

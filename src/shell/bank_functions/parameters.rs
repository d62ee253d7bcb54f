//! Parameters of several of the bank's functions, and how arguments are parsed. An error is the reply to an invalid one.

use super::errors::{INVALID_EMAIL, INVALID_NAME, INVALID_REASON, MALFORMED_PIN};
use crate::bank::{AccountId, EmailAddress, HolderName, Pin, StatedReason};
use crate::shell::functions::{Call, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const ACCOUNT: Parameter = Parameter::needed("account", ParameterKind::Named);
pub(super) const AMOUNT: Parameter = Parameter::needed("amount", ParameterKind::Amount);
pub(super) const PIN: Parameter = Parameter::optional("pin", ParameterKind::Pin);
pub(super) const EMAIL: Parameter = Parameter::by_name("email", ParameterKind::Text);

pub(super) const REASON: Parameter = Parameter::by_name("reason", ParameterKind::Text);

/// The holder's name, where one is given.
pub(super) fn holder(call: &Call<'_>, parameter: Parameter) -> Result<Option<HolderName>, Term> {
    call.optional(parameter).map(HolderName::new).transpose().map_err(|_| Term::Error(INVALID_NAME))
}

/// The holder's e-mail address, where one is given.
pub(super) fn email(call: &Call<'_>, parameter: Parameter) -> Result<Option<EmailAddress>, Term> {
    call.optional(parameter).map(EmailAddress::new).transpose().map_err(|_| Term::Error(INVALID_EMAIL))
}

/// The account that the argument names.
pub(super) fn account(call: &Call<'_>, parameter: Parameter) -> Result<AccountId, Term> {
    AccountId::new(call.text(parameter)).map_err(|_| Term::Error(INVALID_NAME))
}

/// The reason that the bank states for an act of its own.
pub(super) fn reason(call: &Call<'_>) -> Result<Option<StatedReason>, Term> {
    call.optional(REASON).map(StatedReason::new).transpose().map_err(|_| Term::Error(INVALID_REASON))
}

pub(super) fn pin(call: &Call<'_>) -> Result<Option<Pin>, Term> {
    pin_given(call, PIN)
}

pub(super) fn pin_given(call: &Call<'_>, parameter: Parameter) -> Result<Option<Pin>, Term> {
    call.optional(parameter).map(Pin::new).transpose().map_err(|_| Term::Error(MALFORMED_PIN))
}

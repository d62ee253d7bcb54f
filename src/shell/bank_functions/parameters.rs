//! Parameters of several of the bank's functions, and how arguments are parsed. An error is the reply to an invalid one.

use crate::bank::{AccountId, Pin};
use crate::shell::functions::{Call, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const ACCOUNT: Parameter = Parameter::needed("account", ParameterKind::Named);
pub(super) const AMOUNT: Parameter = Parameter::needed("amount", ParameterKind::Amount);
pub(super) const PIN: Parameter = Parameter::optional("pin", ParameterKind::Pin);
pub(super) const EMAIL: Parameter = Parameter::by_name("email", ParameterKind::Text);

/// The account that the argument names.
pub(super) fn account(call: &Call<'_>, parameter: Parameter) -> Result<AccountId, Term> {
    AccountId::new(call.text(parameter)).map_err(|_| Term::Error("invalid_name"))
}

pub(super) fn pin(call: &Call<'_>) -> Result<Option<Pin>, Term> {
    call.optional(PIN).map(Pin::new).transpose().map_err(|_| Term::Error("malformed_pin"))
}

//! The arguments of a call as the bank takes them, or the reply that says what is wrong with them.

use crate::bank::{AccountId, EmailAddress, EmailTarget, HolderName, InvalidEmailTarget, Money, NewAccount, Pin};
use crate::shell::functions::{Arguments, Function};
use crate::shell::term::Term;

pub(super) fn account_id(arguments: &Arguments) -> Result<AccountId, Term> {
    account_at(0, arguments)
}

pub(super) fn account_at(parameter: usize, arguments: &Arguments) -> Result<AccountId, Term> {
    AccountId::new(arguments.get(parameter).unwrap_or_default()).map_err(|_| Term::Error("invalid_name"))
}

pub(super) fn amount_at(parameter: usize, arguments: &Arguments) -> Result<Money, Term> {
    // Digits that do not fit into 64 bits are beyond any limit.
    let amount = arguments.get(parameter).and_then(|digits| digits.parse::<i64>().ok());
    amount.and_then(|amount| Money::new(amount).ok()).ok_or(Term::Error("invalid_amount"))
}

/// The way for e-mails that `email:` names. The reply repeats nothing of it: it may hold a password.
pub(super) fn email_target(function: &Function, arguments: &Arguments) -> Result<Option<EmailTarget>, Term> {
    let target = arguments.named(function, "email").map(str::parse).transpose();
    target.map_err(|error| {
        Term::Error(match error {
            InvalidEmailTarget::Unknown => "invalid_email_target",
            InvalidEmailTarget::SmtpNotBuiltIn => "smtp_not_built_in",
            InvalidEmailTarget::UnknownOption => "unknown_email_option",
            InvalidEmailTarget::InvalidSender => "invalid_sender",
            InvalidEmailTarget::CredentialsNeedTls => "credentials_need_tls",
        })
    })
}

pub(super) fn ceo_bonus(function: &Function, arguments: &Arguments) -> Result<Option<AccountId>, Term> {
    let account = arguments.named(function, "ceo_bonus").map(AccountId::new);
    account.transpose().map_err(|_| Term::Error("invalid_name"))
}

/// The account that is to be created: its name, and of its holder what was given.
pub(super) fn new_account(function: &Function, arguments: &Arguments) -> Result<NewAccount, Term> {
    let account_id = account_id(arguments)?;
    let holder = match arguments.named(function, "holder") {
        None => HolderName::from(&account_id),
        Some(name) => HolderName::new(name).map_err(|_| Term::Error("invalid_name"))?,
    };
    let email = arguments.named(function, "email").map(EmailAddress::new).transpose();
    let email = email.map_err(|_| Term::Error("invalid_email"))?;
    Ok(NewAccount { account_id, holder, email, pin: pin(function, arguments)? })
}

pub(super) fn pin(function: &Function, arguments: &Arguments) -> Result<Option<Pin>, Term> {
    let digits = function.secret_parameter().and_then(|parameter| arguments.get(parameter));
    digits.map(Pin::new).transpose().map_err(|_| Term::Error("malformed_pin"))
}

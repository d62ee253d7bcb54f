//! Amounts at the prompt: the one place where they are read and written, in the bank's currency.

use super::BankFunctions;
use super::errors::{INVALID_AMOUNT, NO_DECIMALS, TOO_MANY_DECIMALS};
use super::replies::WORDS;
use crate::bank::{Bank, Currency, Money, NoAmount, OverdraftLimit};
use crate::shell::functions::{Call, NotDone, Parameter};
use crate::shell::term::Term;

impl BankFunctions {
    /// The currency of the open bank. From now on, the trace shows balances in it.
    pub(super) async fn currency(&mut self, bank: &Bank) -> Result<Currency, NotDone> {
        let currency = bank.currency().await.map_err(|unavailable| WORDS.failed(&unavailable))?;
        self.show_balances_in(currency);
        Ok(currency)
    }

    pub(super) fn show_balances_in(&mut self, currency: Currency) {
        if self.shown != currency {
            self.shown = currency;
            self.trace.show_values(move |value| currency.written(value.into()));
        }
    }
}

/// An amount or a balance in minor units: an integer, or with decimals in a bank that has them.
pub(super) fn money(currency: Currency, minor_units: impl Into<i128>) -> Term {
    match currency.decimals() {
        0 => Term::Integer(minor_units.into()),
        _ => Term::Decimal(currency.written(minor_units.into())),
    }
}

/// The amount of a payment.
pub(super) fn amount(call: &Call<'_>, parameter: Parameter, currency: Currency) -> Result<Money, NotDone> {
    let amount = minor_units(call.text(parameter), currency)?;
    Money::new(amount).map_err(|_| Term::Error(INVALID_AMOUNT).into())
}

/// An overdraft limit; 0 where it was left out.
pub(super) fn overdraft_limit(
    call: &Call<'_>,
    parameter: Parameter,
    currency: Currency,
) -> Result<OverdraftLimit, NotDone> {
    let limit = call.optional(parameter).map_or(Ok(0), |written| minor_units(written, currency))?;
    OverdraftLimit::new(limit).map_err(|_| Term::Error(INVALID_AMOUNT).into())
}

fn minor_units(written: &str, currency: Currency) -> Result<i64, NotDone> {
    match currency.read(written) {
        Ok(minor_units) => Ok(minor_units),
        // Such a number is beyond the limit anyway.
        Err(NoAmount::NoNumber) => Err(Term::Error(INVALID_AMOUNT).into()),
        Err(too_many @ NoAmount::TooManyDecimals { .. }) => Err(NotDone::malformed(TOO_MANY_DECIMALS, too_many)),
        Err(no_decimals @ NoAmount::NoDecimals) => {
            let why = match currency.code() {
                // An amount without its decimals is another amount, unless they are zeros.
                Some(code) => match written.split_once('.') {
                    Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => {
                        format!("{code} has no decimals: write {whole}")
                    }
                    _ => format!("{code} has no decimals: an amount is a whole number"),
                },
                None => format!(
                    "{no_decimals}; a new bank has decimals with `Bank.open currency: \"EUR\"` or `Bank.open decimals: 2`"
                ),
            };
            Err(NotDone::malformed(NO_DECIMALS, why))
        }
    }
}

//! What the bank is asked.

use super::arguments::account_id;
use super::failures::WORDS;
use super::replies::{account_list, statement_table};
use crate::bank::{Bank, CheckBalanceError, QueryError};
use crate::shell::application_functions::integer;
use crate::shell::functions::{Arguments, Function};
use crate::shell::question::{beyond_the_end, limit, moment, position};
use crate::shell::term::Term;

pub(super) async fn check_balance(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
    let account_id = account_id(arguments)?;
    let balance = match moment(function, arguments)? {
        None => bank.check_balance(&account_id).await,
        Some(moment) => bank.check_balance_at(&account_id, moment).await,
    };
    balance.map(|balance| integer(balance.minor_units())).map_err(no_balance)
}

pub(super) async fn statement(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
    let account_id = account_id(arguments)?;
    let (from, limit) = (position(function, arguments, "from")?, limit(function, arguments)?);
    let until = moment(function, arguments)?;
    let lines = bank.statement(&account_id, from, until, limit).await.map_err(no_balance)?;
    Ok(statement_table(&lines))
}

pub(super) async fn get_account_list(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
    let entries = bank.accounts(moment(function, arguments)?).await;
    Ok(account_list(&entries.map_err(no_answer)?))
}

pub(super) async fn get_total_deposits(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
    let total = bank.total_deposits(moment(function, arguments)?).await;
    let total = total.map_err(no_answer)?;
    // More than all accounts can hold would not fit.
    Ok(Term::Integer(i128::try_from(total).unwrap_or(i128::MAX)))
}

pub(super) fn no_answer(error: QueryError) -> Term {
    WORDS.no_answer(error)
}

pub(super) fn no_balance(error: CheckBalanceError) -> Term {
    match error {
        CheckBalanceError::NoAccount => Term::Atom("no_account"),
        CheckBalanceError::NotYet(not_yet) => beyond_the_end(not_yet),
        CheckBalanceError::Unavailable(unavailable) => WORDS.unavailable(&unavailable),
    }
}

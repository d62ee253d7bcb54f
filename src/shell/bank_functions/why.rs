//! The reasons for a balance, at the prompt.

use super::arguments::account_id;
use super::queries::no_balance;
use crate::bank::{Bank, Cause, Movement, Reason};
use crate::engine::domain::DomainEvent as _;
use crate::shell::application_functions::integer;
use crate::shell::functions::{Arguments, Function};
use crate::shell::question::{limit, moment};
use crate::shell::term::{Table, Term};

pub(super) async fn why(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
    let account_id = account_id(arguments)?;
    let (until, limit) = (moment(function, arguments)?, limit(function, arguments)?);
    let reasons = bank.why(&account_id, until, limit).await.map_err(no_balance)?;
    let columns = &["position", "time", "what", "change", "balance", "command", "because", "command_id"];
    Ok(Term::Table(Table { columns, rows: reasons.iter().map(row).collect() }))
}

fn row(reason: &Reason) -> Vec<Term> {
    let Reason { event, movement, balance, cause } = reason;
    let change = match movement {
        Movement::In(amount) => i128::from(amount.minor_units()),
        Movement::Out(amount) => -i128::from(amount.minor_units()),
    };
    let because = match cause {
        Cause::Request => "it was asked for".to_owned(),
        Cause::Event(cause) => {
            let (title, account) = (cause.data.title(), cause.data.account_id());
            format!("of {title} at {}, {}", cause.position, Term::String(account.to_string()))
        }
        Cause::Unknown => "the log does not say".to_owned(),
    };
    vec![
        integer(event.position.get()),
        Term::String(event.time.to_string()),
        Term::String(event.data.title().to_owned()),
        Term::Integer(change),
        integer(balance.minor_units()),
        Term::String(event.data.command_title().to_owned()),
        Term::String(because),
        Term::String(event.metadata.command_id.to_string()),
    ]
}

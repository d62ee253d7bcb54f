//! `Bank.why`: explains a balance.

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::errors::{INVALID_NAME, NO_ACCOUNT};
use super::money::money;
use super::parameters::{ACCOUNT, account};
use super::replies::no_balance;
use crate::bank::{Currency, Reason};
use crate::engine::domain::DomainEvent as _;
use crate::shell::application_functions::{because, integer};
use crate::shell::common_errors::{INVALID_LIMIT, OF_MOMENTS};
use crate::shell::function_table::{AS_OF, AT, LIMIT, WIDE};
use crate::shell::functions::{Call, Function, Outcome, Reply, Row};
use crate::shell::query_arguments::{limit, moment};
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "why", &[ACCOUNT, LIMIT, AT, AS_OF, WIDE], "explains a balance", "Bank.why \"Wolfman\"")
        .group("History")
        .details(
            "Each event that changed the balance, its command, and the cause of that. Where it reverses a booking, reverses is\n\
            the position of that. limit: 10 lists at most the last\n\
            10, and without it 1_000, and a line says if there are more; at: and as_of: explain a balance of the past,\n\
            as in Bank.check_balance. Replies a table, or :no_account.",
        )
        .errors(&[&[NO_ACCOUNT, INVALID_NAME, INVALID_LIMIT], &OF_MOMENTS])
        .common_errors(QUESTION),
    |bank, call| Box::pin(why(bank, call)),
);

async fn why(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let account = account(&call, ACCOUNT)?;
    let (until, limit) = (moment(&call)?, limit(&call)?);
    let mut reasons = match bank.why(&account, until, limit.saturating_add(1)).await {
        Ok(reasons) => reasons,
        Err(error) => return Err(no_balance(&bank, &account, until, error).await),
    };
    let earlier = reasons.len().saturating_sub(limit);
    let before = reasons.drain(..earlier).next_back();
    let note = before.map(|last| {
        let ends = call.with(&[(AS_OF.name, None), (AT.name, Some(integer(last.event.position.get())))]);
        format!("Earlier ones are not shown: `{ends}` ends with them.")
    });
    let rows = reasons.iter().map(|reason| row(reason, currency)).collect();
    let table = Table { columns: COLUMNS.into(), rows }.without_empty(&["reverses"]);
    Ok(Reply { notes: note.into_iter().collect(), ..Term::Table(table).into() })
}

/// What a reversal reverses is there only where there is one.
const COLUMNS: &[&str] =
    &["position", "time", "what", "reverses", "change", "balance", "command", "because", "command_id"];

fn row(reason: &Reason, currency: Currency) -> Vec<Term> {
    let Reason { event, movement, balance, command, cause, reverses } = reason;
    let because = because(event, cause, |cause| {
        let account = cause.data.account_id();
        account.map_or(Term::Nil, |account| Term::String(account.to_string()))
    });
    vec![
        integer(event.position.get()),
        Term::Time(event.time.to_string()),
        Term::String(event.data.title().to_owned()),
        reverses.map_or(Term::Nil, |position| integer(position.get())),
        money(currency, movement.minor_units()),
        money(currency, balance.minor_units()),
        Term::String((*command).to_owned()),
        Term::String(because),
        Term::Id(event.metadata.command_id.to_string()),
    ]
}

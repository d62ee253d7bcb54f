//! `Bank.why`: explains a balance.

use super::BankFunctions;
use super::parameters::{ACCOUNT, account};
use super::replies::{self, no_balance};
use super::texts::asked;
use crate::bank::Reason;
use crate::engine::domain::DomainEvent as _;
use crate::shell::application_functions::{because, integer};
use crate::shell::function_table::{AS_OF, AT, LIMIT};
use crate::shell::functions::{Call, Function, Outcome, Reply, Row};
use crate::shell::query_arguments::{limit, moment};
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "why", &[ACCOUNT, LIMIT, AT, AS_OF], "explains a balance", "Bank.why \"Wolfman\"")
        .group("History")
        .details(asked!(
            "Each event that changed the balance, its command, and the cause of that. limit: 10 lists at most the last\n\
            10, and without it 1_000, and a line says if there are more; at: and as_of: explain a balance of the past,\n\
            as in Bank.check_balance. Replies a table, or :no_account."
        )),
    |bank, call| Box::pin(why(bank, call)),
);

async fn why(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let account = account(&call, ACCOUNT)?;
    let (until, limit) = (moment(&call)?, limit(&call)?);
    let mut reasons = bank.why(&account, until, limit.saturating_add(1)).await.map_err(no_balance)?;
    let earlier = reasons.len().saturating_sub(limit);
    let before = reasons.drain(..earlier).next_back();
    let note = before.map(|last| format!("Earlier ones are not shown: at: {} ends with them.", last.event.position));
    let columns = &["position", "time", "what", "change", "balance", "command", "because", "command_id"];
    let table = Term::Table(Table { columns, rows: reasons.iter().map(row).collect() });
    Ok(Reply { notes: note.into_iter().collect(), ..table.into() })
}

fn row(reason: &Reason) -> Vec<Term> {
    let Reason { event, movement, balance, command, cause } = reason;
    let because = because(event, cause, |cause| Term::String(cause.data.account_id().to_string()));
    vec![
        integer(event.position.get()),
        Term::String(event.time.to_string()),
        Term::String(event.data.title().to_owned()),
        Term::Integer(movement.minor_units().into()),
        replies::balance(*balance),
        Term::String((*command).to_owned()),
        Term::String(because),
        Term::String(event.metadata.command_id.to_string()),
    ]
}

//! `Bank.transfers`

use super::BankFunctions;
use super::money::money;
use super::replies::no_answer;
use super::texts::asked;
use crate::bank::{Currency, Ending, Moment, ReleaseReason, TransferRecord, TransferState};
use crate::shell::application_functions::integer;
use crate::shell::function_table::{AS_OF, AT, FROM, LIMIT};
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::query_arguments::{limit, moment, position};
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "transfers",
        &[FROM, LIMIT, AT, AS_OF],
        "lists the transfers and their states",
        "Bank.transfers",
    )
    .group("History")
    .details(asked!(
        "A transfer is reserved, then credited and settled, or released. from: 3 begins with those reserved from\n\
            position 3 on; limit: 10 lists at most 10, and without it 1_000; at: and as_of: show the transfers of the past,\n\
            as in Bank.check_balance."
    )),
    |bank, call| Box::pin(transfers(bank, call)),
);

async fn transfers(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let (from, limit) = (position(&call, FROM)?, limit(&call)?);
    let moment = moment(&call)?;
    let transfers = bank.transfers(from, limit, moment).await.map_err(no_answer)?;
    let moment = moment.unwrap_or(Moment::NOW);
    let columns = &["position", "time", "payer", "payee", "amount", "state", "reason", "ended", "transfer_id"];
    let rows = transfers.iter().map(|transfer| row(transfer, moment, currency)).collect();
    Ok(Term::Table(Table { columns, rows }).into())
}

fn row(transfer: &TransferRecord, moment: Moment, currency: Currency) -> Vec<Term> {
    let text = |text: &str| Term::String(text.to_owned());
    let (state, reason) = match transfer.state_at(moment) {
        None | Some(TransferState::Reserved) => ("reserved", Term::Nil),
        Some(TransferState::Credited) => ("credited", Term::Nil),
        Some(TransferState::Ended(Ending::Settled)) => ("settled", Term::Nil),
        Some(TransferState::Ended(Ending::Released(ReleaseReason::NoPayee))) => ("released", text("no_payee")),
        Some(TransferState::Ended(Ending::Released(ReleaseReason::BalanceLimit))) => {
            ("released", text("balance_limit"))
        }
    };
    let ended = transfer.ended.filter(|(ended, _)| moment.includes(ended.position, ended.time));
    vec![
        integer(transfer.reserved.position.get()),
        Term::String(transfer.reserved.time.to_string()),
        Term::String(transfer.outgoing.account_id.to_string()),
        Term::String(transfer.outgoing.payee.to_string()),
        money(currency, transfer.outgoing.amount.minor_units()),
        text(state),
        reason,
        ended.map_or(Term::Nil, |(ended, _)| integer(ended.position.get())),
        Term::String(transfer.outgoing.transfer_id.to_string()),
    ]
}

//! `Bank.transfers`

use uuid::Uuid;

use super::BankFunctions;
use super::error_groups::QUESTION;
use super::money::money;
use super::replies::{WORDS, no_answer};
use crate::bank::{Currency, Ending, Moment, ReleaseReason, TransferRecord, TransferState};
use crate::engine::log::Position;
use crate::shell::application_functions::integer;
use crate::shell::common_errors::{INVALID_LIMIT, OF_MOMENTS};
use crate::shell::function_table::{AS_OF, AT, FROM, LIMIT, WIDE};
use crate::shell::functions::{Call, Function, Outcome, Row};
use crate::shell::page::{LeftOut, page, paged};
use crate::shell::query_arguments::moment;
use crate::shell::term::{Table, Term};

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new(
        "Bank",
        "transfers",
        &[FROM, LIMIT, AT, AS_OF, WIDE],
        "lists the transfers and their states",
        "Bank.transfers",
    )
    .group("History")
    .details(
        "A transfer is reserved, then credited and settled, or released. Memos, and the position of the transfer that a\n\
            transfer back reverses, are there where there are any. from: 3 begins with those reserved from position 3\n\
            on, and without it the latest are listed; limit: 10 lists at most 10, and without it 1_000. A line says what\n\
            is not shown. at: and as_of: show the transfers of the past, as in Bank.check_balance."
    )
    .errors(&[&[INVALID_LIMIT], &OF_MOMENTS])
    .common_errors(QUESTION),
    |bank, call| Box::pin(transfers(bank, call)),
);

async fn transfers(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.reader()?;
    let currency = functions.currency(&bank).await?;
    let (page, moment) = (page(&call)?, moment(&call)?);
    let (transfers, left_out) = match page.from {
        Some(from) => {
            let mut transfers = bank.transfers(from, page.and_one_more(), moment).await.map_err(no_answer)?;
            let left_out = page.cut(&mut transfers, |transfer| transfer.reserved.position);
            (transfers, left_out)
        }
        None => {
            let (transfers, earlier) = bank.latest_transfers(page.limit, moment).await.map_err(no_answer)?;
            (transfers, LeftOut::Earlier(earlier as u64))
        }
    };
    let moment = moment.unwrap_or(Moment::NOW);
    let reversed = transfers.iter().filter_map(reversed).collect();
    let reversed = bank.positions_of_bookings(reversed).await.map_err(|error| WORDS.unavailable(&error))?;
    let mut reversed = reversed.into_iter();
    let rows = transfers.iter().map(|transfer| {
        let reverses = self::reversed(transfer).and_then(|_| reversed.next().flatten());
        row(transfer, reverses, moment, currency)
    });
    let table = Table { columns: COLUMNS.into(), rows: rows.collect() }.without_empty(&["memo", "reverses"]);
    Ok(paged(&call, table, "transfers", left_out))
}

/// Memo, and which transfer a transfer back reverses, are there only where there are any.
const COLUMNS: &[&str] =
    &["position", "time", "payer", "payee", "memo", "reverses", "amount", "state", "reason", "ended", "transfer_id"];

/// The id of the transfer that this one reverses.
fn reversed(transfer: &TransferRecord) -> Option<Uuid> {
    transfer.outgoing.details.reverses()
}

fn row(transfer: &TransferRecord, reverses: Option<Position>, moment: Moment, currency: Currency) -> Vec<Term> {
    let text = |text: &str| Term::String(text.to_owned());
    let (state, reason) = match transfer.state_at(moment) {
        None | Some(TransferState::Reserved) => ("reserved", Term::Nil),
        Some(TransferState::Credited) => ("credited", Term::Nil),
        Some(TransferState::Ended(Ending::Settled)) => ("settled", Term::Nil),
        Some(TransferState::Ended(Ending::Released(ReleaseReason::NoPayee))) => ("released", text("no_payee")),
        Some(TransferState::Ended(Ending::Released(ReleaseReason::BalanceLimit))) => {
            ("released", text("balance_limit"))
        }
        Some(TransferState::Ended(Ending::Released(ReleaseReason::GivenUp))) => ("released", text("given_up")),
    };
    let ended = transfer.ended.filter(|(ended, _)| moment.includes(ended.position, ended.time));
    vec![
        integer(transfer.reserved.position.get()),
        Term::Time(transfer.reserved.time.to_string()),
        Term::String(transfer.outgoing.account_id.to_string()),
        Term::String(transfer.outgoing.payee.to_string()),
        transfer.outgoing.details.memo().map_or(Term::Nil, |memo| Term::String(memo.to_string())),
        reverses.map_or(Term::Nil, |position| integer(position.get())),
        money(currency, transfer.outgoing.amount.minor_units()),
        text(state),
        reason,
        ended.map_or(Term::Nil, |(ended, _)| integer(ended.position.get())),
        Term::Id(transfer.outgoing.transfer_id.to_string()),
    ]
}

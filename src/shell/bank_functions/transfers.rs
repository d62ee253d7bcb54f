//! Transfers at the prompt.

use super::arguments::{account_at, amount_at};
use super::queries::no_answer;
use super::replies::failure;
use crate::bank::{
    AccountCommand, Bank, CommandFailure, Ending, Moment, Receipt, ReleaseReason, TransferError, TransferRecord,
    TransferState,
};
use crate::engine::log::Metadata;
use crate::shell::application_functions::{handled, integer};
use crate::shell::functions::{Arguments, Function};
use crate::shell::question::{limit, moment, position};
use crate::shell::term::{Table, Term};

/// The command that begins a transfer.
pub(super) fn begin(arguments: &Arguments, metadata: &Metadata) -> Result<AccountCommand, Term> {
    let (payer, payee) = (account_at(0, arguments)?, account_at(1, arguments)?);
    Ok(AccountCommand::begin_transfer(&payer, &payee, amount_at(2, arguments)?, metadata))
}

/// The reply when the transfer has ended, or waiting for that has.
pub(super) fn ended(bank: &Bank, receipt: &Receipt) -> Term {
    match bank.transfer_outcome(receipt.clone()) {
        Ok(_) => handled(receipt),
        Err(TransferError::Unavailable(unavailable)) => failure(&CommandFailure::Unavailable(unavailable)),
        Err(refused) => Term::Error(match refused {
            TransferError::NoPayee => "no_payee",
            TransferError::Overdrawn { .. } => "account_overdrawn",
            TransferError::BalanceLimit => "balance_limit",
            TransferError::WrongPin => "invalid_pin",
            TransferError::NoAccount => "no_account",
            TransferError::SameAccount => "same_account",
            TransferError::TooManyTransfers => "too_many_transfers",
            TransferError::PinRequired => "pin_required",
            TransferError::AccountLocked => "account_locked",
            TransferError::Unavailable(_) => "defect",
        }),
    }
}

pub(super) async fn transfers(bank: &Bank, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
    let (from, limit) = (position(function, arguments, "from")?, limit(function, arguments)?);
    let moment = moment(function, arguments)?;
    let transfers = bank.transfers(from, limit, moment).await;
    let transfers = transfers.map_err(no_answer)?;
    let moment = moment.unwrap_or(Moment::NOW);
    let columns = &["position", "time", "payer", "payee", "amount", "state", "reason", "ended", "transfer_id"];
    let rows = transfers.iter().map(|transfer| row(transfer, moment)).collect();
    Ok(Term::Table(Table { columns, rows }))
}

fn row(transfer: &TransferRecord, moment: Moment) -> Vec<Term> {
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
        integer(transfer.outgoing.amount.minor_units()),
        text(state),
        reason,
        ended.map_or(Term::Nil, |(ended, _)| integer(ended.position.get())),
        Term::String(transfer.outgoing.transfer_id.to_string()),
    ]
}

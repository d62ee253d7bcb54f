//! `Bank.transfer`

use super::BankFunctions;
use super::details::{MEMO, ON, details, last_day};
use super::error_groups::{ACCOUNTS, AMOUNTS, COMMAND, DETAILS, PINS};
use super::errors::{
    ACCOUNT_FROZEN, ACCOUNT_OVERDRAWN, BALANCE_LIMIT, GIVEN_UP, INVALID_PIN, NO_PAYEE, SAME_ACCOUNT, TOO_MANY_TRANSFERS,
};
use super::money::amount;
use super::parameters::{ACCOUNT, AMOUNT, PIN, account, pin};
use super::replies::{handled, not_transferred};
use crate::bank::{Bank, Receipt, TransferProcess};
use crate::engine::process_manager::ProcessManager as _;
use crate::shell::application_functions::lagging;
use crate::shell::functions::{Call, Function, Outcome, Parameter, Row};
use crate::shell::term::Term;

const PAYER: Parameter = Parameter { name: "payer", ..ACCOUNT };
const PAYEE: Parameter = Parameter { name: "payee", ..ACCOUNT };

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "transfer", &[PAYER, PAYEE, AMOUNT, PIN, MEMO, ON], "moves money to another account", "Bank.transfer \"Wolfman\", \"Dracula\", 25")
        .group("Accounts")
        .meant_by(&["send", "pay", "move", "send_money", "move_money"])
        .details(
            "The amount is reserved at the payer, credited to the payee, and then settled; if the payee cannot take it,\n\
            the reservation is released. Under :strong the reply comes when the transfer has ended. If the payer has a\n\
            PIN, it is required. memo: and on: are as in Bank.deposit, and both accounts have them; what is released\n\
            comes back under the same date.\n\
            Replies :ok, or {:ok, %{committed: 12, lagging: [\"transfer\"]}}: events up to position 12 are stored, but\n\
            the named handlers have not seen them within 5 s, or \"transfer\" has parked one (Bank.parked). The transfer\n\
            goes on, a parked one at Bank.retry. Bank.skip ends it: the money comes back, unless the payee has it, and\n\
            then the transfer is settled. Bank.transfers shows it.",
        )
        .errors(&[
            ACCOUNTS,
            &[
                NO_PAYEE,
                ACCOUNT_OVERDRAWN,
                SAME_ACCOUNT,
                BALANCE_LIMIT,
                GIVEN_UP,
                TOO_MANY_TRANSFERS,
                ACCOUNT_FROZEN,
                INVALID_PIN,
            ],
            PINS,
            AMOUNTS,
            DETAILS,
        ])
        .common_errors(COMMAND),
    |bank, call| Box::pin(transfer(bank, call)),
)
.asking_for_secret(|bank, call| bank.wanted_pin_to_pay(call, PAYER));

async fn transfer(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let (bank, conversation) = functions.begin()?;
    let currency = functions.currency(&bank).await?;
    let (payer, payee) = (account(&call, PAYER)?, account(&call, PAYEE)?);
    let transfer = bank.transfer(&payer, &payee, amount(&call, AMOUNT, currency)?, pin(&call)?);
    let transfer = transfer.details(details(&call, last_day(&bank, &call).await?)?);
    functions.carry_out(call, &bank, conversation, transfer, ended).await
}

/// The reply when the transfer has ended, or the wait for its end.
pub(super) fn ended(bank: &Bank, receipt: &Receipt) -> Term {
    match bank.transfer_outcome(receipt.clone()) {
        // All that are awaited have dealt with its events, so one of them is parked.
        Ok(outcome) if !outcome.has_ended() && receipt.lagging().is_empty() => {
            lagging(receipt, &[TransferProcess::NAME])
        }
        Ok(_) => handled(bank, receipt),
        Err(reason) => not_transferred(&reason),
    }
}

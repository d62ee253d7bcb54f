//! Rows whose commands were sent, with their outcomes still to come.

use std::collections::VecDeque;

use foldhash::HashMap;
use uuid::Uuid;

use super::report::{Known, Loaded, NotBooked, WhyNotBooked};
use super::rows::Row;
use crate::bank::{
    AccountEvent, AccountId, Bank, CommandFailure, PendingCommand, Receipt, Refusal, TransferOutcome, TransferState,
    Unavailable,
};
use crate::engine::log::{Fingerprint, Position};

/// The most rows in flight at once. Those that are on their way at once share the cost of a commit, and as these are more
/// than one commit has, the next rows are decided on while it is written.
const MOST_IN_FLIGHT: usize = 1_024;

/// The rows in flight. Their outcomes are taken in the order of sending.
pub(super) struct RowsInFlight<'a> {
    bank: &'a Bank,
    /// The end of the log before the load: a transfer that was released up to it may be tried again.
    end: Position,
    sent: VecDeque<Sent>,
    /// The accounts of the transfers in flight. Their balances still change.
    moving: HashMap<AccountId, usize>,
    /// The content of this load's rows that have an id in the file, by the ids of the rows: a file may use an id twice.
    /// These rows are in flight or stored.
    named: HashMap<Uuid, Fingerprint>,
    loaded: Loaded,
}

/// What was sent.
pub(super) enum Sent {
    /// The creation of an account.
    Creation(PendingCommand),
    /// A row.
    Row(SentRow),
    /// Nothing: what became of this row is known.
    Known { row: Row, known: Known },
}

pub(super) struct SentRow {
    pub(super) line: u64,
    pub(super) account: AccountId,
    /// The payee of a transfer.
    pub(super) payee: Option<AccountId>,
    /// The id of the row and what it says, if the file names it.
    pub(super) named: Option<(Uuid, Fingerprint)>,
    pub(super) pending: PendingCommand,
}

impl<'a> RowsInFlight<'a> {
    /// None yet. `loaded` says of the file what is known before its rows are booked.
    pub(super) fn new(bank: &'a Bank, end: Position, loaded: Loaded) -> Self {
        let (sent, moving, named) = (VecDeque::new(), HashMap::default(), HashMap::default());
        Self { bank, end, sent, moving, named, loaded }
    }

    pub(super) fn end(&self) -> Position {
        self.end
    }

    /// What the row of this load says that is stored under a name. Waits for the outcome of one that is in flight: where it is
    /// refused, nothing is stored.
    pub(super) async fn stored_under(&mut self, name: Uuid) -> Result<Option<Fingerprint>, Unavailable> {
        if self.named.contains_key(&name) {
            self.land_all().await?;
        }
        Ok(self.named.get(&name).copied())
    }

    /// How many rows have their outcome.
    pub(super) fn landed(&self) -> u64 {
        self.loaded.rows
    }

    /// Waits until there is room, and until no transfer in flight moves money of these accounts.
    pub(super) async fn wait_for(&mut self, accounts: [Option<&AccountId>; 2]) -> Result<(), Unavailable> {
        let is_moving = |moving: &HashMap<AccountId, usize>| {
            !moving.is_empty() && accounts.iter().flatten().any(|account| moving.contains_key(*account))
        };
        while self.sent.len() >= MOST_IN_FLIGHT || is_moving(&self.moving) {
            self.land().await?;
        }
        Ok(())
    }

    /// Waits until all rows of an account that were sent have their outcome.
    pub(super) async fn wait_for_rows_of(&mut self, account: &AccountId) -> Result<(), Unavailable> {
        let is_of = |sent: &Sent| matches!(sent, Sent::Row(row) if row.account == *account);
        while self.sent.iter().any(is_of) {
            self.land().await?;
        }
        Ok(())
    }

    pub(super) fn add(&mut self, sent: Sent) {
        if let Sent::Row(SentRow { account, payee: Some(payee), .. }) = &sent {
            for account in [account, payee] {
                *self.moving.entry(account.clone()).or_default() += 1;
            }
        }
        if let Sent::Row(SentRow { named: Some((name, content)), .. }) = &sent {
            self.named.insert(*name, *content);
        }
        self.sent.push_back(sent);
    }

    /// Takes all outcomes that are still to come.
    pub(super) async fn land_all(&mut self) -> Result<(), Unavailable> {
        while !self.sent.is_empty() {
            self.land().await?;
        }
        Ok(())
    }

    pub(super) fn into_loaded(self) -> Loaded {
        self.loaded
    }

    async fn land(&mut self) -> Result<(), Unavailable> {
        match self.sent.pop_front() {
            None => Ok(()),
            Some(Sent::Creation(pending)) => match pending.await {
                Ok(receipt) => {
                    self.loaded.created += u64::from(!receipt.is_repeated());
                    Ok(())
                }
                // Another program was faster, or the account was created with other details. It is there.
                Err(CommandFailure::Refused(Refusal::AccountExists) | CommandFailure::IdTaken { .. }) => Ok(()),
                Err(CommandFailure::Unavailable(unavailable)) => Err(unavailable),
                // The rows of the account will be refused, and say why.
                Err(CommandFailure::Refused(_)) => Ok(()),
            },
            Some(Sent::Known { row: Row { line, account, .. }, known }) => {
                self.loaded.known(line, &account, known);
                Ok(())
            }
            Some(Sent::Row(row)) => {
                let SentRow { line, account, payee, named, pending } = row;
                let outcome = pending.await;
                for account in payee.is_some().then_some(&account).into_iter().chain(&payee) {
                    if let Some(count) = self.moving.get_mut(account) {
                        *count -= 1;
                        if *count == 0 {
                            self.moving.remove(account);
                        }
                    }
                }
                let (why, was_known) = match outcome {
                    Ok(receipt) => {
                        // Another program that loads the same file may have been faster: it counts the row as new.
                        let was_known = receipt.is_repeated();
                        (self.not_booked(receipt)?, was_known)
                    }
                    Err(CommandFailure::Unavailable(unavailable)) => return Err(unavailable),
                    Err(CommandFailure::IdTaken { .. }) => (Some(WhyNotBooked::OtherContent), false),
                    Err(CommandFailure::Refused(refusal)) => {
                        if let Some((name, _)) = named {
                            self.named.remove(&name);
                        }
                        (Some(WhyNotBooked::Refused(refusal)), false)
                    }
                };
                match why {
                    None => self.loaded.booked(was_known),
                    Some(WhyNotBooked::Overdrawn { balance }) if was_known => {
                        self.loaded.known(line, &account, Known::Declined { balance });
                    }
                    Some(why) => self.loaded.not_booked(NotBooked { line, account, why }),
                }
                Ok(())
            }
        }
    }

    /// Why a row was not booked; `None` if it was. A transfer that has not ended in time is an error: later rows may spend
    /// what it is still to bring.
    fn not_booked(&self, receipt: Receipt) -> Result<Option<WhyNotBooked>, Unavailable> {
        match receipt.events().first().map(|event| &event.data) {
            Some(AccountEvent::AccountOverdrawn { balance, .. }) => {
                Ok(Some(WhyNotBooked::Overdrawn { balance: *balance }))
            }
            Some(AccountEvent::MoneyReserved(_)) => {
                let (end, lagging) = (receipt.position(), receipt.lagging().to_vec());
                match self.bank.transfer_outcome(receipt) {
                    Err(not_transferred) => Ok(Some(WhyNotBooked::NotTransferred(not_transferred))),
                    Ok(TransferOutcome { state: TransferState::Ended(_), .. }) => Ok(None),
                    Ok(_) => Err(Unavailable::Behind { end, lagging }),
                }
            }
            _ => Ok(None),
        }
    }
}

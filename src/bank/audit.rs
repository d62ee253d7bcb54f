//! Holds a log against what a bank can have decided: its order, its accounts, its transfers, and all money.

use foldhash::HashMap;

use super::transfer::{Outgoing, TransferId};
use super::{Account, AccountEvent};
use crate::engine::aggregate::Aggregate;
use crate::engine::clock::Timestamp;
use crate::engine::event::{Position, RecordedEvent, StreamId, Version};

/// A log as far as it was looked at. It keeps the state of every account.
#[derive(Debug)]
pub(super) struct Audit {
    position: Position,
    time: Timestamp,
    streams: HashMap<StreamId, (Version, Account)>,
    /// The transfers that have not ended.
    transfers: HashMap<TransferId, UnderWay>,
    events: u64,
    /// Deposits minus withdrawals, in minor units.
    paid_in: i128,
    /// The sum of all balances.
    held: i128,
    /// What is set aside for transfers whose payees do not have it yet.
    reserved: i128,
}

#[derive(Debug)]
struct UnderWay {
    outgoing: Outgoing,
    credited: bool,
    /// Which event of the log it was that happened to it last.
    last: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            position: Position::START,
            time: Timestamp::from_micros(i64::MIN),
            streams: HashMap::default(),
            transfers: HashMap::default(),
            events: 0,
            paid_in: 0,
            held: 0,
            reserved: 0,
        }
    }
}

impl Audit {
    /// How many events were looked at.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Each stream with its last version and the state of its account.
    pub(super) fn streams(&self) -> &HashMap<StreamId, (Version, Account)> {
        &self.streams
    }

    /// Which event of the log, counted from 1, is the first that a transfer has to go on from.
    pub(super) fn first_to_go_on(&self) -> Option<u64> {
        self.transfers.values().map(|transfer| transfer.last).min()
    }

    /// Looks at the next event. Answers what is wrong with it.
    pub(super) fn take(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        let RecordedEvent { position, stream, version, time, data, .. } = event;
        if *position <= self.position {
            return Err(format!("its position does not come after {}", self.position));
        }
        if *time < self.time {
            return Err("its time is before that of the event before it".to_owned());
        }
        if *stream != StreamId::new(Account::CATEGORY, data.account_id()) {
            return Err(format!("it is about another account than its stream {stream}"));
        }
        let (last, account) = self.streams.entry(stream.clone()).or_default();
        if *version != last.next() {
            return Err(format!("version {version} of its stream follows version {last}"));
        }
        let is_creation = matches!(data, AccountEvent::AccountCreated { .. });
        match (account.balance(), is_creation) {
            (None, false) => return Err("its account was never created".to_owned()),
            (Some(_), true) => return Err("its account is created again".to_owned()),
            _ => {}
        }
        let before = held(account);
        account.apply(data);
        self.held += held(account) - before;
        *last = *version;
        self.follow_transfer(data)?;
        self.paid_in += match data {
            AccountEvent::MoneyDeposited { amount, .. } => i128::from(amount.minor_units()),
            AccountEvent::MoneyWithdrawn { amount, .. } => -i128::from(amount.minor_units()),
            _ => 0,
        };
        if self.held + self.reserved != self.paid_in {
            let Self { held, reserved, paid_in, .. } = self;
            return Err(format!(
                "money is not conserved: balances of {held} and reservations of {reserved} do not add up to the \
                 {paid_in} that was paid in and not out"
            ));
        }
        (self.position, self.time) = (*position, *time);
        self.events += 1;
        Ok(())
    }

    fn follow_transfer(&mut self, event: &AccountEvent) -> Result<(), String> {
        match event {
            AccountEvent::MoneyReserved(outgoing) => {
                self.reserved += i128::from(outgoing.amount.minor_units());
                let transfer = UnderWay { outgoing: outgoing.as_ref().clone(), credited: false, last: self.events + 1 };
                match self.transfers.insert(outgoing.transfer_id, transfer) {
                    None => Ok(()),
                    Some(_) => Err("its transfer is under way already".to_owned()),
                }
            }
            AccountEvent::TransferCredited(incoming) => {
                let transfer = self.transfers.get_mut(&incoming.transfer_id);
                let transfer = transfer.ok_or("nothing is reserved for its transfer")?;
                let Outgoing { account_id, payee, amount, .. } = &transfer.outgoing;
                if transfer.credited {
                    return Err("its transfer was credited before".to_owned());
                }
                if (account_id, payee, amount) != (&incoming.payer, &incoming.account_id, &incoming.amount) {
                    return Err("it credits something else than was reserved".to_owned());
                }
                (transfer.credited, transfer.last) = (true, self.events + 1);
                self.reserved -= i128::from(amount.minor_units());
                Ok(())
            }
            AccountEvent::TransferSettled(outgoing) => self.end_transfer(outgoing, true),
            AccountEvent::TransferReleased(released) => {
                self.reserved -= i128::from(released.outgoing.amount.minor_units());
                self.end_transfer(&released.outgoing, false)
            }
            _ => Ok(()),
        }
    }

    fn end_transfer(&mut self, outgoing: &Outgoing, settled: bool) -> Result<(), String> {
        let transfer = self.transfers.remove(&outgoing.transfer_id).ok_or("nothing is reserved for its transfer")?;
        if transfer.outgoing != *outgoing {
            return Err("it ends another transfer than was begun".to_owned());
        }
        match (transfer.credited, settled) {
            (true, false) => Err("it releases what the payee has".to_owned()),
            (false, true) => Err("it settles what the payee does not have".to_owned()),
            _ => Ok(()),
        }
    }
}

fn held(account: &Account) -> i128 {
    account.balance().map_or(0, |balance| balance.minor_units().into())
}

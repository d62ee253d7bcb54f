//! What an exported log says of every position.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// An event of the log, as far as it moves money or opens an account.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) position: u64,
    pub(crate) account: String,
    pub(crate) kind: String,
    /// The amount, also one that was declined.
    pub(crate) amount: u64,
    /// What a declined payment was told.
    pub(crate) balance: u64,
    /// What tells the events of one operation from those of all others.
    pub(crate) tag: String,
}

/// A transfer, as the bank shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) position: u64,
    pub(crate) amount: u64,
    pub(crate) state: String,
    pub(crate) ended: Option<u64>,
}

#[derive(Clone, Debug)]
struct TransferHistory {
    reserved: u64,
    amount: u64,
    credited: Option<u64>,
    ended: Option<(u64, &'static str)>,
}

/// The log, and what could be asked of it at each position.
#[derive(Debug, Default)]
pub(crate) struct BankLog {
    pub(crate) events: Vec<Event>,
    /// The sum of all balances after the event at each position.
    totals: Vec<u64>,
    /// The accounts in order, with where each was created.
    created: Vec<(u64, (String, String))>,
    transfers: Vec<TransferHistory>,
}

impl BankLog {
    /// Reads an exported log, and folds it: after each event, what the accounts hold and what is on its way between
    /// them is what was paid in and not out.
    pub(crate) fn exported(path: &Path) -> Result<Self, String> {
        let mut log = Self { totals: vec![0], ..Self::default() };
        let mut balances = BTreeMap::<String, u64>::new();
        let mut versions = HashMap::<String, u64>::new();
        let mut transfers = HashMap::<String, usize>::new();
        let (mut inside, mut on_its_way) = (0, 0);
        for (line, position) in fs::read_to_string(path).unwrap().lines().zip(1..) {
            let event: Value = serde_json::from_str(line).unwrap();
            let version = versions.entry(event["stream"].to_string()).or_default();
            *version += 1;
            if event["position"] != position || event["version"] != *version {
                return Err(format!("position {position} should be version {version}: {line}"));
            }
            let (kind, data) = (event["type"].as_str().unwrap().to_owned(), &event["data"]);
            let account = data["account_id"].as_str().unwrap().to_owned();
            let amount = data["amount"].as_u64().or(data["amount_requested"].as_u64()).unwrap_or(0);
            let told = data["balance"].as_u64().unwrap_or(0);
            let mut tag = amount.to_string();
            let balance = match kind.as_str() {
                "bank_account_created" => balances.entry(account.clone()).or_default(),
                _ => balances.get_mut(&account).ok_or_else(|| format!("there is no such account: {line}"))?,
            };
            let id = data["transfer_id"].as_str().unwrap_or_default().to_owned();
            let rest = balance.checked_sub(amount).ok_or_else(|| format!("there is not as much: {line}"));
            match kind.as_str() {
                "bank_account_created" => {
                    tag = data["account_holder"].as_str().unwrap().to_owned();
                    log.created.push((position, (account.clone(), tag.clone())));
                }
                "money_deposited_into_bank_account" => {
                    *balance += amount;
                    inside += amount;
                }
                "money_withdrawn_from_bank_account" => {
                    *balance = rest?;
                    inside -= amount;
                }
                "account_overdrawn" if told != *balance || told >= amount => {
                    return Err(format!("it has {balance}: {line}"));
                }
                "money_reserved_for_transfer" => {
                    *balance = rest?;
                    on_its_way += amount;
                    transfers.insert(id, log.transfers.len());
                    log.transfers.push(TransferHistory { reserved: position, amount, credited: None, ended: None });
                }
                "transfer_credited" | "transfer_released" | "transfer_settled" => {
                    if kind != "transfer_settled" {
                        *balance += amount;
                        on_its_way -= amount;
                    }
                    let place = transfers.get(&id).ok_or_else(|| format!("of no transfer: {line}"))?;
                    let transfer = &mut log.transfers[*place];
                    let is_new =
                        transfer.ended.is_none() && (kind != "transfer_credited" || transfer.credited.is_none());
                    if !is_new || transfer.amount != amount {
                        return Err(format!("this has happened already: {line}"));
                    }
                    match kind.as_str() {
                        "transfer_credited" => transfer.credited = Some(position),
                        "transfer_released" => transfer.ended = Some((position, "released")),
                        _ => transfer.ended = Some((position, "settled")),
                    }
                }
                _ => {}
            }
            let total = balances.values().sum::<u64>();
            if total + on_its_way != inside {
                return Err(format!("{total} and {on_its_way} on its way are not {inside}: {line}"));
            }
            log.totals.push(total);
            log.events.push(Event { position, account, kind, amount, balance: told, tag });
        }
        Ok(log)
    }

    pub(crate) fn end(&self) -> u64 {
        self.events.len() as u64
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.created.iter().map(|(_, (account, _))| account.as_str())
    }

    pub(crate) fn half_done(&self) -> usize {
        self.transfers.iter().filter(|transfer| transfer.ended.is_none()).count()
    }

    /// The sum of all balances at a position.
    pub(crate) fn total(&self, position: u64) -> u64 {
        self.totals[position as usize]
    }

    /// The accounts that there are at a position, with their holders.
    pub(crate) fn account_list(&self, position: u64) -> Vec<(String, String)> {
        let there = self.created.iter().take_while(|(created, _)| *created <= position);
        there.map(|(_, account)| account.clone()).collect()
    }

    /// The transfers as they stand at a position.
    pub(crate) fn transfers(&self, from: u64, limit: usize, position: u64) -> Vec<Transfer> {
        let first = self.transfers.partition_point(|transfer| transfer.reserved < from);
        let begun = self.transfers[first..].iter().take_while(|transfer| transfer.reserved <= position);
        let record = |transfer: &TransferHistory| {
            let ended = transfer.ended.filter(|(ended, _)| *ended <= position);
            let credited = transfer.credited.is_some_and(|credited| credited <= position);
            let state = ended.map_or(if credited { "credited" } else { "reserved" }, |(_, state)| state);
            let (position, amount, ended) = (transfer.reserved, transfer.amount, ended.map(|(ended, _)| ended));
            Transfer { position, amount, state: state.to_owned(), ended }
        };
        begun.take(limit).map(record).collect()
    }
}

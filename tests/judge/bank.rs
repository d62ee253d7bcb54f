//! The history of a bank: what was said to it and heard of it, by whom and when, and the log it has left.
//!
//! Each account is judged by itself. Questions about the whole bank are held against the log: each is answered as of one
//! position, not before what had been acknowledged to anybody, nor what an earlier answer has shown.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::account::{Account, Deed};
use super::bank_log::{BankLog, Event, Transfer};
use super::{Entry, NEVER, judge};

/// What is said. No two operations on one bank have the same amount or the same holder: their events can be told apart.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Create { account: String, holder: String },
    Deposit { account: String, amount: u64 },
    Withdraw { account: String, amount: u64 },
    Transfer { payer: String, payee: String, amount: u64 },
    Balance { account: String },
    Total,
    List,
    Transfers { from: u64, limit: usize },
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { account, holder } => write!(f, "Bank.create {account:?}, {holder:?}"),
            Self::Deposit { account, amount } => write!(f, "Bank.deposit {account:?}, {amount}"),
            Self::Withdraw { account, amount } => write!(f, "Bank.withdraw {account:?}, {amount}"),
            Self::Transfer { payer, payee, amount } => write!(f, "Bank.transfer {payer:?}, {payee:?}, {amount}"),
            Self::Balance { account } => write!(f, "Bank.check_balance {account:?}"),
            Self::Total => f.write_str("Bank.get_total_deposits"),
            Self::List => f.write_str("Bank.get_account_list"),
            Self::Transfers { from, limit } => write!(f, "Bank.transfers from: {from}, limit: {limit}"),
        }
    }
}

impl Said {
    fn tag(&self) -> Option<String> {
        match self {
            Self::Create { holder, .. } => Some(holder.clone()),
            Self::Deposit { amount, .. } | Self::Withdraw { amount, .. } | Self::Transfer { amount, .. } => {
                Some(amount.to_string())
            }
            _ => None,
        }
    }

    /// Of the events that the log has of it.
    pub(crate) fn positions(&self, log: &BankLog) -> Vec<u64> {
        let tag = self.tag();
        let events = log.events.iter().filter(|event| tag.as_ref() == Some(&event.tag));
        events.map(|event| event.position).collect()
    }
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing, or that nobody knows.
    Nothing,
    Done,
    /// It is stored, and not everybody has seen it.
    Lagging,
    Refused(String),
    NoAccount,
    Balance(u64),
    Total(u64),
    List(Vec<(String, String)>),
    Transfers(Vec<Transfer>),
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) client: usize,
    pub(crate) called: i64,
    pub(crate) returned: i64,
    pub(crate) said: Said,
    pub(crate) heard: Heard,
    /// Of the events that came with the answer.
    pub(crate) positions: Vec<u64>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, said, heard, positions, .. } = self;
        write!(f, "client {client}: {said}  {heard:?} {positions:?}")
    }
}

/// What a program has printed for an operation: what was heard, and the positions of the events that came of it.
pub(crate) fn heard(said: &Said, answer: &Value) -> (Heard, Vec<u64>) {
    let reply = &answer["reply"];
    let events = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let positions = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = || reply.as_array().unwrap().iter();
    let heard = match (reply["error"].as_str(), said) {
        (Some("outcome_unknown" | "store_failed" | "bank_stopped"), _) => Heard::Nothing,
        (Some(refusal), _) => Heard::Refused(refusal.to_owned()),
        (None, Said::Balance { .. }) if reply == "no_account" => Heard::NoAccount,
        (None, Said::Balance { .. }) => Heard::Balance(reply.as_u64().unwrap()),
        (None, Said::Total) => Heard::Total(reply.as_u64().unwrap()),
        (None, Said::List) => Heard::List(rows().map(|row| (text(&row["id"]), text(&row["holder"]))).collect()),
        (None, Said::Transfers { .. }) => Heard::Transfers(
            rows()
                .map(|row| Transfer {
                    position: row["position"].as_u64().unwrap(),
                    amount: row["amount"].as_u64().unwrap(),
                    state: text(&row["state"]),
                    ended: row["ended"].as_u64(),
                })
                .collect(),
        ),
        (None, _) if reply == "ok" => Heard::Done,
        (None, _) if reply["ok"]["lagging"].is_array() => Heard::Lagging,
        _ => panic!("{said}: {answer}"),
    };
    (heard, positions)
}

/// Judges a history against the log it has left.
///
/// # Errors
///
/// What no order explains, for people.
pub(crate) fn judge_bank(calls: &[Call], log: &BankLog) -> Result<(), String> {
    let stored = stored(calls, log)?;
    if std::env::var_os("KINDS").is_some() {
        let o = out_of_order(calls, &stored).count();
        let m: Vec<_> = of_no_moment(calls, &stored, log).collect();
        let n = m.iter().filter(|m| m.contains("of no position")).collect::<Vec<_>>();
        eprintln!("KINDS order {o} moment {} none {n:#?}", m.len());
    }
    let inexplicable =
        accounts(calls, &stored).into_iter().filter_map(|(account, deeds)| judge::<Account>(&account, deeds).err());
    let faults = out_of_order(calls, &stored)
        .chain(of_no_moment(calls, &stored, log))
        .take(SHOWN)
        .chain(inexplicable.take(SHOWN));
    let faults: Vec<_> = faults.collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// So many faults of a kind are shown.
const SHOWN: usize = 2;

/// The events of each call, in its place.
fn stored<'a>(calls: &[Call], log: &'a BankLog) -> Result<Vec<Vec<&'a Event>>, String> {
    let mut by_tag = HashMap::<&str, Vec<&Event>>::new();
    for event in &log.events {
        by_tag.entry(&event.tag).or_default().push(event);
    }
    let mut all = Vec::new();
    for call in calls {
        let events = call.said.tag().and_then(|tag| by_tag.remove(tag.as_str())).unwrap_or_default();
        let there = |position: &u64| events.iter().any(|event| event.position == *position);
        if !call.positions.iter().all(there) {
            return Err(format!("the log has {events:?} of {call}"));
        }
        let refusals = ["account_exists", "no_account", "busy", "same_account", "too_many_transfers"];
        let is_wrong = match &call.heard {
            // A transfer has ended when it is answered: it is reserved, credited and settled, or declined or released.
            Heard::Done if matches!(call.said, Said::Transfer { .. }) => call.positions.len() != 3,
            Heard::Refused(refusal) if refusal == "no_payee" => call.positions.len() != 2,
            Heard::Done => call.positions.len() != 1,
            Heard::Lagging => events.is_empty(),
            Heard::Refused(refusal) => refusals.contains(&refusal.as_str()) && !events.is_empty(),
            _ => false,
        };
        if is_wrong {
            return Err(format!("the log has {events:?} of {call}"));
        }
        all.push(events);
    }
    if by_tag.is_empty() { Ok(all) } else { Err(format!("nobody has asked for {by_tag:?}")) }
}

/// What was done to each account.
fn accounts(calls: &[Call], stored: &[Vec<&Event>]) -> BTreeMap<String, Vec<Entry<Deed>>> {
    let mut accounts = BTreeMap::<String, Vec<Entry<Deed>>>::new();
    for (call, events) in calls.iter().zip(stored) {
        let text: Arc<str> = call.to_string().into();
        let mut deed = |account: &str, returned, deed| {
            let entry = Entry { called: call.called, returned, deed, text: text.clone() };
            accounts.entry(account.to_owned()).or_default().push(entry);
        };
        for event in events {
            let done = match event.kind.as_str() {
                "bank_account_created" => Deed::Create,
                "account_overdrawn" => Deed::Declined { balance: event.balance, asked: event.amount },
                "money_withdrawn_from_bank_account" | "money_reserved_for_transfer" => Deed::Out(event.amount),
                "transfer_settled" => continue,
                _ => Deed::In(event.amount),
            };
            // What was not in the answer may have come later.
            let returned = if call.positions.contains(&event.position) { call.returned } else { NEVER };
            deed(&event.account, returned, done);
        }
        match (&call.said, &call.heard) {
            (Said::Create { account, .. }, Heard::Refused(refusal)) if refusal == "account_exists" => {
                deed(account, call.returned, Deed::Exists);
            }
            (
                Said::Deposit { account, .. } | Said::Withdraw { account, .. } | Said::Transfer { payer: account, .. },
                Heard::Refused(refusal),
            ) if refusal == "no_account" => deed(account, call.returned, Deed::Absent),
            (Said::Transfer { payee, .. }, Heard::Refused(refusal)) if refusal == "no_payee" => {
                deed(payee, call.returned, Deed::Absent);
            }
            (Said::Balance { account }, Heard::NoAccount) => deed(account, call.returned, Deed::Absent),
            (Said::Balance { account }, Heard::Balance(balance)) => {
                deed(account, call.returned, Deed::Balance(*balance));
            }
            _ => {}
        }
    }
    accounts
}

/// The greatest position that was known when something was asked.
#[derive(Default)]
struct Known(Vec<(i64, u64)>);

impl Known {
    /// `found` may come in any order.
    fn from(mut found: Vec<(i64, u64)>) -> Self {
        found.sort_unstable();
        let mut known = Self::default();
        found.into_iter().for_each(|(moment, position)| known.add(moment, position));
        known
    }

    fn add(&mut self, moment: i64, position: u64) {
        let before = self.0.last().map_or(0, |(_, position)| *position);
        self.0.push((moment, position.max(before)));
    }

    fn before(&self, moment: i64) -> u64 {
        let place = self.0.partition_point(|(then, _)| *then < moment);
        place.checked_sub(1).map_or(0, |place| self.0[place].1)
    }
}

fn acknowledged(calls: &[Call]) -> Known {
    let positions = |call: &Call| call.positions.iter().max().map(|position| (call.returned, *position));
    Known::from(calls.iter().filter_map(positions).collect())
}

/// What was asked for after something was acknowledged comes after it.
fn out_of_order(calls: &[Call], stored: &[Vec<&Event>]) -> impl Iterator<Item = String> {
    let known = acknowledged(calls);
    let early = move |(call, events): (&Call, &Vec<&Event>)| {
        let known = known.before(call.called);
        let first = events.iter().map(|event| event.position).min()?;
        (first <= known).then(|| format!("position {known} was known before {call}, which came to {first}"))
    };
    calls.iter().zip(stored).filter_map(early)
}

/// Questions about the whole bank whose answers are of no moment at which they could have been answered.
fn of_no_moment(calls: &[Call], stored: &[Vec<&Event>], log: &BankLog) -> impl Iterator<Item = String> {
    let known = acknowledged(calls);
    // What was asked for later than something was answered is not in the answer.
    let mut later: Vec<(i64, u64)> = calls
        .iter()
        .zip(stored)
        .filter_map(|(call, events)| Some((call.called, events.iter().map(|event| event.position).min()?)))
        .collect();
    later.sort_unstable();
    let mut least = log.end() + 1;
    for (_, position) in later.iter_mut().rev() {
        least = least.min(*position);
        *position = least;
    }
    let mut questions: Vec<_> = calls.iter().collect();
    questions.sort_by_key(|call| call.returned);
    let mut shown = Known::default();
    questions.into_iter().filter_map(move |call| {
        let is_answer: Box<dyn Fn(u64) -> bool> = match (&call.said, &call.heard) {
            (_, Heard::Total(total)) => Box::new(|position| log.total(position) == *total),
            (_, Heard::List(list)) => Box::new(|position| log.account_list(position) == *list),
            (Said::Transfers { from, limit }, Heard::Transfers(transfers)) => {
                Box::new(|position| log.transfers(*from, *limit, position) == *transfers)
            }
            _ => return None,
        };
        let first = known.before(call.called).max(shown.before(call.called));
        let place = later.partition_point(|(called, _)| *called <= call.returned);
        let last = later.get(place).map_or(log.end(), |(_, position)| position - 1);
        if let Some(position) = (first..=last).find(|position| is_answer(*position)) {
            shown.add(call.returned, position);
            return None;
        }
        let of = (0..first).rev().chain(last + 1..=log.end()).find(|position| is_answer(*position));
        let of = of.map_or("of no position".to_owned(), |position| format!("of position {position}"));
        let (called, returned) = (call.called, call.returned);
        Some(format!("[{called} {returned}]  {call}\n  is {of}, and not of {first} to {last}"))
    })
}

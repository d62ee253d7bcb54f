//! Files of transactions: what becomes of their rows, by what the documents say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Account, Booked, LIMIT, Line, ModelBank, Reply, WAIVED, units};

/// A row of a file.
#[derive(Clone, Debug)]
pub(crate) struct FileRow {
    /// Of February 2024.
    pub(crate) day: u8,
    pub(crate) account: &'static str,
    /// In minor units, negative for what goes out.
    pub(crate) amount: i64,
    /// None for what comes in, nor for the account itself.
    pub(crate) to: Option<&'static str>,
    pub(crate) id: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) create: bool,
    pub(crate) effects: bool,
}

/// What became of the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) new: u64,
    pub(crate) known: u64,
    pub(crate) declined: u64,
    pub(crate) declined_before: u64,
    pub(crate) refused: u64,
    pub(crate) created: u64,
    /// Lines and reasons.
    pub(crate) listed: Vec<(u64, Reply)>,
}

/// What is stored of a row.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    content: String,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Booked,
    Declined(Reply),
    Released,
}

impl FileRow {
    fn date(&self) -> String {
        format!("2024-02-{:02}", self.day)
    }

    fn content(&self) -> String {
        let Self { day, account, amount, to, .. } = self;
        format!("{day} {account} {amount} {to:?}")
    }
}

/// The file, with amounts of so many decimals.
pub(crate) fn file(rows: &[FileRow], decimals: u8) -> String {
    let mut text = "id;to;amount;account;date\n".to_owned();
    for row in rows {
        let id = row.id.map_or_else(String::new, |id| format!("Nr {id}"));
        let (sign, minor) = (if row.amount < 0 { "-" } else { "" }, row.amount.unsigned_abs());
        let one = 10_u64.pow(decimals.into());
        let amount = match decimals {
            0 => minor.to_string(),
            _ => format!("{}.{:0width$}", minor / one, minor % one, width = decimals.into()),
        };
        let to = row.to.unwrap_or("");
        writeln!(text, "{id};{to};{sign}{amount};{};{}", row.account, row.date()).unwrap();
    }
    text
}

impl ModelBank {
    pub(crate) fn load(&mut self, rows: &[FileRow], options: Options) -> Report {
        let (mut equal, mut numbered) = (BTreeMap::<String, u64>::new(), Vec::new());
        for (row, line) in rows.iter().zip(2..) {
            let key = match row.id {
                Some(id) => format!("id {} {id}", row.account),
                None => {
                    let number = equal.entry(row.content()).or_default();
                    *number += 1;
                    format!("row {} {number}", row.content())
                }
            };
            numbered.push((line, key, row));
        }
        let is_latest_first = rows.windows(2).all(|pair| pair[0].day >= pair[1].day)
            && rows.first().map(|row| row.day) != rows.last().map(|row| row.day);
        if is_latest_first {
            numbered.reverse();
        }
        numbered.sort_by_key(|(_, _, row)| row.day);
        let (mut report, mut of_this_file) = (Report::default(), BTreeSet::new());
        for (line, key, row) in numbered {
            let content = row.content();
            let mut list = |why| report.listed.push((line, why));
            match self.loaded.get(&key) {
                Some(stored) if stored.content != content => {
                    report.refused += 1;
                    list(Reply::OtherContent);
                    continue;
                }
                Some(_) if of_this_file.contains(&key) => {
                    report.known += 1;
                    continue;
                }
                Some(Stored { outcome: Outcome::Booked, .. }) => {
                    report.known += 1;
                    continue;
                }
                Some(Stored { outcome: Outcome::Declined(why), .. }) => {
                    report.declined_before += 1;
                    list(*why);
                    continue;
                }
                Some(Stored { outcome: Outcome::Released, .. }) => {
                    if let Some(why) = self.would_be_released(row, options) {
                        report.refused += 1;
                        list(why);
                        continue;
                    }
                }
                None => {}
            }
            let reserved = self.transfers.len();
            let tried = self.book(row, options, &mut report.created);
            let outcome = match tried {
                Ok(()) => {
                    report.new += 1;
                    Some(Outcome::Booked)
                }
                Err(why @ Reply::Declined { .. }) => {
                    report.declined += 1;
                    list(why);
                    Some(Outcome::Declined(why))
                }
                Err(why) => {
                    report.refused += 1;
                    list(why);
                    (self.transfers.len() > reserved).then_some(Outcome::Released)
                }
            };
            if let Some(outcome) = outcome {
                of_this_file.insert(key.clone());
                self.loaded.insert(key, Stored { content, outcome });
            }
        }
        report.listed.sort_by_key(|(line, _)| *line);
        report
    }

    fn book(&mut self, row: &FileRow, options: Options, created: &mut u64) -> Result<(), Reply> {
        for name in [Some(row.account), row.to].into_iter().flatten().filter(|_| options.create) {
            if !self.accounts.contains_key(name) {
                self.create(name, None, false, 0)?;
                *created += 1;
            }
        }
        let (amount, date) = (row.amount.unsigned_abs(), row.date());
        let details = Some(format!("{:?} {:?}", None::<&str>, Some(&date)));
        let pin = WAIVED;
        match row.to {
            Some(payee) => self.transfer(row.account, payee, amount, pin, details),
            None if row.amount < 0 => {
                self.take_out(row.account, amount, pin, details, "Money Withdrawn", Booked::Withdrawal)
            }
            None if options.effects => {
                self.deposit(row.account, amount, details)?;
                self.bonus(row.account, amount);
                Ok(())
            }
            None => self.pay_in(row.account, amount, details),
        }
    }

    /// Why a transfer would come back: nothing is stored of one that has come back before.
    fn would_be_released(&self, row: &FileRow, options: Options) -> Option<Reply> {
        let (payer, amount) = (&self.accounts[row.account], units(row.amount.unsigned_abs()));
        let payee = self.accounts.get(row.to?);
        let begins = !payer.closed && !payer.frozen && payer.balance - amount >= -payer.limit;
        match payee {
            _ if !begins => None,
            None if options.create => None,
            None | Some(Account { closed: true, .. }) => Some(Reply::NoPayee),
            Some(payee) => (payee.balance + amount > units(LIMIT)).then_some(Reply::BalanceLimit),
        }
    }

    /// Puts the lines from a position on in the order in which they were stored: rows of other accounts are booked while a
    /// transfer is under way. False if they are not the same.
    pub(crate) fn reorder(&mut self, from: usize, stored: &[Line]) -> bool {
        let mut left: Vec<_> = self.log.split_off(from).into_iter().zip(self.booked.split_off(from)).collect();
        for line in stored {
            let Some(place) = left.iter().position(|(known, _)| known == line) else { return false };
            let (line, booked) = left.remove(place);
            self.log.push(line);
            self.booked.push(booked);
        }
        left.is_empty()
    }
}

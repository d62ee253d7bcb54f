//! What became of the rows of a file.

use crate::bank::{AccountId, Balance, NotTransferred, Refusal};

/// The most rows that are listed, and the most columns.
pub(super) const MOST_LISTED: usize = 20;

/// What became of the rows of a file, or would become in a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// All rows.
    pub rows: u64,
    /// Those that were booked.
    pub new: u64,
    /// Those that were booked before.
    pub known: u64,
    /// Those that were declined, which is an event.
    pub declined: u64,
    /// Those that were declined before, and stay declined.
    pub declined_before: u64,
    /// Those that were refused. Nothing was stored, and loading the file again tries them again.
    pub refused: u64,
    /// The accounts that were created.
    pub created: u64,
    /// The first rows that were declined, now or before, or refused, in the order of their lines.
    pub listed: Vec<NotBooked>,
    /// The first columns of the file that say nothing to the bank, by their names: one of them may be misspelt.
    pub unread: Vec<String>,
}

/// A row that was not booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBooked {
    /// The line at which it begins.
    pub line: u64,
    /// Its account.
    pub account: AccountId,
    /// Why it was not booked.
    pub why: WhyNotBooked,
}

/// Why a row was not booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNotBooked {
    /// The balance was too low.
    Overdrawn {
        /// The balance.
        balance: Balance,
    },
    /// Another row of this account has the same id.
    OtherContent,
    /// The account refused it.
    Refused(Refusal),
    /// The payee could not take it. The payer has the money back.
    NotTransferred(NotTransferred),
}

/// What became of a row before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It was booked.
    Booked,
    /// It was declined.
    Declined { balance: Balance },
    /// Another row has its id.
    OtherContent,
    /// Its transfer was released, and would be again: its payee can take it no more than before.
    Released(NotTransferred),
}

impl Loaded {
    pub(super) fn booked(&mut self, was_known: bool) {
        self.rows += 1;
        match was_known {
            true => self.known += 1,
            false => self.new += 1,
        }
    }

    /// What is known of a row, and nothing was done for it.
    pub(super) fn known(&mut self, line: u64, account: &AccountId, known: Known) {
        let listed = |why| NotBooked { line, account: account.clone(), why };
        match known {
            Known::Booked => self.booked(true),
            Known::Declined { balance } => {
                self.declined_before += 1;
                self.list(listed(WhyNotBooked::Overdrawn { balance }));
            }
            Known::OtherContent => self.not_booked(listed(WhyNotBooked::OtherContent)),
            Known::Released(reason) => self.not_booked(listed(WhyNotBooked::NotTransferred(reason))),
        }
    }

    pub(super) fn not_booked(&mut self, row: NotBooked) {
        match row.why {
            WhyNotBooked::Overdrawn { .. } => self.declined += 1,
            WhyNotBooked::OtherContent | WhyNotBooked::Refused(_) | WhyNotBooked::NotTransferred(_) => {
                self.refused += 1;
            }
        }
        self.list(row);
    }

    fn list(&mut self, row: NotBooked) {
        self.rows += 1;
        // Rows come in the order of booking, which is another one.
        let place = self.listed.partition_point(|listed| listed.line < row.line);
        if place < MOST_LISTED {
            self.listed.insert(place, row);
            self.listed.truncate(MOST_LISTED);
        }
    }
}

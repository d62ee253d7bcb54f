//! The plan of a load: all rows of the file, each with the id of its command, in the order in which they are booked.

use std::mem;
use std::path::Path;

use foldhash::HashMap;
use uuid::{Uuid, Version};

use super::columns::Header;
use super::errors::{LoadError, Mistake, Unreadable};
use super::file::Records;
use super::options::LoadOptions;
use super::report::MOST_LISTED;
use super::rows::{Row, RowBooking, RowReader, Setting};
use crate::bank::{AccountCommand, AccountEvent, AccountId, Memo};
use crate::engine::domain::Command as _;
use crate::engine::log::{Fingerprint, Metadata, RecordedEvent};

/// What the ids of loaded rows are derived from. It never changes: loaded logs hold these ids.
const LOADED: Uuid = Uuid::from_u128(0x6c6f_6164_6564_4c6f_8c6f_6164_6564_2031);

/// The first bytes of an id, by which it is sorted.
const SORTED_BYTES: usize = 6;

/// Rows between two progress reports.
const REPORT_EVERY: usize = 1_024;

/// All rows of a file.
pub(super) struct Plan {
    /// In the order of booking: by date, then as in the file.
    pub(super) rows: Vec<PlannedRow>,
    /// The first columns that say nothing to the bank.
    pub(super) unread: Vec<String>,
}

/// A row and the id of its command.
pub(super) struct PlannedRow {
    pub(super) row: Row,
    /// The id of the row, unless it is a transfer that was [tried before](PlannedRow::try_again).
    pub(super) command_id: Uuid,
}

impl PlannedRow {
    pub(super) fn command(&self) -> AccountCommand {
        self.row.command(self.command_id.into(), self.row.details.clone())
    }

    /// The same, with the details taken out of the row.
    pub(super) fn take_command(&mut self) -> AccountCommand {
        let details = mem::take(&mut self.row.details);
        self.row.command(self.command_id.into(), details)
    }

    /// The metadata of its command, with the details of `sender`. What a row says is in its id, unless its file names it: then
    /// the fingerprint of its [content](Self::named_content) tells whether the file says the same another time.
    pub(super) fn metadata(&self, content: Option<Fingerprint>, sender: &Metadata) -> Metadata {
        let metadata = sender.with_ids(self.command_id, self.command_id, self.command_id);
        content.into_iter().fold(metadata, Metadata::with_fingerprint)
    }

    /// Gives a transfer that was released its next id. The first attempt has the id of the row, and each later id is
    /// derived from the one before: all who load the file try the same one, and the money moves once.
    pub(super) fn try_again(&mut self) {
        let next = Uuid::new_v5(&self.command_id, b"again");
        self.command_id = beside(self.command_id, next);
    }

    /// What the row says, if its file names it: another row may have the same name.
    pub(super) fn named_content(&self) -> Option<Fingerprint> {
        self.row.id.as_ref().map(|_| self.command().fingerprint())
    }

    /// Whether a stored command with the same id is this one.
    pub(super) fn is_same_as(&self, stored: &Metadata) -> bool {
        let metadata = self.metadata(self.named_content(), &Metadata::from_outside(self.command_id));
        metadata.may_be_same_command_as(stored)
    }
}

/// Whether an event may be that of a row: its command has an id such as rows have, and it has a booking date. Nothing else
/// that takes money out of an account is an act of the bank itself, except for reversals.
pub(in crate::bank) fn may_be_of_a_row(event: &RecordedEvent<AccountEvent>) -> bool {
    let Metadata { command_id, .. } = &event.metadata;
    [event.metadata.correlation_id(), event.metadata.causation_id()] == [*command_id; 2]
        && matches!(command_id.get_version(), Some(Version::Sha1 | Version::Custom))
        && event.data.details().is_some_and(|details| details.booking_date().is_some())
}

/// The id of the command that creates an account for its rows.
pub(super) fn creation_id(account: &AccountId) -> Uuid {
    Uuid::new_v5(&LOADED, format!("create\n{account}").as_bytes())
}

/// Reads a whole file.
pub(super) fn read_plan(
    path: &Path,
    options: &LoadOptions,
    setting: &Setting,
    tell: impl FnMut(u64, u64),
) -> Result<Plan, LoadError> {
    read(path, options, setting, tell).map_err(|unreadable| unreadable.of(path))
}

fn read(
    path: &Path,
    options: &LoadOptions,
    setting: &Setting,
    mut tell: impl FnMut(u64, u64),
) -> Result<Plan, Unreadable> {
    let mut records = Records::open(path, options.encoding)?;
    let header = match records.next()? {
        None => return Err(Mistake::new(1, "the file has no header").into()),
        Some((line, record)) => {
            let names = record.iter().map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()));
            let names = names.collect::<Result<_, _>>();
            let no_utf8 = |_| Mistake::new(line, "the header is not UTF-8; encoding: \"latin1\" reads older files");
            Header::new(line, names.map_err(no_utf8)?, &options.columns)?
        }
    };
    let mut reader = RowReader::new(options, header, setting);
    let (mut rows, mut ids) = (Vec::new(), RowIds::default());
    while let Some((line, record)) = records.next().map_err(|unreadable| reader.header().naming_column(unreadable))? {
        let row = reader.read(line, record)?;
        let command_id = ids.of(&row);
        rows.push(PlannedRow { row, command_id });
        if rows.len().is_multiple_of(REPORT_EVERY) {
            let (done, total) = records.progress();
            tell(done, total);
        }
    }
    in_order_of_booking(&mut rows);
    let unread = reader.header().unread().take(MOST_LISTED).map(str::to_owned).collect();
    Ok(Plan { rows, unread })
}

/// By date, and of one date as in the file. Many banks list the latest booking first: then a date's last row comes first.
fn in_order_of_booking(rows: &mut [PlannedRow]) {
    let is_latest_first = rows.windows(2).all(|pair| pair[0].row.date >= pair[1].row.date)
        && rows.first().map(|first| first.row.date) > rows.last().map(|last| last.row.date);
    if is_latest_first {
        rows.reverse();
    }
    rows.sort_by_key(|planned| planned.row.date);
}

/// Derives the ids of the rows of a file.
#[derive(Default)]
struct RowIds {
    /// How many rows had each content.
    equal_rows: HashMap<Uuid, u64>,
}

impl RowIds {
    /// The id of a row: of its account and its id, or else of its content and the number of equal rows before it.
    fn of(&mut self, row: &Row) -> Uuid {
        if let Some(id) = &row.id {
            let derived = Uuid::new_v5(&LOADED, format!("id\n{}\n{id}", row.account).as_bytes());
            let number = id.trim_start_matches(|character: char| !character.is_ascii_digit());
            return number.parse().map_or(derived, |number| sorted_by(number, derived));
        }
        // No part has a line break: names and memos have none.
        let (booking, payee) = match &row.booking {
            RowBooking::Deposit => ("deposit", ""),
            RowBooking::Withdrawal => ("withdrawal", ""),
            RowBooking::TransferTo(payee) => ("transfer", payee.as_str()),
        };
        let (date, amount, memo) = (row.date, row.amount.minor_units(), row.details.memo().map_or("", Memo::as_str));
        let content = format!("row\n{}\n{date}\n{booking}\n{payee}\n{amount}\n{memo}", row.account);
        let content = Uuid::new_v5(&LOADED, content.as_bytes());
        let equal_rows = self.equal_rows.entry(content).or_default();
        let derived = Uuid::new_v5(&content, &equal_rows.to_be_bytes());
        *equal_rows += 1;
        sorted_by(date.start().as_micros().max(0).unsigned_abs() / 1_000, derived)
    }
}

/// The id with its first bytes replaced by those of a number that grows from row to row. Stores write ids faster, and find
/// them faster, where those of one time lie next to each other.
fn sorted_by(number: u64, derived: Uuid) -> Uuid {
    with_first_bytes(&number.to_be_bytes()[size_of::<u64>() - SORTED_BYTES..], derived)
}

/// The id next to another one.
fn beside(known: Uuid, derived: Uuid) -> Uuid {
    with_first_bytes(&known.as_bytes()[..SORTED_BYTES], derived)
}

fn with_first_bytes(first: &[u8], derived: Uuid) -> Uuid {
    let mut bytes = derived.into_bytes();
    bytes[..SORTED_BYTES].copy_from_slice(first);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

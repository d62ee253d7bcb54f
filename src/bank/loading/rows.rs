//! The rows of a file: what its records say to the bank.

use csv::ByteRecord;
use foldhash::HashSet;
use jiff::civil::Date;

use super::amounts::plain;
use super::columns::{Column, Header};
use super::errors::Mistake;
use super::options::LoadOptions;
use crate::bank::{
    AccountCommand, AccountId, BookingDate, BookingDetails, Currency, Memo, Money, Outgoing, TransferId,
};

/// A row of a file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) date: BookingDate,
    pub(super) account: AccountId,
    pub(super) booking: RowBooking,
    pub(super) amount: Money,
    pub(super) details: BookingDetails,
    /// What its file calls it.
    pub(super) id: Option<Box<str>>,
}

/// What a row books.
#[derive(Debug)]
pub(super) enum RowBooking {
    Deposit,
    Withdrawal,
    TransferTo(AccountId),
}

impl Row {
    /// The other account of a transfer.
    pub(super) fn payee(&self) -> Option<&AccountId> {
        match &self.booking {
            RowBooking::TransferTo(payee) => Some(payee),
            RowBooking::Deposit | RowBooking::Withdrawal => None,
        }
    }

    /// Its command. A transfer has the id of its command.
    pub(super) fn command(&self, transfer_id: TransferId) -> AccountCommand {
        let (account_id, amount, details) = (self.account.clone(), self.amount, self.details.clone());
        match &self.booking {
            RowBooking::Deposit => AccountCommand::DepositMoney { account_id, amount, details },
            RowBooking::Withdrawal => AccountCommand::WithdrawMoney { account_id, amount, details, pin: None },
            RowBooking::TransferTo(payee) => {
                let outgoing = Outgoing { account_id, transfer_id, payee: payee.clone(), amount, details };
                AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
            }
        }
    }
}

/// Reads rows from records.
pub(super) struct RowReader<'a> {
    options: &'a LoadOptions,
    header: Header,
    currency: Currency,
    today: BookingDate,
    /// The accounts so far, so that rows share their names.
    accounts: HashSet<AccountId>,
    /// The date of the row before, as it was written. Often the next has the same.
    last_date: Option<(Box<str>, BookingDate)>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(options: &'a LoadOptions, header: Header, currency: Currency, today: BookingDate) -> Self {
        Self { options, header, currency, today, accounts: HashSet::default(), last_date: None }
    }

    pub(super) fn read(&mut self, line: u64, record: &ByteRecord) -> Result<Row, Mistake> {
        if record.len() != self.header.len() {
            let problem = format!("the row has {} fields, and the header has {}", record.len(), self.header.len());
            return Err(Mistake::new(line, problem));
        }
        let fields = Fields { line, record, header: &self.header };
        let date = fields.needed(Column::Date)?;
        let date = match &self.last_date {
            Some((written, known)) if **written == *date => *known,
            _ => {
                let read = read_date(date, self.options.dates.as_deref());
                let read = read.map_err(|problem| fields.mistake(Column::Date, problem))?;
                self.last_date = Some((date.into(), read));
                read
            }
        };
        let account = fields.needed(Column::Account)?;
        let account =
            known_account(&mut self.accounts, account).map_err(|problem| fields.mistake(Column::Account, problem))?;
        let payee = match fields.text(Column::To)? {
            None => None,
            Some(payee) => {
                Some(known_account(&mut self.accounts, payee).map_err(|problem| fields.mistake(Column::To, problem))?)
            }
        };
        let (column, minor_units) = fields.minor_units(self.options, self.currency)?;
        let amount = Money::new(minor_units.unsigned_abs());
        let amount = amount.map_err(|problem| fields.mistake(column, problem.to_string()))?;
        let booking = match payee {
            Some(_) if column == Column::Deposit => {
                return Err(fields.mistake(Column::To, "a deposit goes to no other account".to_owned()));
            }
            // With a sign or without one: money that goes to an account goes out of this one.
            Some(payee) if payee == account => {
                return Err(fields.mistake(Column::To, "an account cannot transfer money to itself".to_owned()));
            }
            Some(payee) => RowBooking::TransferTo(payee),
            None if minor_units < 0 => RowBooking::Withdrawal,
            None => RowBooking::Deposit,
        };
        let memo = fields.text(Column::Memo)?.map(Memo::new).transpose();
        let memo = memo.map_err(|problem| fields.mistake(Column::Memo, problem.to_string()))?;
        let details = BookingDetails::new(memo, Some(date), self.today);
        let details = details.map_err(|problem| fields.mistake(Column::Date, problem.to_string()))?;
        let id = fields.text(Column::Id)?.map(Box::from);
        Ok(Row { line, date, account, booking, amount, details, id })
    }
}

/// An account by its name, shared with the rows before.
fn known_account(accounts: &mut HashSet<AccountId>, name: &str) -> Result<AccountId, String> {
    if let Some(known) = accounts.get(name) {
        return Ok(known.clone());
    }
    let account = AccountId::new(name).map_err(|problem| problem.to_string())?;
    accounts.insert(account.clone());
    Ok(account)
}

fn read_date(written: &str, format: Option<&str>) -> Result<BookingDate, String> {
    let Some(format) = format else {
        return written.parse().map_err(|problem: crate::bank::InvalidDate| {
            format!("{problem}; dates: \"%d.%m.%Y\" says what other dates look like")
        });
    };
    let date = Date::strptime(format, written).map_err(|problem| problem.to_string())?;
    date.to_string().parse().map_err(|problem: crate::bank::InvalidDate| problem.to_string())
}

/// The fields of a record.
struct Fields<'a> {
    line: u64,
    record: &'a ByteRecord,
    header: &'a Header,
}

impl<'a> Fields<'a> {
    fn mistake(&self, column: Column, problem: String) -> Mistake {
        let name = self.header.place(column).map_or(column.name(), |place| self.header.name_at(place));
        Mistake::in_column(self.line, name, problem)
    }

    /// The text in a column; `None` if there is none.
    fn text(&self, column: Column) -> Result<Option<&'a str>, Mistake> {
        let field = self.header.place(column).and_then(|place| self.record.get(place));
        let text = field.map(std::str::from_utf8).transpose();
        let text = text.map_err(|_| {
            self.mistake(column, "this is not UTF-8; encoding: \"latin1\" reads what older programs write".to_owned())
        })?;
        Ok(text.map(str::trim).filter(|text| !text.is_empty()))
    }

    fn needed(&self, column: Column) -> Result<&'a str, Mistake> {
        self.text(column)?.ok_or_else(|| self.mistake(column, "this is empty".to_owned()))
    }

    /// The amount, negative for a withdrawal, and the column where it stands.
    fn minor_units(&self, options: &LoadOptions, currency: Currency) -> Result<(Column, i64), Mistake> {
        let read = |column| {
            let Some(written) = self.text(column)? else { return Ok(None) };
            let digits = plain(written, options.decimal);
            let problem = || {
                let mark = "decimal: \",\" reads 1.000,50";
                self.mistake(column, format!("{written:?} is no amount; {mark}"))
            };
            let digits = digits.ok_or_else(problem)?;
            match currency.read(&digits) {
                Ok(minor_units) => Ok(Some(minor_units)),
                Err(crate::bank::NoAmount::NoNumber) => Err(problem()),
                Err(reason) => Err(self.mistake(column, format!("{written:?}: {reason}"))),
            }
        };
        if self.header.place(Column::Amount).is_some() {
            self.needed(Column::Amount)?;
            return Ok((Column::Amount, read(Column::Amount)?.unwrap_or(0)));
        }
        let of = |column| Ok(read(column)?.filter(|minor_units| *minor_units != 0));
        let (column, minor_units) = match (of(Column::Deposit)?, of(Column::Withdrawal)?) {
            (Some(deposit), None) => (Column::Deposit, deposit),
            (None, Some(withdrawal)) => (Column::Withdrawal, withdrawal),
            (None, None) => return Err(self.mistake(Column::Deposit, "there is neither deposit nor withdrawal".into())),
            (Some(_), Some(_)) => {
                return Err(self.mistake(Column::Withdrawal, "there is both a deposit and a withdrawal".into()));
            }
        };
        if minor_units < 0 {
            return Err(self.mistake(column, "the sign is in the name of the column".into()));
        }
        Ok((column, if column == Column::Withdrawal { -minor_units } else { minor_units }))
    }
}

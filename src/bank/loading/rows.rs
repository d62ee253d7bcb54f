//! The rows of a file: what its records say to the bank.

use csv::ByteRecord;
use foldhash::HashSet;

use super::amounts::plain;
use super::columns::{Column, Header};
use super::dates::read_plain;
use super::errors::Mistake;
use super::options::LoadOptions;
use crate::bank::{
    AccountCommand, AccountId, BookingDate, BookingDetails, Currency, InvalidName, Memo, Money, NoAmount, Outgoing,
    PinCheck, TransferId,
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

    /// Its command, which needs no PIN. A transfer has the id of its command.
    pub(super) fn command(&self, transfer_id: TransferId, details: BookingDetails) -> AccountCommand {
        let (account_id, amount) = (self.account.clone(), self.amount);
        let pin = || Some(Box::new(PinCheck::Waived));
        match &self.booking {
            RowBooking::Deposit => AccountCommand::DepositMoney { account_id, amount, details },
            RowBooking::Withdrawal => AccountCommand::WithdrawMoney { account_id, amount, details, pin: pin() },
            RowBooking::TransferTo(payee) => {
                let outgoing = Outgoing { account_id, transfer_id, payee: payee.clone(), amount, details };
                AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: pin() }
            }
        }
    }
}

/// What it takes to read rows, besides the options.
pub(super) struct Setting {
    pub(super) currency: Currency,
    pub(super) today: BookingDate,
    /// Whether there is an account of a name.
    pub(super) is_there: Box<dyn Fn(&str) -> bool + Send>,
}

/// Reads rows from records.
pub(super) struct RowReader<'a> {
    options: &'a LoadOptions,
    header: Header,
    setting: &'a Setting,
    /// The accounts so far, so that rows share their names.
    accounts: HashSet<AccountId>,
    /// The date of the row before, as it was written. Often the next has the same.
    last_date: Option<(Box<str>, BookingDate)>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(options: &'a LoadOptions, header: Header, setting: &'a Setting) -> Self {
        Self { options, header, setting, accounts: HashSet::default(), last_date: None }
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
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
                let read = match &self.options.dates {
                    Some(pattern) => pattern.read(date),
                    None => read_plain(date),
                };
                let read = read.map_err(|problem| fields.mistake(Column::Date, problem))?;
                self.last_date = Some((date.into(), read));
                read
            }
        };
        let account = fields.needed(Column::Account)?;
        let account = known_account(&mut self.accounts, account, self.setting);
        let account = account.map_err(|problem| fields.mistake(Column::Account, problem.to_string()))?;
        let payee = match fields.text(Column::To)? {
            None => None,
            Some(payee) => {
                let payee = known_account(&mut self.accounts, payee, self.setting);
                Some(payee.map_err(|problem| fields.mistake(Column::To, problem.to_string()))?)
            }
        };
        let (column, minor_units) = fields.minor_units(self.options, self.setting.currency)?;
        let amount = Money::new(minor_units.unsigned_abs()).map_err(|_| {
            let most = self.setting.currency.written(Money::MAX.minor_units().into());
            let problem = match minor_units {
                0 => "the amount is zero, and there is nothing to book".to_owned(),
                _ => format!("an amount is {most} at most"),
            };
            fields.mistake(column, problem)
        })?;
        let booking = match payee {
            Some(_) if column == Column::Deposit => {
                return Err(fields.mistake(Column::To, "a deposit goes to no other account".to_owned()));
            }
            Some(payee) if payee == account => {
                return Err(fields.mistake(Column::To, "an account cannot transfer money to itself".to_owned()));
            }
            Some(_) if minor_units > 0 => {
                let amount = fields.name(column);
                let problem = format!(
                    "what goes to another account goes out, so that its amount is negative; columns: \"{amount}=withdrawal\" \
                     reads a column without signs of what goes out"
                );
                return Err(fields.mistake(column, problem));
            }
            Some(payee) => RowBooking::TransferTo(payee),
            None if minor_units < 0 => RowBooking::Withdrawal,
            None => RowBooking::Deposit,
        };
        let memo = fields.text(Column::Memo)?.map(Memo::new).transpose();
        let memo = memo.map_err(|problem| fields.mistake(Column::Memo, problem.to_string()))?;
        let details = BookingDetails::new(memo, Some(date), self.setting.today);
        let details = details.map_err(|problem| fields.mistake(Column::Date, problem.to_string()))?;
        let id = fields.text(Column::Id)?.map(Box::from);
        Ok(Row { line, date, account, booking, amount, details, id })
    }
}

/// An account by its name, shared with the rows before. A name that looks like another one is that of an account that is
/// there, or a mistake.
fn known_account(accounts: &mut HashSet<AccountId>, name: &str, setting: &Setting) -> Result<AccountId, InvalidName> {
    if let Some(known) = accounts.get(name) {
        return Ok(known.clone());
    }
    let account = AccountId::new(name)?;
    match account.check_new() {
        Err(invalid) if !(setting.is_there)(name) => return Err(invalid),
        _ => {}
    }
    accounts.insert(account.clone());
    Ok(account)
}

/// Whether a text is that of a number: then it is one that is too large.
fn is_number(digits: &str) -> bool {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole.strip_prefix('-').unwrap_or(whole)) && are_digits(decimals)
}

/// The fields of a record.
struct Fields<'a> {
    line: u64,
    record: &'a ByteRecord,
    header: &'a Header,
}

impl<'a> Fields<'a> {
    fn mistake(&self, column: Column, problem: String) -> Mistake {
        Mistake::in_column(self.line, self.name(column), problem)
    }

    /// What the file calls a column.
    fn name(&self, column: Column) -> &str {
        self.header.place(column).map_or(column.name(), |place| self.header.name_at(place))
    }

    /// The text in a column; `None` if there is none.
    fn text(&self, column: Column) -> Result<Option<&'a str>, Mistake> {
        let field = self.header.place(column).and_then(|place| self.record.get(place));
        let text = field.map(std::str::from_utf8).transpose();
        let text = text.map_err(|_| {
            self.mistake(
                column,
                "this is not UTF-8; encoding: \"latin1\" reads what older programs write, Windows-1252 too".to_owned(),
            )
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
                Err(NoAmount::NoNumber) if is_number(&digits) => {
                    let most = currency.written(Money::MAX.minor_units().into());
                    Err(self.mistake(column, format!("an amount is {most} at most")))
                }
                Err(NoAmount::NoNumber) => Err(problem()),
                Err(reason @ NoAmount::NoDecimals) => {
                    let mended = "write 10 for 10.00, or load it into a bank that was opened with a currency";
                    Err(self.mistake(column, format!("{written:?}: {reason}; {mended}")))
                }
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
            (None, None) => {
                let is_there = |column: &Column| self.header.place(*column).is_some();
                let columns = [Column::Deposit, Column::Withdrawal].into_iter().filter(is_there).collect::<Vec<_>>();
                return Err(match columns[..] {
                    [only] => self.mistake(only, "there is no amount".into()),
                    _ => self.mistake(Column::Deposit, "there is neither deposit nor withdrawal".into()),
                });
            }
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

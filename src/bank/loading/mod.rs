//! Loading bookings from a file of comma-separated values.
//!
//! The whole [file](file) is read and checked before anything is booked. Then the rows are [put in the order of their
//! dates](plan) and [booked](booking) as commands, many of them in flight at once. A row's command id is derived from the
//! row, so that loading it again has the outcome of the first time.

mod amounts;
mod beginning;
mod booking;
mod columns;
mod dates;
mod dry_run;
mod errors;
mod file;
mod known;
mod options;
mod plan;
mod quotes;
mod report;
mod rows;
mod rows_in_flight;

use std::path::Path;

use tokio::sync::mpsc;

pub use self::columns::{Column, ColumnNames, InvalidColumns};
pub use self::dates::{DatePattern, InvalidDatePattern};
pub use self::errors::{LoadError, Mistake};
pub use self::options::{DecimalMark, Encoding, LoadOptions, UnknownDecimalMark, UnknownEncoding};
pub(in crate::bank) use self::plan::may_be_of_a_row;
use self::plan::{Plan, read_plan};
pub use self::report::{Loaded, NotBooked, WhyNotBooked};
use self::rows::Setting;
use crate::bank::{Bank, Unavailable};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::blocking;

/// A step of loading a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadStep {
    /// Reading and checking the file. The amounts of work are bytes.
    Read,
    /// Booking its rows, or finding out what would happen.
    Book,
}

impl Bank {
    /// Loads the rows of a file: deposits, withdrawals and transfers of the past, booked by date. `tell` is called now and
    /// then with the amounts of work done and in total.
    ///
    /// Nothing is booked of a file with a mistake. Rows that were booked before are known by their ids and are not booked
    /// again; what was refused is tried again, and so is a transfer that was released. If the future is dropped, what was
    /// sent is booked, and the file may be loaded again.
    ///
    /// # Errors
    ///
    /// [`LoadError`]: why the file was not loaded, or not to its end.
    pub async fn load(
        &self,
        path: &Path,
        options: LoadOptions,
        mut tell: impl FnMut(LoadStep, u64, u64) + Send,
    ) -> Result<Loaded, LoadError> {
        let bank = self.with_consistency(Consistency::Strong);
        let balances = bank.balances().clone();
        let is_there = move |account: &str| balances.read(|balances| balances.balance(account).is_some());
        let setting = Setting {
            currency: bank.currency().await?,
            today: bank.booking_day().await?,
            is_there: Box::new(is_there),
        };
        // Whatever was booked or released before can be told from now on.
        bank.catch_up().await?;
        let (is_dry_run, creates, effects) = (options.dry_run, options.create, options.effects);
        let plan = {
            let (progress, mut reports) = mpsc::channel(1);
            let path = path.to_owned();
            let reading = blocking(move || {
                read_plan(&path, &options, &setting, |done, total| {
                    // A full channel drops this report: later ones say more.
                    let _ = progress.try_send((done, total));
                })
            });
            let mut reading = std::pin::pin!(reading);
            loop {
                tokio::select! {
                    biased;
                    read = &mut reading => break read,
                    Some((done, total)) = reports.recv() => tell(LoadStep::Read, done, total),
                }
            }
        };
        let plan: Plan = plan.map_err(|not_done| Unavailable::Defect(not_done.to_string()))??;
        let mut tell = |done, total| tell(LoadStep::Book, done, total);
        match is_dry_run {
            true => bank.would_book(plan, creates, effects, &mut tell).await,
            false => bank.book(plan, creates, effects, &mut tell).await,
        }
    }
}

//! The invariants of a bank's log: a currency is chosen first if at all, accounts are created once, transfers proceed in
//! order, what is reversed was booked, nothing passes a frozen, closed or locked account that may not, no account falls
//! below its overdraft limit, and money is conserved.

mod reversible;
mod transfers;

use foldhash::HashMap;

use self::reversible::Reversible;
use self::transfers::OpenTransfers;
use super::account::{Account, AccountEvent, AccountId, BookingDate, Movement, Refusal};
use super::currency::{Ledger, TheLedger};
use super::loading::may_be_of_a_row;
use super::pin::PinVerifier;
use crate::engine::domain::{Aggregate, Invariants};
use crate::engine::log::{RecordedEvent, StreamId};
use crate::printable::{InvalidName, check_stored_name};

/// The state of every account and open transfer, folded from the events checked so far.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Whether there was an event.
    has_begun: bool,
    accounts: HashMap<StreamId, Account>,
    transfers: OpenTransfers,
    reversible: Reversible,
    /// Deposits minus withdrawals, in minor units.
    paid_in: i128,
    /// The sum of all balances, in minor units.
    held: i128,
}

impl Invariants<AccountEvent> for Audit {
    fn look_at(&self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        let RecordedEvent { stream, data, .. } = event;
        match data.account_id() {
            Some(account) if stream.is_of(Account::CATEGORY, account.as_str()) => Ok(()),
            Some(_) => Err(format!("its account differs from its stream {stream}")),
            None if *stream == StreamId::new(Ledger::CATEGORY, &TheLedger) => Ok(()),
            None => Err(format!("it stands in the stream {stream}, and not in the ledger's")),
        }
    }

    fn take(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        let RecordedEvent { stream, data, .. } = event;
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if let AccountEvent::CurrencyChosen(_) = data {
            let too_late = || "it chooses a currency, and is not the first event".to_owned();
            return if is_first { Ok(()) } else { Err(too_late()) };
        }
        let account = self.accounts.entry(stream.clone()).or_default();
        let is_creation = matches!(data, AccountEvent::AccountCreated { .. });
        match (account.balance(), is_creation) {
            (None, false) => return Err("its account was never created".to_owned()),
            (Some(_), true) => return Err("its account is created again".to_owned()),
            (None, true) | (Some(_), false) => {}
        }
        if let Some(reason) = account.rules_out(data, may_be_of_a_row(event)) {
            return Err(reason.to_owned());
        }
        let booked_on = data.details().and_then(|details| details.booking_date());
        // A day more: the clock may have been set back between the check of the date and the recording.
        if booked_on.is_some_and(|date| date.before() > BookingDate::of(event.time)) {
            return Err("it is booked on a day after it was recorded".to_owned());
        }
        if booked_on.is_some() && data.reversal_of().is_some() {
            return Err("it is a reversal, and has a booking date of its own".to_owned());
        }
        let balance_before = balance_of(account);
        if data.reversed_command().is_some_and(|command_id| account.has_reversed(command_id)) {
            return Err("it reverses what was reversed before".to_owned());
        }
        self.reversible.follow(event)?;
        account.apply(data);
        let is_below_limit = account.is_below_limit();
        self.held += balance_of(account) - balance_before;
        self.transfers.follow(data, |payee| self.accounts.get(&stream_of(payee)))?;
        self.paid_in += match (data.movement(), data.transfer_id()) {
            (Some(Movement::In(amount)), None) => i128::from(amount.minor_units()),
            (Some(Movement::Out(amount)), None) => -i128::from(amount.minor_units()),
            // Steps of transfers stay within the bank.
            (Some(_), Some(_)) | (None, _) => 0,
        };
        let reserved = self.transfers.reserved();
        if self.held + reserved != self.paid_in {
            let Self { held, paid_in, .. } = self;
            return Err(format!(
                "money is not conserved: balances of {held} and reservations of {reserved} do not add up to the \
                 {paid_in} paid in and not paid out"
            ));
        }
        match is_below_limit {
            true => Err("its account falls below its overdraft limit".to_owned()),
            false => Ok(()),
        }
    }

    /// Stored events stay readable, whatever they contain. But no import adds a name with hidden characters, a currency that
    /// nobody could choose, a PIN that is expensive to check, or more transfers under way than an account allows.
    fn admit(&self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        if let Some(user) = event.metadata.user() {
            check_stored_name(user).map_err(|error| format!("its user: {error}"))?;
        }
        match &event.data {
            AccountEvent::AccountCreated { account_holder, .. } => {
                if let Err(error @ InvalidName::ControlCharacter) = check_stored_name(account_holder.name()) {
                    return Err(format!("the holder of its account: {error}"));
                }
                match account_holder.pin_verifier().is_some_and(PinVerifier::is_expensive) {
                    true => Err("its PIN is too expensive to check".to_owned()),
                    false => Ok(()),
                }
            }
            AccountEvent::CurrencyChosen(chosen) => match chosen.currency().is_of_today() {
                true => Ok(()),
                false => Err("its currency is not one of ISO 4217, or has other decimals there".to_owned()),
            },
            AccountEvent::PinChanged { pin_verifier, .. } if pin_verifier.is_expensive() => {
                Err("its PIN is too expensive to check".to_owned())
            }
            AccountEvent::MoneyReserved(_) => {
                match self.accounts.get(&event.stream).is_some_and(Account::has_too_many_transfers) {
                    true => Err(format!("its account: {}", Refusal::TooManyTransfers)),
                    false => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

fn stream_of(account: &AccountId) -> StreamId {
    StreamId::new(Account::CATEGORY, account)
}

fn balance_of(account: &Account) -> i128 {
    account.balance().map_or(0, |balance| balance.minor_units().into())
}

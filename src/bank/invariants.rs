//! The invariants of a bank's log: a currency is chosen first if at all, accounts are created once, transfers proceed in
//! order, no account falls below its overdraft limit, and money is conserved.

use foldhash::HashMap;

use super::account::{
    Account, AccountEvent, BookingDate, HolderName, InvalidName, Movement, Outgoing, Refusal, TransferId,
};
use super::currency::{Ledger, TheLedger};
use super::pin::PinVerifier;
use crate::engine::domain::{Aggregate, Invariants};
use crate::engine::log::{RecordedEvent, StreamId};

/// The state of every account and open transfer, folded from the events checked so far.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Whether there was an event.
    has_begun: bool,
    accounts: HashMap<StreamId, Account>,
    /// The transfers that have not ended.
    transfers: HashMap<TransferId, OpenTransfer>,
    /// Deposits minus withdrawals, in minor units.
    paid_in: i128,
    /// The sum of all balances, in minor units.
    held: i128,
    /// The sum of all reservations that are not credited yet, in minor units.
    reserved: i128,
}

#[derive(Debug)]
struct OpenTransfer {
    outgoing: Outgoing,
    credited: bool,
}

impl Invariants<AccountEvent> for Audit {
    fn look_at(&self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        let RecordedEvent { stream, data, .. } = event;
        match data.account_id() {
            Some(account) if *stream == StreamId::new(Account::CATEGORY, account) => Ok(()),
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
        if let Some(reason) = account.rules_out(data) {
            return Err(reason.to_owned());
        }
        let booked_on = data.details().and_then(|details| details.booking_date());
        // A day more: the clock may have been set back between the check of the date and the recording.
        if booked_on.is_some_and(|date| date.before() > BookingDate::of(event.time)) {
            return Err("it is booked on a day after it was recorded".to_owned());
        }
        let balance_before = balance_of(account);
        if data.reversed_command().is_some_and(|command_id| account.has_reversed(command_id)) {
            return Err("it reverses what was reversed before".to_owned());
        }
        account.apply(data);
        self.held += balance_of(account) - balance_before;
        self.follow_transfer(data)?;
        self.paid_in += match (data.movement(), data.transfer_id()) {
            (Some(Movement::In(amount)), None) => i128::from(amount.minor_units()),
            (Some(Movement::Out(amount)), None) => -i128::from(amount.minor_units()),
            // Steps of transfers stay within the bank.
            (Some(_), Some(_)) | (None, _) => 0,
        };
        if self.held + self.reserved != self.paid_in {
            let Self { held, reserved, paid_in, .. } = self;
            return Err(format!(
                "money is not conserved: balances of {held} and reservations of {reserved} do not add up to the \
                 {paid_in} paid in and not paid out"
            ));
        }
        match self.accounts.get(stream).is_some_and(Account::is_below_limit) {
            true => Err("its account falls below its overdraft limit".to_owned()),
            false => Ok(()),
        }
    }

    /// Stored events stay readable, whatever they contain. But no import adds a name with hidden characters, a currency that
    /// nobody could choose, a PIN that is expensive to check, or more transfers under way than an account allows.
    fn admit(&self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        match &event.data {
            AccountEvent::AccountCreated { account_holder, .. } => {
                if let Err(error @ InvalidName::ControlCharacter) = HolderName::new(account_holder.name()) {
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

impl Audit {
    fn follow_transfer(&mut self, event: &AccountEvent) -> Result<(), String> {
        match event {
            AccountEvent::MoneyReserved(outgoing) => {
                self.reserved += i128::from(outgoing.amount.minor_units());
                let transfer = OpenTransfer { outgoing: outgoing.as_ref().clone(), credited: false };
                match self.transfers.insert(outgoing.transfer_id, transfer) {
                    None => Ok(()),
                    Some(_) => Err("its transfer is already under way".to_owned()),
                }
            }
            AccountEvent::TransferCredited(incoming) => {
                let transfer = self.transfers.get_mut(&incoming.transfer_id);
                let transfer = transfer.ok_or("nothing is reserved for its transfer")?;
                let Outgoing { account_id, payee, amount, .. } = &transfer.outgoing;
                if transfer.credited {
                    return Err("its transfer was already credited".to_owned());
                }
                if (account_id, payee, amount) != (&incoming.payer, &incoming.account_id, &incoming.amount) {
                    return Err("it differs from its reservation".to_owned());
                }
                transfer.credited = true;
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
            return Err("it differs from its reservation".to_owned());
        }
        match (transfer.credited, settled) {
            (true, false) => Err("it releases a credited transfer".to_owned()),
            (false, true) => Err("it settles a transfer that is not credited".to_owned()),
            (true, true) | (false, false) => Ok(()),
        }
    }
}

fn balance_of(account: &Account) -> i128 {
    account.balance().map_or(0, |balance| balance.minor_units().into())
}

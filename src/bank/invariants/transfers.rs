//! The transfers under way, and how much money is on its way with them.

use foldhash::HashMap;

use crate::bank::account::{Account, AccountEvent, AccountId, Incoming, Money, Outgoing, ReleaseReason, TransferId};

/// The transfers that have not ended.
#[derive(Debug, Default)]
pub(super) struct OpenTransfers {
    open: HashMap<TransferId, OpenTransfer>,
    /// The payees that are still to be credited.
    payees: HashMap<AccountId, Payee>,
    reserved: i128,
}

/// A payee that is still to be credited.
#[derive(Debug, Default)]
struct Payee {
    transfers: usize,
    /// The most that it has held since the first of these transfers was reserved, in minor units.
    most_held: i128,
}

#[derive(Debug)]
struct OpenTransfer {
    outgoing: Outgoing,
    /// Whether the payee was there, and not closed, when the amount was reserved.
    had_payee: bool,
    credited: bool,
}

impl OpenTransfers {
    /// The sum of all reservations that are not credited yet, in minor units.
    pub(super) fn reserved(&self) -> i128 {
        self.reserved
    }

    /// Takes note of a step. The error says that it cannot follow those before it. `account` is an account as it is now.
    pub(super) fn follow<'a>(
        &mut self,
        event: &AccountEvent,
        account: impl Fn(&AccountId) -> Option<&'a Account>,
    ) -> Result<(), String> {
        if let Some(account_id) = event.account_id()
            && let Some(payee) = self.payees.get_mut(account_id)
        {
            payee.most_held = payee.most_held.max(held_by(account(account_id)));
        }
        match event {
            AccountEvent::MoneyReserved(outgoing) => {
                if outgoing.account_id == outgoing.payee {
                    return Err("it transfers money from its account to itself".to_owned());
                }
                self.reserved += i128::from(outgoing.amount.minor_units());
                let had_payee = account(&outgoing.payee).is_some_and(is_open);
                let new_payee = || Payee { transfers: 0, most_held: held_by(account(&outgoing.payee)) };
                self.payees.entry(outgoing.payee.clone()).or_insert_with(new_payee).transfers += 1;
                let transfer = OpenTransfer { outgoing: outgoing.as_ref().clone(), had_payee, credited: false };
                match self.open.insert(outgoing.transfer_id, transfer) {
                    None => Ok(()),
                    Some(_) => Err("its transfer is already under way".to_owned()),
                }
            }
            AccountEvent::TransferCredited(incoming) => {
                let transfer = self.open.get_mut(&incoming.transfer_id);
                let transfer = transfer.ok_or("nothing is reserved for its transfer")?;
                if transfer.credited {
                    return Err("its transfer was already credited".to_owned());
                }
                let Outgoing { account_id: payer, payee, amount, details, .. } = &transfer.outgoing;
                let Incoming { account_id, payer: paid_by, amount: paid, details: said, .. } = incoming.as_ref();
                if (payer, payee, amount, details) != (paid_by, account_id, paid, said) {
                    return Err("it differs from its reservation".to_owned());
                }
                transfer.credited = true;
                self.reserved -= i128::from(amount.minor_units());
                self.no_longer_expected(account_id);
                Ok(())
            }
            AccountEvent::TransferSettled(outgoing) => self.end(outgoing, true).map(|_| ()),
            AccountEvent::TransferReleased(released) => {
                let amount = i128::from(released.outgoing.amount.minor_units());
                self.reserved -= amount;
                let OpenTransfer { had_payee, .. } = self.end(&released.outgoing, false)?;
                let payee = account(&released.outgoing.payee);
                let most_held = self.no_longer_expected(&released.outgoing.payee);
                match released.reason {
                    // It may have been created after it was missed.
                    ReleaseReason::NoPayee if had_payee && payee.is_some_and(is_open) => {
                        Err("it says that there is no payee, and there is".to_owned())
                    }
                    ReleaseReason::BalanceLimit if payee.is_none() => {
                        Err("it says that its payee holds too much, and there is no payee".to_owned())
                    }
                    ReleaseReason::BalanceLimit if most_held + amount <= i128::from(Money::MAX.minor_units()) => {
                        Err("it says that its payee holds too much, and there is room".to_owned())
                    }
                    ReleaseReason::NoPayee | ReleaseReason::BalanceLimit | ReleaseReason::GivenUp => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// A transfer to a payee was credited or released. Returns the most that it has held.
    fn no_longer_expected(&mut self, payee: &AccountId) -> i128 {
        let Some(known) = self.payees.get_mut(payee) else { return 0 };
        known.transfers -= 1;
        let most_held = known.most_held;
        if known.transfers == 0 {
            self.payees.remove(payee);
        }
        most_held
    }

    fn end(&mut self, outgoing: &Outgoing, settled: bool) -> Result<OpenTransfer, String> {
        let transfer = self.open.remove(&outgoing.transfer_id).ok_or("nothing is reserved for its transfer")?;
        if transfer.outgoing != *outgoing {
            return Err("it differs from its reservation".to_owned());
        }
        match (transfer.credited, settled) {
            (true, false) => Err("it releases a credited transfer".to_owned()),
            (false, true) => Err("it settles a transfer that is not credited".to_owned()),
            (true, true) | (false, false) => Ok(transfer),
        }
    }
}

fn held_by(account: Option<&Account>) -> i128 {
    account.map_or(0, Account::held)
}

fn is_open(account: &Account) -> bool {
    account.balance().is_some() && !account.is_closed()
}

//! The transfers under way, and how much money is on its way with them.

use foldhash::HashMap;

use crate::bank::account::{AccountEvent, Incoming, Outgoing, TransferId};

/// The transfers that have not ended.
#[derive(Debug, Default)]
pub(super) struct OpenTransfers {
    open: HashMap<TransferId, OpenTransfer>,
    reserved: i128,
}

#[derive(Debug)]
struct OpenTransfer {
    outgoing: Outgoing,
    credited: bool,
}

impl OpenTransfers {
    /// The sum of all reservations that are not credited yet, in minor units.
    pub(super) fn reserved(&self) -> i128 {
        self.reserved
    }

    /// Takes note of a step. The error says that it cannot follow those before it.
    pub(super) fn follow(&mut self, event: &AccountEvent) -> Result<(), String> {
        match event {
            AccountEvent::MoneyReserved(outgoing) => {
                if outgoing.account_id == outgoing.payee {
                    return Err("it transfers money from its account to itself".to_owned());
                }
                self.reserved += i128::from(outgoing.amount.minor_units());
                let transfer = OpenTransfer { outgoing: outgoing.as_ref().clone(), credited: false };
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
                Ok(())
            }
            AccountEvent::TransferSettled(outgoing) => self.end(outgoing, true),
            AccountEvent::TransferReleased(released) => {
                self.reserved -= i128::from(released.outgoing.amount.minor_units());
                self.end(&released.outgoing, false)
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, outgoing: &Outgoing, settled: bool) -> Result<(), String> {
        let transfer = self.open.remove(&outgoing.transfer_id).ok_or("nothing is reserved for its transfer")?;
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

//! What may still be reversed: each booking, and each transfer that was settled, as it can be named by one reversal.

use std::hash::BuildHasher as _;

use foldhash::HashSet;
use foldhash::quality::RandomState;
use uuid::Uuid;

use crate::bank::account::{AccountEvent, AccountId, Money, Outgoing};
use crate::engine::log::RecordedEvent;

/// Bookings that were not reversed. Of each, only a fingerprint is kept, in some 15 bytes, so that millions of them are
/// checked in little memory.
///
/// The hash has a random key: nobody can prepare a booking that has the fingerprint of another.
#[derive(Debug, Default)]
pub(super) struct Reversible {
    /// By their first bits. A set that grows needs room for both sizes for a moment, and these grow one after another.
    fingerprints: [HashSet<u64>; SETS],
    key: RandomState,
}

const SETS: usize = 16;

/// A booking, as a reversal has to name it.
#[derive(Clone, Copy, Debug, Hash)]
enum Booking<'a> {
    Deposit { command_id: Uuid, account_id: &'a AccountId, amount: Money },
    Withdrawal { command_id: Uuid, account_id: &'a AccountId, amount: Money },
    Transfer { command_id: Uuid, payer: &'a AccountId, payee: &'a AccountId, amount: Money },
}

impl Reversible {
    /// Takes note of a booking, or of its reversal. The error says that there is nothing that an event reverses.
    pub(super) fn follow(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), String> {
        let command_id = event.metadata.command_id;
        match &event.data {
            AccountEvent::MoneyDeposited { account_id, amount, .. } => {
                self.add(Booking::Deposit { command_id, account_id, amount: *amount });
            }
            AccountEvent::MoneyWithdrawn { account_id, amount, .. } => {
                self.add(Booking::Withdrawal { command_id, account_id, amount: *amount });
            }
            AccountEvent::TransferSettled(outgoing) if outgoing.details.reverses().is_none() => {
                let Outgoing { account_id: payer, transfer_id, payee, amount, .. } = outgoing.as_ref();
                let command_id = (*transfer_id).into();
                self.add(Booking::Transfer { command_id, payer, payee, amount: *amount });
            }
            AccountEvent::DepositReversed(reversal) => {
                let (command_id, account_id, amount) = (reversal.reverses, &reversal.account_id, reversal.amount);
                self.remove(Booking::Deposit { command_id, account_id, amount })
                    .ok_or("it reverses no deposit into its account, or one of another amount")?;
            }
            AccountEvent::WithdrawalReversed(reversal) => {
                let (command_id, account_id, amount) = (reversal.reverses, &reversal.account_id, reversal.amount);
                self.remove(Booking::Withdrawal { command_id, account_id, amount })
                    .ok_or("it reverses no withdrawal from its account, or one of another amount")?;
            }
            AccountEvent::MoneyReserved(back) => {
                if let Some(transfer) = reversed_by(back) {
                    self.remove(transfer)
                        .ok_or("it reverses no settled transfer, or one of another amount or between other accounts")?;
                }
            }
            AccountEvent::TransferReleased(released) => {
                // What went back came back: the reversal may be tried again.
                if let Some(transfer) = reversed_by(&released.outgoing) {
                    self.add(transfer);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, booking: Booking<'_>) {
        let (set, fingerprint) = self.place(booking);
        self.fingerprints[set].insert(fingerprint);
    }

    /// `None` if there is no such booking.
    fn remove(&mut self, booking: Booking<'_>) -> Option<()> {
        let (set, fingerprint) = self.place(booking);
        self.fingerprints[set].remove(&fingerprint).then_some(())
    }

    fn place(&self, booking: Booking<'_>) -> (usize, u64) {
        let fingerprint = self.key.hash_one(booking);
        ((fingerprint >> 60) as usize % SETS, fingerprint)
    }
}

/// The transfer that another one takes back.
fn reversed_by(back: &Outgoing) -> Option<Booking<'_>> {
    let command_id = back.details.reverses()?;
    Some(Booking::Transfer { command_id, payer: &back.payee, payee: &back.account_id, amount: back.amount })
}

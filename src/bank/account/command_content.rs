//! Which account a command is for, its title, and what tells it from another command.

use std::borrow::Cow;
use std::fmt;

use super::aggregate::Account;
use super::booking::{BookingDetails, Memo};
use super::commands::AccountCommand;
use super::email_address::EmailAddress;
use super::id::AccountId;
use super::reversal::Reversal;
use super::stated_reason::StatedReason;
use super::transfer::TRANSFER_MONEY;
use super::transfer::{Incoming, Outgoing, ReleaseReason};
use crate::engine::domain::{Command, title_of};
use crate::engine::log::Fingerprint;

impl Command for AccountCommand {
    type Aggregate = Account;
    type Id = AccountId;

    fn target(&self) -> &AccountId {
        match self {
            Self::CreateAccount { account_id, .. }
            | Self::DepositMoney { account_id, .. }
            | Self::WithdrawMoney { account_id, .. }
            | Self::UnlockAccount { account_id }
            | Self::FreezeAccount { account_id, .. }
            | Self::UnfreezeAccount { account_id }
            | Self::SetOverdraftLimit { account_id, .. }
            | Self::SettleTransfer { account_id, .. }
            | Self::ReleaseTransfer { account_id, .. } => account_id,
            Self::ReserveMoney { outgoing, .. } => &outgoing.account_id,
            Self::CreditTransfer(incoming) => &incoming.account_id,
            Self::ChangeAccount(wanted) => &wanted.account_id,
            Self::ReverseDeposit(reversal) | Self::ReverseWithdrawal(reversal) => &reversal.account_id,
        }
    }

    fn title(&self) -> Cow<'static, str> {
        match self {
            // Most commands are these, and need not make their title anew.
            Self::DepositMoney { .. } => "Deposit Money".into(),
            Self::WithdrawMoney { .. } => "Withdraw Money".into(),
            Self::ChangeAccount(wanted) => wanted.title().into(),
            Self::ReserveMoney { .. } => TRANSFER_MONEY.into(),
            _ => title_of(self).into(),
        }
    }

    fn quantity(&self) -> Option<i64> {
        let amount = match self {
            Self::DepositMoney { amount, .. } | Self::WithdrawMoney { amount, .. } => *amount,
            Self::CreateAccount { opening, .. } => opening.as_ref()?.deposit?,
            Self::ReserveMoney { outgoing, .. } => outgoing.amount,
            _ => return None,
        };
        i64::try_from(amount.minor_units()).ok()
    }

    /// Leaves out the PIN check, so that a retry with another PIN is the same command.
    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::CreateAccount { account_id, account_holder, opening } => {
                let (holder, email) = (account_holder.name(), account_holder.email().map_or("", EmailAddress::as_str));
                let has_pin = account_holder.pin_verifier().is_some();
                match opening {
                    None => Fingerprint::of(&[&"create_account", account_id, &holder, &email, &has_pin]),
                    Some(opening) => {
                        let (deposit, limit) = (opening.deposit.unwrap_or_default(), opening.overdraft_limit);
                        let parts: [&dyn fmt::Display; 7] =
                            [&"create_account", account_id, &holder, &email, &has_pin, &deposit, &limit];
                        with_details(&parts, &opening.details)
                    }
                }
            }
            Self::DepositMoney { account_id, amount, details } => {
                with_details(&[&"deposit_money", account_id, amount], details)
            }
            Self::WithdrawMoney { account_id, amount, details, .. } => {
                with_details(&[&"withdraw_money", account_id, amount], details)
            }
            Self::UnlockAccount { account_id } => Fingerprint::of(&[&"unlock_account", account_id]),
            Self::FreezeAccount { account_id, reason } => {
                let reason = reason.as_ref().map_or("", StatedReason::as_str);
                Fingerprint::of(&[&"freeze_account", account_id, &reason])
            }
            Self::UnfreezeAccount { account_id } => Fingerprint::of(&[&"unfreeze_account", account_id]),
            Self::SetOverdraftLimit { account_id, limit } => {
                Fingerprint::of(&[&"set_overdraft_limit", account_id, limit])
            }
            Self::ChangeAccount(wanted) => wanted.fingerprint(),
            Self::ReserveMoney { outgoing, .. } => {
                let Outgoing { account_id, transfer_id, payee, amount, details } = outgoing.as_ref();
                with_details(&[&"reserve_money", account_id, transfer_id, payee, amount], details)
            }
            Self::CreditTransfer(incoming) => {
                let Incoming { account_id, transfer_id, payer, amount, details } = incoming.as_ref();
                with_details(&[&"credit_transfer", account_id, transfer_id, payer, amount], details)
            }
            Self::SettleTransfer { account_id, transfer_id } => {
                Fingerprint::of(&[&"settle_transfer", account_id, transfer_id])
            }
            Self::ReleaseTransfer { account_id, transfer_id, reason } => {
                let reason = match reason {
                    ReleaseReason::NoPayee => "no_payee",
                    ReleaseReason::BalanceLimit => "balance_limit",
                    ReleaseReason::GivenUp => "given_up",
                };
                Fingerprint::of(&[&"release_transfer", account_id, transfer_id, &reason])
            }
            Self::ReverseDeposit(reversal) => fingerprint_of("reverse_deposit", reversal),
            Self::ReverseWithdrawal(reversal) => fingerprint_of("reverse_withdrawal", reversal),
        }
    }
}

/// The fingerprint of a booking. Without details it is what it was before there were any.
fn with_details(parts: &[&dyn fmt::Display], details: &BookingDetails) -> Fingerprint {
    if details.are_none() {
        return Fingerprint::of(parts);
    }
    let memo = details.memo().map_or("", Memo::as_str);
    let booking_date = details.booking_date().map_or_else(String::new, |date| date.to_string());
    let reverses = details.reverses().map_or_else(String::new, |command_id| command_id.to_string());
    Fingerprint::of(&[parts, &[&memo, &booking_date, &reverses]].concat())
}

fn fingerprint_of(kind: &str, reversal: &Reversal) -> Fingerprint {
    let Reversal { account_id, reverses, amount, details } = reversal;
    with_details(&[&kind, account_id, reverses, amount], details)
}

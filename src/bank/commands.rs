//! What an account can be asked to do.

use super::transfer::{Incoming, Outgoing, ReleaseReason, TransferId};
use super::{Account, AccountHolder, AccountId, EmailAddress, Money, PinCheck};
use crate::engine::domain::Command;
use crate::engine::log::Fingerprint;

/// What the trace calls a command that is not made before it is sent.
pub(super) const CREATE_ACCOUNT: &str = "Create Account";
pub(super) const TRANSFER_MONEY: &str = "Transfer Money";

/// A request to an account, in the imperative. It can be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Open an account.
    CreateAccount {
        /// Its name.
        account_id: AccountId,
        /// Whose it is.
        account_holder: AccountHolder,
    },
    /// Pay in.
    DepositMoney {
        /// The account.
        account_id: AccountId,
        /// How much.
        amount: Money,
    },
    /// Pay out.
    WithdrawMoney {
        /// The account.
        account_id: AccountId,
        /// How much.
        amount: Money,
        /// What came of checking the PIN that was given; `None` where none was.
        pin: Option<PinCheck>,
    },
    /// Forget the wrong PINs of a locked account.
    UnlockAccount {
        /// The account.
        account_id: AccountId,
    },
    /// Begin a transfer: set the amount aside at the payer.
    ReserveMoney {
        /// What is set aside, and for whom.
        outgoing: Box<Outgoing>,
        /// What came of checking the PIN that was given; `None` where none was.
        pin: Option<PinCheck>,
    },
    /// Give the payee the amount of a transfer.
    CreditTransfer(Box<Incoming>),
    /// End a transfer whose payee has the money.
    SettleTransfer {
        /// The payer.
        account_id: AccountId,
        /// The transfer.
        transfer_id: TransferId,
    },
    /// End a transfer whose payee cannot take the money: the payer gets it back.
    ReleaseTransfer {
        /// The payer.
        account_id: AccountId,
        /// The transfer.
        transfer_id: TransferId,
        /// Why.
        reason: ReleaseReason,
    },
}

impl AccountCommand {
    /// Where the command carries what came of checking a PIN; `None` if it needs no PIN.
    pub(super) fn pin_check_mut(&mut self) -> Option<&mut Option<PinCheck>> {
        match self {
            Self::WithdrawMoney { pin, .. } | Self::ReserveMoney { pin, .. } => Some(pin),
            Self::CreateAccount { .. }
            | Self::DepositMoney { .. }
            | Self::UnlockAccount { .. }
            | Self::CreditTransfer(_)
            | Self::SettleTransfer { .. }
            | Self::ReleaseTransfer { .. } => None,
        }
    }
}

impl Command for AccountCommand {
    type Aggregate = Account;
    type Id = AccountId;

    fn target(&self) -> &AccountId {
        match self {
            Self::CreateAccount { account_id, .. }
            | Self::DepositMoney { account_id, .. }
            | Self::WithdrawMoney { account_id, .. }
            | Self::UnlockAccount { account_id }
            | Self::SettleTransfer { account_id, .. }
            | Self::ReleaseTransfer { account_id, .. } => account_id,
            Self::ReserveMoney { outgoing, .. } => &outgoing.account_id,
            Self::CreditTransfer(incoming) => &incoming.account_id,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::CreateAccount { .. } => CREATE_ACCOUNT,
            Self::DepositMoney { .. } => "Deposit Money",
            Self::WithdrawMoney { .. } => "Withdraw Money",
            Self::UnlockAccount { .. } => "Unlock Account",
            Self::ReserveMoney { .. } => TRANSFER_MONEY,
            Self::CreditTransfer(_) => "Credit Transfer",
            Self::SettleTransfer { .. } => "Settle Transfer",
            Self::ReleaseTransfer { .. } => "Release Transfer",
        }
    }

    /// Neither a PIN nor what came of checking it is a part of it.
    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::CreateAccount { account_id, account_holder } => {
                let email = account_holder.email().map_or("", EmailAddress::as_str);
                let has_pin = account_holder.pin_verifier().is_some();
                Fingerprint::of(&[&"create_account", account_id, &account_holder.name(), &email, &has_pin])
            }
            Self::DepositMoney { account_id, amount } => Fingerprint::of(&[&"deposit_money", account_id, amount]),
            Self::WithdrawMoney { account_id, amount, .. } => Fingerprint::of(&[&"withdraw_money", account_id, amount]),
            Self::UnlockAccount { account_id } => Fingerprint::of(&[&"unlock_account", account_id]),
            Self::ReserveMoney { outgoing, .. } => {
                let Outgoing { account_id, transfer_id, payee, amount } = outgoing.as_ref();
                Fingerprint::of(&[&"reserve_money", account_id, transfer_id, payee, amount])
            }
            Self::CreditTransfer(incoming) => {
                let Incoming { account_id, transfer_id, payer, amount } = incoming.as_ref();
                Fingerprint::of(&[&"credit_transfer", account_id, transfer_id, payer, amount])
            }
            Self::SettleTransfer { account_id, transfer_id } => {
                Fingerprint::of(&[&"settle_transfer", account_id, transfer_id])
            }
            Self::ReleaseTransfer { account_id, transfer_id, reason } => {
                let reason = match reason {
                    ReleaseReason::NoPayee => "no_payee",
                    ReleaseReason::BalanceLimit => "balance_limit",
                };
                Fingerprint::of(&[&"release_transfer", account_id, transfer_id, &reason])
            }
        }
    }
}

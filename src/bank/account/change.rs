//! What the holder of an account can ask for besides payments. It needs the account's PIN, if there is one.

use super::id::AccountId;
use super::stated_reason::StatedReason;
use crate::bank::pin::PinCheck;
use crate::engine::log::Fingerprint;

/// A change of an account that its holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account.
    pub account_id: AccountId,
    /// What is to change.
    pub change: Change,
    /// The result of checking the PIN; `None` if no PIN was given.
    pub pin: Option<PinCheck>,
}

/// What is to change about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Close the account.
    Close {
        /// Why, if somebody says so.
        reason: Option<StatedReason>,
    },
}

impl AccountChange {
    pub(super) fn title(&self) -> &'static str {
        match &self.change {
            Change::Close { .. } => "Close Account",
        }
    }

    /// Leaves out the PIN check, so that a retry with another PIN is the same command.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let Self { account_id, change, .. } = self;
        match change {
            Change::Close { reason } => {
                let reason = reason.as_ref().map_or("", StatedReason::as_str);
                Fingerprint::of(&[&"close_account", account_id, &reason])
            }
        }
    }
}

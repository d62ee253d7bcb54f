//! What the holder of an account can ask for besides payments. It needs the account's PIN, if there is one.

use super::email_address::EmailAddress;
use super::holder::HolderName;
use super::id::AccountId;
use super::stated_reason::StatedReason;
use crate::bank::pin::{PinCheck, PinVerifier};
use crate::engine::log::Fingerprint;

/// The title of a command that is traced before the command is built.
pub(in crate::bank) const CHANGE_PIN: &str = "Change PIN";

/// A change of an account that its holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account.
    pub account_id: AccountId,
    /// What is to change.
    pub change: Change,
    /// The result of checking the PIN; `None` if no PIN was given.
    pub pin: Option<Box<PinCheck>>,
}

/// What is to change about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Close the account.
    Close {
        /// Why, if somebody says so.
        reason: Option<StatedReason>,
    },
    /// Name another holder.
    Holder(HolderName),
    /// Set the holder's e-mail address, or with `None` remove it.
    Email(Option<EmailAddress>),
    /// Replace the PIN by one with this verifier.
    Pin(PinVerifier),
}

impl AccountChange {
    pub(super) fn title(&self) -> &'static str {
        match &self.change {
            Change::Close { .. } => "Close Account",
            Change::Holder(_) => "Change Holder",
            Change::Email(_) => "Change E-Mail",
            Change::Pin(_) => CHANGE_PIN,
        }
    }

    /// Leaves out the PIN check and a new PIN, so that a retry with another PIN is the same command.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let Self { account_id, change, .. } = self;
        match change {
            Change::Close { reason } => {
                let reason = reason.as_ref().map_or("", StatedReason::as_str);
                Fingerprint::of(&[&"close_account", account_id, &reason])
            }
            Change::Holder(name) => Fingerprint::of(&[&"change_holder", account_id, &name.as_str()]),
            Change::Email(email) => {
                let email = email.as_ref().map_or("", EmailAddress::as_str);
                Fingerprint::of(&[&"change_email", account_id, &email])
            }
            Change::Pin(_) => Fingerprint::of(&[&"change_pin", account_id]),
        }
    }
}

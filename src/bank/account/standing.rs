//! Whether an account is open, and whether money may leave it.

use serde::{Deserialize, Serialize};

use super::events::AccountEvent;
use super::refusal::Refusal;

/// The standing of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bank) enum Standing {
    /// Nothing is restricted.
    #[default]
    Normal,
    /// Nothing goes out.
    Frozen,
    /// Nothing happens any more.
    Closed,
}

impl Standing {
    pub(in crate::bank) fn is_normal(&self) -> bool {
        *self == Self::Normal
    }

    /// Refuses to let anything out of a frozen account.
    pub(in crate::bank) fn check_unfrozen(self) -> Result<(), Refusal> {
        if self == Self::Frozen { Err(Refusal::AccountFrozen) } else { Ok(()) }
    }

    pub(in crate::bank) fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::AccountFrozen { .. } => *self = Self::Frozen,
            AccountEvent::AccountUnfrozen { .. } => *self = Self::Normal,
            AccountEvent::AccountClosed { .. } => *self = Self::Closed,
            _ => {}
        }
    }

    /// Why no account of this standing can have decided on an event; `None` if it can.
    pub(in crate::bank) fn rules_out(self, event: &AccountEvent) -> Option<&'static str> {
        match (self, event) {
            (Self::Closed, _) => Some("its account is closed"),
            (
                Self::Frozen,
                AccountEvent::MoneyWithdrawn { .. }
                | AccountEvent::AccountOverdrawn { .. }
                | AccountEvent::InvalidPin { .. }
                | AccountEvent::MoneyReserved(_)
                | AccountEvent::DepositReversed(_)
                | AccountEvent::AccountFrozen { .. }
                | AccountEvent::AccountClosed { .. },
            ) => Some("its account is frozen"),
            (Self::Normal, AccountEvent::AccountUnfrozen { .. }) => Some("its account is not frozen"),
            _ => None,
        }
    }
}

//! An account to be created.

use crate::bank::{AccountId, EmailAddress, HolderName, Opening, Pin};

/// An account to be created.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The account's name.
    pub account_id: AccountId,
    /// The holder.
    pub holder: HolderName,
    /// The holder's e-mail address.
    pub email: Option<EmailAddress>,
    /// The PIN that payments out of the account need.
    pub pin: Option<Pin>,
    /// What it has from the beginning.
    pub opening: Opening,
}

/// An account whose holder has the same name, without e-mail address and PIN.
impl From<&AccountId> for NewAccount {
    fn from(account: &AccountId) -> Self {
        Self {
            account_id: account.clone(),
            holder: account.into(),
            email: None,
            pin: None,
            opening: Opening::default(),
        }
    }
}

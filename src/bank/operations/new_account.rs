//! An account that is to be opened.

use crate::bank::{AccountId, EmailAddress, HolderName, Pin};

/// An account that is to be opened.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub account_id: AccountId,
    /// Whose it is.
    pub holder: HolderName,
    /// Where its holder can be written to.
    pub email: Option<EmailAddress>,
    /// What whoever takes money out has to know.
    pub pin: Option<Pin>,
}

/// An account that is named as its holder is, and has nothing else.
impl From<&AccountId> for NewAccount {
    fn from(account: &AccountId) -> Self {
        Self { account_id: account.clone(), holder: account.into(), email: None, pin: None }
    }
}

//! Whose an account is.

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bank::account::id::check_name;
use crate::bank::{AccountId, EmailAddress, InvalidName, PinVerifier};

/// What the person is called that an account belongs to: the rules are those of [`AccountId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderName(Arc<str>);

impl HolderName {
    /// A person of this name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`]: what the text has too much or too little of.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        check_name(name)?;
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who does not say whose an account is gets one that is named as its holder is.
impl From<&AccountId> for HolderName {
    fn from(account: &AccountId) -> Self {
        Self(account.shared())
    }
}

/// The person that an account belongs to: the name, where to write to, and what tells that it is them.
///
/// Cheap to clone, and no larger than a name: most have nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountHolder(Kept);

#[derive(Clone, PartialEq, Eq)]
enum Kept {
    Name(Arc<str>),
    Details(Box<Details>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    name: Arc<str>,
    email: Option<EmailAddress>,
    pin_verifier: Option<PinVerifier>,
}

impl AccountHolder {
    /// A person with what is known of them.
    pub fn new(name: HolderName, email: Option<EmailAddress>, pin_verifier: Option<PinVerifier>) -> Self {
        Self::stored(name.0, email, pin_verifier)
    }

    /// The name as it was stored, whatever it is.
    pub(in crate::bank) fn stored(
        name: Arc<str>,
        email: Option<EmailAddress>,
        pin_verifier: Option<PinVerifier>,
    ) -> Self {
        Self(match (&email, &pin_verifier) {
            (None, None) => Kept::Name(name),
            (Some(_), _) | (_, Some(_)) => Kept::Details(Box::new(Details { name, email, pin_verifier })),
        })
    }

    /// What they are called.
    pub fn name(&self) -> &str {
        self.shared_name()
    }

    pub(in crate::bank) fn shared_name(&self) -> &Arc<str> {
        match &self.0 {
            Kept::Name(name) => name,
            Kept::Details(details) => &details.name,
        }
    }

    /// Where they can be written to.
    pub fn email(&self) -> Option<&EmailAddress> {
        match &self.0 {
            Kept::Name(_) => None,
            Kept::Details(details) => details.email.as_ref(),
        }
    }

    /// What tells their PIN from others.
    pub fn pin_verifier(&self) -> Option<&PinVerifier> {
        match &self.0 {
            Kept::Name(_) => None,
            Kept::Details(details) => details.pin_verifier.as_ref(),
        }
    }
}

impl From<HolderName> for AccountHolder {
    fn from(name: HolderName) -> Self {
        Self(Kept::Name(name.0))
    }
}

impl From<&AccountId> for AccountHolder {
    fn from(account: &AccountId) -> Self {
        HolderName::from(account).into()
    }
}

/// A name and nothing else, as it stands in a log; [`HolderName`] says what is taken for one.
impl From<&str> for AccountHolder {
    fn from(name: &str) -> Self {
        Self(Kept::Name(name.into()))
    }
}

impl fmt::Debug for AccountHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kept::Name(name) => fmt::Debug::fmt(name, f),
            Kept::Details(details) => fmt::Debug::fmt(details, f),
        }
    }
}

/// As the kata has it: `account_holder`, and the rest only where there is any.
impl Serialize for AccountHolder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (email, pin_verifier) = (self.email(), self.pin_verifier());
        let fields = 1 + usize::from(email.is_some()) + usize::from(pin_verifier.is_some());
        let mut holder = serializer.serialize_struct("AccountHolder", fields)?;
        holder.serialize_field("account_holder", self.name())?;
        if let Some(email) = email {
            holder.serialize_field("email", email.as_str())?;
        }
        if let Some(verifier) = pin_verifier {
            holder.serialize_field("pin_verifier", verifier.as_str())?;
        }
        holder.end()
    }
}

/// An account with its holder, as a log has them. Most accounts are named after who they belong to: then both share one
/// text.
pub(in crate::bank) fn of_account<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(AccountId, AccountHolder), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Stored {
        account_id: AccountId,
        account_holder: Box<str>,
        email: Option<EmailAddress>,
        pin_verifier: Option<PinVerifier>,
    }

    let Stored { account_id, account_holder, email, pin_verifier } = Stored::deserialize(deserializer)?;
    let name = if *account_holder == *account_id.as_str() { account_id.shared() } else { account_holder.into() };
    let holder = AccountHolder::stored(name, email, pin_verifier);
    Ok((account_id, holder))
}

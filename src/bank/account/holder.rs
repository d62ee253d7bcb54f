//! The holders of accounts.

use std::fmt;

use arcstr::ArcStr;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::bank::{AccountId, EmailAddress, InvalidName, PinVerifier};
use crate::printable::{check_name, check_stored_name};

/// The name of an account's holder, under the rules for the names of [new accounts](AccountId::check_new).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderName(ArcStr);

impl HolderName {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`]: what is wrong with the name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        check_name(name)?;
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::bank) fn shared_name(&self) -> &ArcStr {
        &self.0
    }
}

impl Serialize for HolderName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A stored name may look like another one: it was given before that was refused.
impl<'de> Deserialize<'de> for HolderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        check_stored_name(&name).map_err(de::Error::custom)?;
        Ok(Self(name.into()))
    }
}

/// By default, a holder has the same name as the account.
impl From<&AccountId> for HolderName {
    fn from(account: &AccountId) -> Self {
        Self(account.shared_name())
    }
}

/// The holder of an account: name, e-mail address and PIN verifier.
///
/// Cheap to clone, and no larger than a name, which is all that most holders have.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountHolder(HolderData);

#[derive(Clone, PartialEq, Eq)]
enum HolderData {
    Name(ArcStr),
    Full(Box<HolderDetails>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct HolderDetails {
    name: ArcStr,
    email: Option<EmailAddress>,
    pin_verifier: Option<PinVerifier>,
}

impl AccountHolder {
    /// A holder with optional e-mail address and PIN verifier.
    pub fn new(name: HolderName, email: Option<EmailAddress>, pin_verifier: Option<PinVerifier>) -> Self {
        Self::from_stored(name.0, email, pin_verifier)
    }

    /// A holder read from the log, where the name may break today's rules.
    pub(in crate::bank) fn from_stored(
        name: ArcStr,
        email: Option<EmailAddress>,
        pin_verifier: Option<PinVerifier>,
    ) -> Self {
        Self(match (&email, &pin_verifier) {
            (None, None) => HolderData::Name(name),
            (Some(_), _) | (_, Some(_)) => HolderData::Full(Box::new(HolderDetails { name, email, pin_verifier })),
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.shared_name()
    }

    pub(in crate::bank) fn shared_name(&self) -> &ArcStr {
        match &self.0 {
            HolderData::Name(name) => name,
            HolderData::Full(details) => &details.name,
        }
    }

    /// The e-mail address, if known.
    pub fn email(&self) -> Option<&EmailAddress> {
        match &self.0 {
            HolderData::Name(_) => None,
            HolderData::Full(details) => details.email.as_ref(),
        }
    }

    /// The PIN's verifier, if the holder has a PIN.
    pub fn pin_verifier(&self) -> Option<&PinVerifier> {
        match &self.0 {
            HolderData::Name(_) => None,
            HolderData::Full(details) => details.pin_verifier.as_ref(),
        }
    }
}

impl From<HolderName> for AccountHolder {
    fn from(name: HolderName) -> Self {
        Self(HolderData::Name(name.0))
    }
}

impl From<&AccountId> for AccountHolder {
    fn from(account: &AccountId) -> Self {
        HolderName::from(account).into()
    }
}

/// A holder read from the log, with a name only. The name is not checked: see [`HolderName`].
impl From<&str> for AccountHolder {
    fn from(name: &str) -> Self {
        Self(HolderData::Name(name.into()))
    }
}

impl fmt::Debug for AccountHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            HolderData::Name(name) => fmt::Debug::fmt(name, f),
            HolderData::Full(details) => fmt::Debug::fmt(details, f),
        }
    }
}

/// The kata's field `account_holder`; the other fields only if present.
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

/// Deserializes an account and its holder. If both have the same name, as most do, they share its allocation.
pub(in crate::bank) fn deserialize_account<'de, D: Deserializer<'de>>(
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
    let name = if *account_holder == *account_id.as_str() { account_id.shared_name() } else { account_holder.into() };
    let holder = AccountHolder::from_stored(name, email, pin_verifier);
    Ok((account_id, holder))
}

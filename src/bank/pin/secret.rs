//! The secret that PIN verifiers are made with, which is never stored with the events.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::engine::application::Unavailable;

/// The resource that [`Unavailable::Lacking`] names if there is no secret.
pub const PIN_SECRET: &str = "PIN secret";

/// The name of the right secret in [`Unavailable::Lacking`], if PINs were stored with another one.
pub const WRONG_PIN_SECRET: &str = "PIN secret that PINs were stored with";

impl From<PinSecretError> for Unavailable {
    fn from(error: PinSecretError) -> Self {
        Self::Lacking { what: PIN_SECRET, reason: error.to_string() }
    }
}

/// The key that PIN verifiers are made with. With another key, no PIN matches.
#[derive(Clone)]
pub struct PinSecret(Zeroizing<Vec<u8>>);

impl PinSecret {
    /// The minimum length in bytes.
    pub const MIN_BYTES: usize = 16;

    /// Makes a secret of bytes, which should be random.
    ///
    /// # Errors
    ///
    /// [`ShortSecret`] if the bytes are too few to resist guessing.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, ShortSecret> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < Self::MIN_BYTES { Err(ShortSecret { bytes: bytes.len() }) } else { Ok(Self(bytes)) }
    }

    pub(in crate::bank) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PinSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinSecret(…)")
    }
}

/// A secret below the minimum length.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a secret for PINs has at least {} bytes, and this one has {bytes}", PinSecret::MIN_BYTES)]
pub struct ShortSecret {
    /// The secret's length.
    pub bytes: usize,
}

/// Why the secret is missing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no secret for PINs: {0}")]
pub struct PinSecretError(pub String);

/// Whether a bank has stored PINs, when it reads its secret from a [`PinSecretSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredPins {
    /// The bank has no PINs yet: a source may create a secret.
    None,
    /// The bank has PINs. A source must not create a secret, since a new one verifies none of them.
    Some,
}

/// The source of the secret. It is read on a blocking thread when the first PIN is used, and again only after a
/// failure.
#[derive(Clone)]
pub struct PinSecretSource(Arc<dyn Fn(StoredPins) -> Result<PinSecret, PinSecretError> + Send + Sync>);

impl PinSecretSource {
    /// A source that calls a function.
    pub fn new(find: impl Fn(StoredPins) -> Result<PinSecret, PinSecretError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// The same secret, or a random one for a bank that has no PINs and no secret yet. This source creates none.
    pub(in crate::bank) fn or_passing(self) -> Self {
        Self::new(move |stored_pins| match self.find(StoredPins::Some) {
            Err(_) if stored_pins == StoredPins::None => {
                let mut bytes = [0; 2 * PinSecret::MIN_BYTES];
                getrandom::fill(&mut bytes).map_err(|error| PinSecretError(error.to_string()))?;
                PinSecret::new(bytes).map_err(|short| PinSecretError(short.to_string()))
            }
            found => found,
        })
    }

    pub(in crate::bank) fn find(&self, stored_pins: StoredPins) -> Result<PinSecret, PinSecretError> {
        (self.0)(stored_pins)
    }
}

/// A source with a known secret.
impl From<PinSecret> for PinSecretSource {
    fn from(secret: PinSecret) -> Self {
        Self::new(move |_| Ok(secret.clone()))
    }
}

/// A source without a secret: the bank refuses PINs.
impl Default for PinSecretSource {
    fn default() -> Self {
        Self::new(|_| Err(PinSecretError("the bank was opened without one".to_owned())))
    }
}

impl fmt::Debug for PinSecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinSecretSource(…)")
    }
}

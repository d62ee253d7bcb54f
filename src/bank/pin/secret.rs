//! The secret without which a PIN's verifier says nothing. It is never stored with the events.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::engine::application::Unavailable;

/// What is lacking where PINs can be neither kept nor checked.
pub const PIN_SECRET: &str = "PIN secret";

/// What is lacking where a PIN was kept with another secret than the one that is found.
pub const WRONG_PIN_SECRET: &str = "PIN secret that PINs were kept with";

impl From<PinSecretError> for Unavailable {
    fn from(error: PinSecretError) -> Self {
        Self::Lacking { what: PIN_SECRET, reason: error.to_string() }
    }
}

/// The key that verifiers of PINs are made with. Another one, and no PIN fits any more.
#[derive(Clone)]
pub struct PinSecret(Zeroizing<Vec<u8>>);

impl PinSecret {
    /// The shortest, in bytes.
    pub const MIN_BYTES: usize = 16;

    /// The secret of these bytes; they should be random.
    ///
    /// # Errors
    ///
    /// [`ShortSecret`]: whoever has the log could guess it.
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

/// A secret that is too short to be one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a secret for PINs has at least {} bytes, and this one has {bytes}", PinSecret::MIN_BYTES)]
pub struct ShortSecret {
    /// As many as it has.
    pub bytes: usize,
}

/// Why there is no secret to check PINs with.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no secret for PINs: {0}")]
pub struct PinSecretError(pub String);

/// Where the secret comes from. It is asked when the first PIN is used, on a thread that may wait, and again
/// only if that failed.
#[derive(Clone)]
pub struct PinSecretSource(Arc<dyn Fn() -> Result<PinSecret, PinSecretError> + Send + Sync>);

impl PinSecretSource {
    /// Finds the secret by calling this.
    pub fn new(find: impl Fn() -> Result<PinSecret, PinSecretError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    pub(in crate::bank) fn find(&self) -> Result<PinSecret, PinSecretError> {
        (self.0)()
    }
}

/// A secret that is known already.
impl From<PinSecret> for PinSecretSource {
    fn from(secret: PinSecret) -> Self {
        Self::new(move || Ok(secret.clone()))
    }
}

/// No secret: such a bank takes no PINs.
impl Default for PinSecretSource {
    fn default() -> Self {
        Self::new(|| Err(PinSecretError("the bank was opened without one".to_owned())))
    }
}

impl fmt::Debug for PinSecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinSecretSource(…)")
    }
}

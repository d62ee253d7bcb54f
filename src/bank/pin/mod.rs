//! PINs, their verifiers, and the secret that the verifiers are made with.

mod checker;
mod entered;
mod options;
mod secret;

pub(super) use self::checker::PinChecker;
pub use self::entered::{InvalidVerifier, MalformedPin, Pin, PinCheck, PinVerifier};
pub use self::options::{PinCost, PinOptions};
pub use self::secret::{PIN_SECRET, PinSecret, PinSecretError, PinSecretSource, ShortSecret};

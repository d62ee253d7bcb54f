//! PINs: what is entered, what is kept of it, and the secret without which that says nothing.

mod checker;
mod entered;
mod options;
mod secret;

pub(super) use self::checker::PinChecker;
pub use self::entered::{InvalidVerifier, MalformedPin, Pin, PinCheck, PinVerifier};
pub use self::options::{PinCost, PinOptions};
pub use self::secret::{PIN_SECRET, PinSecret, PinSecretError, PinSecretSource, ShortSecret, WRONG_PIN_SECRET};

//! How a bank stores and checks PINs.

use super::secret::PinSecretSource;

/// How a bank stores and checks PINs.
#[derive(Clone, Debug, Default)]
pub struct PinOptions {
    /// The source of the secret that verifiers are made with. Without a secret, the bank refuses PINs.
    pub secret: PinSecretSource,
    /// The cost of new verifiers. Existing verifiers keep theirs.
    pub cost: PinCost,
}

/// The cost of making or checking a verifier, and so of guessing a PIN. The default is OWASP's recommendation for
/// argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinCost {
    /// Memory in KiB, from 8 for each lane up to 256 MiB.
    pub memory_kib: u32,
    /// Passes over the memory, from 1 to 16.
    pub passes: u32,
    /// Lanes, from 1 to 16.
    pub lanes: u32,
}

impl PinCost {
    /// The fastest cost, without any protection. For tests only.
    pub const CHEAPEST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

impl Default for PinCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1_024, passes: 2, lanes: 1 }
    }
}

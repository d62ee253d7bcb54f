//! How a bank keeps PINs.

use super::secret::PinSecretSource;

/// How a bank keeps PINs.
#[derive(Clone, Debug, Default)]
pub struct PinOptions {
    /// Where the secret comes from that verifiers are made with; without one, the bank takes no PINs.
    pub secret: PinSecretSource,
    /// What a new verifier costs. Those that exist cost what they did when they were made.
    pub cost: PinCost,
}

/// What it costs to make or check a verifier, and so to guess a PIN. The default is what OWASP recommends for
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
    /// Quick, and no protection: for tests.
    pub const CHEAPEST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

impl Default for PinCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1_024, passes: 2, lanes: 1 }
    }
}

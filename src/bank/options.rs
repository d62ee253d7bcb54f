//! How a bank is opened.

use super::{AccountId, EmailTarget, PinSecretSource};
use crate::engine::command_handler::Limits;
use crate::engine::event_handler::RetryPolicy;
use crate::engine::store::StoreUrl;

/// How a bank is opened; the default is a new bank in memory.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where it keeps its events.
    pub store: StoreUrl,
    /// Opens a file whose log has lost its end, as it is. What was lost is lost.
    pub accept_loss: bool,
    /// Derives ids and times from this number, so that two runs are the same to the byte.
    pub seed: Option<u64>,
    /// How much it holds at once.
    pub limits: Limits,
    /// How it keeps PINs.
    pub pins: PinOptions,
    /// The account that gets a hundredth of each deposit into another one; see [`CeoBonus`](super::CeoBonus).
    ///
    /// From the first opening with it on, every deposit earns its bonus, whether this program carries handlers out or
    /// another one that has the bank open. While nobody does who was told of it, bonuses wait: the next program that is,
    /// and may carry handlers out, makes up for what came between.
    pub ceo_bonus: Option<AccountId>,
    /// By which way holders are thanked for deposits; see [`ThankYouEmail`](super::ThankYouEmail). E-mails wait, and
    /// are made up for, as bonuses are.
    pub email: Option<EmailTarget>,
    /// How often a handler is called again with an event it fails on.
    pub retry: RetryPolicy,
}

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

impl From<StoreUrl> for Options {
    fn from(store: StoreUrl) -> Self {
        Self { store, ..Self::default() }
    }
}

//! How a bank is opened.

use super::account::AccountId;
use super::email::EmailTarget;
use super::pin::PinOptions;
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

impl From<StoreUrl> for Options {
    fn from(store: StoreUrl) -> Self {
        Self { store, ..Self::default() }
    }
}

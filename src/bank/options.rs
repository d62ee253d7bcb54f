//! The options of a bank.

use super::account::AccountId;
use super::email::EmailTarget;
use super::pin::PinOptions;
use crate::engine::command_handler::Limits;
use crate::engine::event_handler::RetryPolicy;
use crate::engine::store::{ClusterOptions, StoreUrl};

/// The options of a bank. The default is a new bank in memory.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the events are stored.
    pub store: StoreUrl,
    /// How a bank on a cluster is opened.
    pub cluster: ClusterOptions,
    /// Opens a file even if its log has lost its end. The lost events are gone for good.
    pub accept_loss: bool,
    /// Opens a file that another user may have written, and trusts only its log: see
    /// [`Builder::foreign`](crate::engine::Builder::foreign). No e-mail is sent for what the log contains, and transfers
    /// under way continue.
    pub foreign: bool,
    /// Derives ids and times from this number, so that two runs are the same to the byte.
    pub seed: Option<u64>,
    /// Who sends the commands, for the log: see [`Builder::user`](crate::engine::Builder::user).
    pub user: Option<String>,
    /// The limits of queues, batches and caches.
    pub limits: Limits,
    /// How PINs are stored and checked.
    pub pins: PinOptions,
    /// The account that receives a hundredth of each deposit into another account; see [`CeoBonus`](super::CeoBonus).
    ///
    /// Once a bank was opened with this option, every later deposit earns its bonus, in whichever process the handlers
    /// run. While no process with this option runs the handlers, bonuses wait; the next such process pays them.
    pub ceo_bonus: Option<AccountId>,
    /// Where thank-you e-mails for deposits go; see [`ThankYouEmail`](super::ThankYouEmail). E-mails wait for a process
    /// with this option, as bonuses do.
    pub email: Option<EmailTarget>,
    /// How often a failed event is redelivered to its handler before it is parked.
    pub retry: RetryPolicy,
}

impl From<StoreUrl> for Options {
    fn from(store: StoreUrl) -> Self {
        Self { store, ..Self::default() }
    }
}

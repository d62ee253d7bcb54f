//! What the parts of an application need to start.

use std::fmt;
use std::sync::Arc;

use super::read::Models;
use super::upkeep::Upkeep;
use crate::engine::command_handler::{CommandHandlers, Decisions, Limits};
use crate::engine::runtime::{Clock, Supervisor};
use crate::engine::store::{Store, StoreUrl};

/// What starting a command handler needs.
pub(super) struct KindParts<'a, E: 'static> {
    pub(super) store: Store<E>,
    pub(super) clock: Arc<Clock>,
    pub(super) limits: Limits,
    pub(super) supervisor: &'a Supervisor,
    pub(super) decisions: Option<Decisions>,
}

/// What starting a handler may need.
pub(super) struct Parts<'a, E: 'static> {
    pub(super) commands: &'a CommandHandlers,
    pub(super) models: &'a Models,
    pub(super) upkeep: &'a Upkeep<E>,
    pub(super) longest_chain: u32,
}

pub(super) enum StoreSource<E: 'static> {
    /// The application opens the store and closes it.
    Url(StoreUrl),
    /// The store is open and outlives the application.
    Open(Store<E>),
}

impl<E: 'static> fmt::Debug for StoreSource<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => fmt::Debug::fmt(url, f),
            Self::Open(store) => fmt::Debug::fmt(store, f),
        }
    }
}

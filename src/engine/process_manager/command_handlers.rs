//! Where commands go: a command handler for each kind of aggregate.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::engine::aggregate::Aggregate;
use crate::engine::command_handler::CommandHandler;

/// The command handlers that process managers send to, by the kind of aggregate.
#[derive(Clone)]
pub struct CommandHandlers(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl CommandHandlers {
    /// None yet.
    pub fn new() -> Self {
        Self(HashMap::new())
    }

    /// One more.
    #[must_use]
    pub fn with<A: Aggregate>(mut self, commands: CommandHandler<A>) -> Self {
        self.0.insert(TypeId::of::<A>(), Arc::new(commands));
        self
    }

    /// The one of a kind of aggregate.
    pub(super) fn of<A: Aggregate>(&self) -> Option<&CommandHandler<A>> {
        self.0.get(&TypeId::of::<A>())?.downcast_ref()
    }
}

impl Default for CommandHandlers {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> From<CommandHandler<A>> for CommandHandlers {
    fn from(commands: CommandHandler<A>) -> Self {
        Self::new().with(commands)
    }
}

impl fmt::Debug for CommandHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandHandlers").field("kinds", &self.0.len()).finish()
    }
}

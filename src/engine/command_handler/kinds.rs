//! Where commands go: a command handler for each kind of aggregate.

use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use foldhash::HashMap;

use super::CommandHandler;
use crate::engine::domain::{Aggregate, Contains, DomainEvent};

/// Command handlers by the kind of their aggregate. Cheap to clone.
#[derive(Clone, Default)]
pub struct CommandHandlers(HashMap<TypeId, Arc<dyn Kind>>);

/// What is asked of a command handler whatever its aggregate.
trait Kind: Any + Send + Sync {
    fn flush(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl<A: Aggregate, E: Contains<A::Event> + DomainEvent> Kind for CommandHandler<A, E> {
    fn flush(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::flush(self))
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::close(self))
    }
}

impl CommandHandlers {
    /// One more.
    #[must_use]
    pub fn with<A, E>(mut self, commands: CommandHandler<A, E>) -> Self
    where
        A: Aggregate,
        E: Contains<A::Event> + DomainEvent,
    {
        self.0.insert(TypeId::of::<A>(), Arc::new(commands));
        self
    }

    /// The one of a kind of aggregate.
    pub fn of<A, E>(&self) -> Option<&CommandHandler<A, E>>
    where
        A: Aggregate,
        E: Contains<A::Event> + DomainEvent,
    {
        let commands: &dyn Any = self.0.get(&TypeId::of::<A>())?.as_ref();
        commands.downcast_ref()
    }

    /// Waits until what was sent before this is answered.
    pub(in crate::engine) async fn flush(&self) {
        for commands in self.0.values() {
            commands.flush().await;
        }
    }

    /// Lets what was sent before this be answered, and then takes no more.
    pub(in crate::engine) async fn close(&self) {
        for commands in self.0.values() {
            commands.close().await;
        }
    }
}

impl<A: Aggregate, E: Contains<A::Event> + DomainEvent> From<CommandHandler<A, E>> for CommandHandlers {
    fn from(commands: CommandHandler<A, E>) -> Self {
        Self::default().with(commands)
    }
}

impl fmt::Debug for CommandHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandHandlers").field("kinds", &self.0.len()).finish()
    }
}

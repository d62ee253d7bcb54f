//! The command handlers of an application, one for each kind of aggregate.

use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::CommandHandler;
use crate::engine::domain::{Aggregate, Contains, DomainEvent};
use crate::engine::seams::Seam;

/// Command handlers by kind of aggregate. Cheap to clone.
///
/// A list, as no application has so many kinds that a map would find one sooner.
#[derive(Clone, Default)]
pub struct CommandHandlers(Vec<(TypeId, Arc<dyn AnyCommandHandler>)>);

/// A command handler of any kind of aggregate.
trait AnyCommandHandler: Any + Send + Sync {
    fn flush(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn break_store(&self, seam: Arc<Seam>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl<A: Aggregate, E: Contains<A::Event> + DomainEvent> AnyCommandHandler for CommandHandler<A, E> {
    fn flush(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::flush(self))
    }

    fn break_store(&self, seam: Arc<Seam>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::break_store(self, seam))
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::close(self))
    }
}

impl CommandHandlers {
    /// Adds a command handler.
    #[must_use]
    pub fn with<A, E>(mut self, commands: CommandHandler<A, E>) -> Self
    where
        A: Aggregate,
        E: Contains<A::Event> + DomainEvent,
    {
        self.0.retain(|(kind, _)| *kind != TypeId::of::<A>());
        self.0.push((TypeId::of::<A>(), Arc::new(commands)));
        self
    }

    /// The command handler of a kind of aggregate.
    pub fn of<A, E>(&self) -> Option<&CommandHandler<A, E>>
    where
        A: Aggregate,
        E: Contains<A::Event> + DomainEvent,
    {
        let (_, commands) = self.0.iter().find(|(kind, _)| *kind == TypeId::of::<A>())?;
        let commands: &dyn Any = commands.as_ref();
        commands.downcast_ref()
    }

    /// Waits until all commands sent before are answered.
    pub(in crate::engine) async fn flush(&self) {
        for (_, commands) in &self.0 {
            commands.flush().await;
        }
    }

    /// Lets the appends of all of them fail as the seam says.
    pub(in crate::engine) async fn break_store(&self, seam: &Arc<Seam>) {
        for (_, commands) in &self.0 {
            commands.break_store(seam.clone()).await;
        }
    }

    /// Answers all commands sent before, then stops the command handlers.
    pub(in crate::engine) async fn close(&self) {
        for (_, commands) in &self.0 {
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

//! The kinds of aggregate of an application: a command handler for each.

use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use foldhash::HashMap;

use super::StartError;
use crate::engine::aggregate::Aggregate;
use crate::engine::command_handler::CommandHandler;
use crate::engine::process_manager::CommandHandlers;

/// The command handlers, by the type of their aggregate.
#[derive(Default)]
pub(super) struct Kinds {
    handlers: HashMap<TypeId, Box<dyn Kind>>,
    /// The same, as process managers send to them.
    senders: CommandHandlers,
}

/// What is asked of a command handler whatever its aggregate.
trait Kind: Any + Send + Sync {
    fn flush(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl<A: Aggregate> Kind for CommandHandler<A> {
    fn flush(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::flush(self))
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::close(self))
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kinds").field(&self.senders).finish()
    }
}

impl Kinds {
    pub(super) fn add<A: Aggregate>(&mut self, handler: CommandHandler<A>) {
        self.senders = std::mem::take(&mut self.senders).with(handler.clone());
        self.handlers.insert(TypeId::of::<A>(), Box::new(handler));
    }

    pub(super) fn of<A: Aggregate>(&self) -> Option<&CommandHandler<A>> {
        let handler: &dyn Any = self.handlers.get(&TypeId::of::<A>())?.as_ref();
        handler.downcast_ref()
    }

    pub(super) fn command_handlers(&self) -> CommandHandlers {
        self.senders.clone()
    }

    /// Waits until what was sent before this is answered.
    pub(super) async fn flush(&self) {
        for handler in self.handlers.values() {
            handler.flush().await;
        }
    }

    /// Lets what was sent before this be answered, and then takes no more.
    pub(super) async fn close(&self) {
        for handler in self.handlers.values() {
            handler.close().await;
        }
    }
}

/// Whether the streams of all these categories can be told apart by their names.
pub(super) fn check_categories(categories: &[&'static str]) -> Result<(), StartError> {
    for (number, first) in categories.iter().enumerate() {
        for second in &categories[number + 1..] {
            let clash = |one: &str, other: &str| {
                other == one || other.strip_prefix(one).is_some_and(|rest| rest.starts_with('-'))
            };
            if clash(first, second) || clash(second, first) {
                return Err(StartError::CategoriesClash { first, second });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_whose_streams_could_have_one_name_are_refused() {
        assert_eq!(check_categories(&["lot", "ticket", "lots", "lo"]), Ok(()));
        for (first, second) in [("lot", "lot"), ("lot", "lot-a"), ("lot-a", "lot")] {
            let clash = check_categories(&["ticket", first, second]);
            assert_eq!(clash, Err(StartError::CategoriesClash { first, second }));
        }
    }
}

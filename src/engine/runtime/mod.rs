//! The ground that everything runs on: supervised tasks, the tokio runtime, clock, ids, and the trace.

mod blocking;
mod clock;
mod failure;
mod id_source;
mod origin;
mod panics;
mod queue;
mod supervisor;
mod tokio_runtime;
pub mod trace;

pub use self::blocking::{BlockingError, blocking};
pub use self::clock::Clock;
pub use self::failure::{StoreFailure, StoreFailureKind};
pub use self::id_source::{IdSource, time_and_ids};
pub use self::origin::{Conversation, Origin};
pub(in crate::engine) use self::panics::catch_panic;
pub use self::panics::panic_message;
pub(in crate::engine) use self::queue::{answered, offer};
pub use self::supervisor::*;
pub use self::tokio_runtime::{NoRuntime, Runtime};

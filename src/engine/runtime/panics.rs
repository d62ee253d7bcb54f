//! Panics of code that others have written: of a domain, a handler or a filter.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a function. The error is the message of a panic; what the function has changed by then may be half changed.
pub(in crate::engine) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(panic.as_ref()))
}

/// The message of a panic.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(message) = panic.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

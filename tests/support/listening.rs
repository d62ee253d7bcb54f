//! Listening to what is traced on one thread.

use std::sync::Once;

use cqrs_bank::shell::trace::Trace;
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// From now on the trace takes in what happens on this thread, until the answer is dropped.
pub(crate) fn listen(trace: &Trace) -> DefaultGuard {
    // For the whole process, `tracing` keeps whether anybody wants to hear of a place in the code, and may have asked a
    // thread on which another test listens to nothing. With a listener who may change his mind it asks each time.
    static SOMEBODY: Once = Once::new();
    SOMEBODY.call_once(|| set_global_default(registry().with(dynamic_filter_fn(|_, _| false))).unwrap());
    set_default(registry().with(trace.layer()))
}

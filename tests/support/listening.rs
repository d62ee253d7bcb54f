//! Listening to what is traced on one thread.

use cqrs_bank::shell::trace::Trace;
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::asked_each_time::ask_each_time;

/// From now on the trace takes in what happens on this thread, until the answer is dropped.
pub(crate) fn listen(trace: &Trace) -> DefaultGuard {
    ask_each_time();
    set_default(registry().with(trace.layer()))
}

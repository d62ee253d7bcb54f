//! Subscribers of one thread, in a process where other tests listen to nothing.

use std::sync::Once;

use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// For the whole process, `tracing` remembers whether any subscriber wants the events of a place in the code, and may have
/// asked on a thread where another test listens to nothing. After this call, it asks each time.
pub(crate) fn ask_each_time() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_global_default(registry().with(dynamic_filter_fn(|_, _| false))).unwrap());
}

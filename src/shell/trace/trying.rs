//! What is only tried leaves no lines.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Shared, Trace};

/// While this guard lives, something is only tried.
#[derive(Debug)]
pub(in crate::shell) struct Trying(Arc<Shared>);

impl Trace {
    /// Until the returned guard is dropped, something is only tried: no lines are shown but those of conversations that are
    /// followed.
    pub(in crate::shell) fn trying(&self) -> Trying {
        self.shared.is_trying.store(true, Ordering::Relaxed);
        Trying(self.shared.clone())
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.0.is_trying.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::registry;
    use uuid::Uuid;

    use super::*;
    use crate::engine::runtime::trace::trace_line;

    #[test]
    fn of_what_is_only_tried_no_line_is_shown_at_any_time() {
        let trace = Trace::default();
        let [tried, followed] = [1, 2].map(Uuid::from_u128);
        let lines = || {
            let mut lines = String::new();
            trace.drain_into(&mut lines);
            lines
        };
        tracing::subscriber::with_default(registry().with(trace.layer()), || {
            trace.choose_details(true);
            let (trying, _following) = (trace.trying(), trace.follow(followed));
            trace_line!(tried, "Command Sent");
            trace_line!(followed, "Event Published");
            assert_eq!(lines(), "Event Published\n");
            drop(trying);
            trace_line!(tried, "Command Sent");
            assert_eq!(lines(), "Command Sent\n");
        });
    }
}

//! Waits for what was sent without waiting.

use super::{Domain, Next, Session};
use crate::shell::next::next_after;

impl<D: Domain> Session<D> {
    /// Waits for the outcomes of commands that were sent without waiting, and prints their traces. Answers whether one was
    /// refused, as if its statement had waited for it.
    pub(in crate::shell) async fn settle(&mut self) -> Next {
        let refused = self.domain.refused_meanwhile().await;
        self.print_late_lines();
        next_after(None, self.domain.failure(), refused)
    }
}

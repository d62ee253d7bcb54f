//! What is said after a reply, such as the next lesson of a tour.

use super::Session;
use crate::shell::functions::{Domain, Outcome};
use crate::shell::json_records::{AfterwordRecord, print_json};
use crate::shell::next::Next;

impl<D: Domain> Session<D> {
    /// Prints the reply to a statement, and what the domain says after it.
    pub(super) async fn finish_with_afterword(
        &mut self,
        statement: &str,
        outcome: Outcome,
        explanation: Option<String>,
    ) -> Next {
        let next = self.finish(statement, outcome, explanation);
        if let Some(afterword) = self.domain.afterword().await {
            // What handlers did until then comes first.
            self.print_late_lines();
            let mut output = self.pending_output.lock();
            if self.style.json {
                print_json(&mut output, &AfterwordRecord { afterword: afterword.trim() });
            } else {
                output.push_str(&self.screen.filled(afterword.trim_end()));
                output.push('\n');
            }
        }
        next
    }
}

//! Statements that keep printing, such as a watch.

use super::Session;
use crate::shell::escape;
use crate::shell::functions::{Domain, Reply};
use crate::shell::next::Next;

impl<D: Domain> Session<D> {
    /// Waits for the next line of a live statement: `None` when one was added to the output, and what to do next when
    /// the statement has ended.
    ///
    /// Dropping the future loses nothing.
    pub async fn go_on(&mut self) -> Option<Next> {
        let (_, Reply { term, live: Some(live), .. }) = self.live.as_mut()? else { return None };
        if let Some(line) = live.lines.recv().await {
            let line = if self.style.json { escape::json(&line) } else { escape::line(&line) };
            let is_cut = !self.style.json && !self.is_wide;
            let mut output = self.pending_output.lock();
            output.push_str(&if is_cut { self.screen.cut(&line) } else { line });
            output.push('\n');
            return None;
        }
        if let Ok(last) = (&mut live.ended).await {
            *term = last;
        }
        Some(self.interrupt())
    }

    /// Ends a live statement.
    pub fn interrupt(&mut self) -> Next {
        match self.live.take() {
            Some((text, reply)) => self.finish(&text, Ok(reply), None),
            None => Next::GoOn,
        }
    }
}

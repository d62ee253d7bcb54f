//! Statements that run alone, after the replies to all before them.

use std::io;
use std::pin::pin;

use tokio::io::AsyncWrite;

use super::{ScriptRun, Stop};
use crate::shell::functions::Domain;
use crate::shell::read_statement::ReadStatement;
use crate::shell::session::Next;

impl<D, W, E> ScriptRun<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    pub(super) async fn run_alone(&mut self, statement: ReadStatement<'_, D>) -> Result<(), Stop> {
        self.output.flush_before_progress().await?;
        let mut next = self.output.print_while(pin!(self.session.run(statement))).await;
        if next == Next::Live {
            next = self.follow().await?;
        }
        self.apply(next).await
    }

    /// Prints the output of a live statement until it ends or Ctrl-C ends it.
    async fn follow(&mut self) -> Result<Next, Stop> {
        let interrupts = self.interrupts.clone();
        let live_statement = interrupts.begin_live_statement();
        loop {
            self.output.flush().await?;
            tokio::select! {
                ended = self.session.go_on() => {
                    if let Some(next) = ended {
                        return Ok(next);
                    }
                }
                () = live_statement.interrupted() => return Ok(self.session.interrupt()),
            }
        }
    }
}

//! Statements whose commands are sent ahead: how many are in flight, and when their replies are printed.

use std::future::ready;
use std::io;
use std::pin::pin;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{ScriptRun, Stop};
use crate::shell::calls_in_flight::Landed;
use crate::shell::functions::Domain;
use crate::shell::lines::Lines;
use crate::shell::read_statement::ReadStatement;
use crate::shell::session::{Next, Unanswered};

impl<D, W, E> ScriptRun<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    /// Sends the command of a statement without waiting for its reply. Answers whether it was sent: otherwise, the
    /// statement must be run after the replies to all before it.
    pub(super) async fn send_ahead(&mut self, statement: &ReadStatement<'_, D>) -> Result<bool, Stop> {
        if self.in_flight.most() == 1 {
            return Ok(false);
        }
        if self.in_flight.is_full() {
            self.land_first().await?;
            self.land_what_can().await?;
            self.output.write_if_due().await?;
        }
        let Some((unanswered, call)) = self.session.send_ahead(statement).await else { return Ok(false) };
        self.in_flight.add(unanswered, call);
        Ok(true)
    }

    /// Waits for every outcome, and prints the replies.
    pub(super) async fn land_all(&mut self) -> Result<(), Stop> {
        while !self.in_flight.is_empty() {
            self.land_first().await?;
        }
        Ok(())
    }

    async fn land_first(&mut self) -> Result<(), Stop> {
        let landed = self.output.print_while(pin!(self.in_flight.first())).await;
        self.land(landed).await
    }

    /// Prints the replies whose outcomes are there.
    async fn land_what_can(&mut self) -> Result<(), Stop> {
        while let landed @ Some(_) = self.in_flight.first_if_landed().await {
            self.land(landed).await?;
        }
        Ok(())
    }

    async fn land(&mut self, landed: Option<Landed<Unanswered>>) -> Result<(), Stop> {
        let Some(landed) = landed else { return Ok(()) };
        match self.session.land(landed, self.in_flight.is_empty()) {
            Next::GoOn => Ok(()),
            next => self.apply(next).await,
        }
    }

    /// Waits for input. Unless it is there already, prints all pending output before, and then replies and output of earlier
    /// statements as they arrive.
    pub(super) async fn wait_for_input(&mut self, lines: &mut Lines<impl AsyncRead + Unpin>) -> Result<(), Stop> {
        let mut read = tokio::select! {
            biased;
            read = lines.read() => Some(read),
            () = ready(()) => None,
        };
        let trace = self.session.trace().clone();
        loop {
            match read {
                None => {}
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) => {
                    self.land_all().await?;
                    self.output.report(&format!("error: the script cannot be read: {error}")).await?;
                    return Err(Stop::Failure);
                }
            }
            self.land_what_can().await?;
            self.session.print_late_lines();
            self.output.flush().await?;
            read = tokio::select! {
                read = lines.read() => Some(read),
                landed = self.in_flight.first(), if !self.in_flight.is_empty() => {
                    self.land(landed).await?;
                    None
                }
                () = trace.lines_arrived() => None,
                () = self.interrupts.end_requested() => return Err(Stop::Interrupted),
            };
        }
    }

    /// Says how many commands were sent whose replies were not printed.
    pub(super) fn report_unheard(&mut self) {
        let message = match self.in_flight.len() {
            0 => return,
            1 => "error: the outcome of 1 command that was sent is not known; the log shows whether it was stored"
                .to_owned(),
            unheard => format!(
                "error: the outcomes of {unheard} commands that were sent are not known; the log shows which were stored"
            ),
        };
        self.output.print_error(&message);
    }
}

//! Runs a text that was typed or pasted.

use std::io;
use std::pin::pin;

use tokio::time::sleep;
use zeroize::Zeroizing;

use super::{MAX_TYPED_LINE, PASTED_TOO_MUCH, Prompt, pager};
use crate::shell::colour::print_report;
use crate::shell::editor::{MAX_PASTED, Typed};
use crate::shell::functions::{Domain, FindingSecret, WantedSecret};
use crate::shell::language::Statements;
use crate::shell::mistake::{Mistake, Source};
use crate::shell::printing::MAX_DELAY;
use crate::shell::read_statement::ReadStatement;
use crate::shell::screen::Screen;
use crate::shell::session::{Next, Session};
use crate::shell::{escape, signals, streams};

impl<D: Domain> Prompt<D> {
    /// Runs the typed text, and keeps it for recall. Answers whether to prompt again.
    pub(super) async fn run_text(&mut self, text: &str) -> io::Result<bool> {
        if let Some(mistake) = too_long(text) {
            self.report(&mistake);
            return Ok(true);
        }
        let (statements, holds_secret) = read_statements(&self.session, text);
        if !text.trim().is_empty() && !holds_secret {
            self.editor.remember(text.to_owned()).await;
        }
        // What was entered at once is one thing: with a mistake in it, nothing runs.
        let skipped = if statements.last().is_some_and(ReadStatement::is_mistake) { statements.len() - 1 } else { 0 };
        for mut statement in statements.into_iter().skip(skipped) {
            loop {
                let wanted = found(self.session.wanted_secret(&statement)).await;
                let Some(wanted) = wanted else { break };
                match self.ask_for_secret(&wanted).await? {
                    Some(mut secret) => statement.fill_in(&wanted, std::mem::take(&mut *secret)),
                    None => return Ok(true),
                }
            }
            match self.run_statement(statement).await? {
                Some(Next::GoOn | Next::Refused(_) | Next::Live) => {}
                Some(Next::Leave) => return Ok(false),
                None => return Ok(true),
                Some(Next::Mistake(mistake)) => {
                    self.report(&mistake);
                    return Ok(true);
                }
                Some(Next::NotDone(failure) | Next::Failure(failure)) => {
                    print_report(Screen::of_terminal(), &format!("error: {}", escape::line(&failure)));
                }
                Some(Next::ShowHistory) => {
                    let texts = self.editor.recall().await;
                    self.session.show_history(&texts);
                    self.flush()?;
                }
                Some(Next::ClearScreen) => self.editor.clear_screen()?,
                Some(Next::Crash) => {
                    self.editor.keyboard().give_back();
                    signals::die();
                }
            }
        }
        Ok(true)
    }

    /// Runs a statement and prints its output. Answers with what to do next, or `None` after a Ctrl-C.
    async fn run_statement(&mut self, statement: ReadStatement<'_, D>) -> io::Result<Option<Next>> {
        let is_text = statement.is_text_of_the_shell();
        let pending_output = self.session.pending_output().clone();
        let mut next = {
            let mut running = pin!(self.session.run(statement));
            loop {
                tokio::select! {
                    biased;
                    next = &mut running => break next,
                    _ = self.interrupts.recv() => {
                        // The terminal has just written ^C at the cursor.
                        let message = "\ninterrupted: a command that was sent goes on; the rest is not run\n";
                        pending_output.lock().push_str(message);
                        return Ok(None);
                    }
                    () = sleep(MAX_DELAY) => streams::print(&pending_output.take())?,
                }
            }
        };
        if is_text {
            let (text, keyboard) = (pending_output.take(), self.editor.keyboard());
            let can_do_little = self.editor.reads_plain_lines();
            let showing = tokio::task::spawn_blocking(move || keyboard.lend(|| pager::show(&text, can_do_little)));
            showing.await.map_err(io::Error::other)??;
        }
        self.flush()?;
        if next == Next::Live {
            next = self.follow().await?;
            self.flush()?;
        }
        Ok(Some(next))
    }

    /// Prints the output of a live statement until it ends or Ctrl-C ends it.
    async fn follow(&mut self) -> io::Result<Next> {
        loop {
            tokio::select! {
                ended = self.session.go_on() => {
                    if let Some(next) = ended {
                        return Ok(next);
                    }
                }
                _ = self.interrupts.recv() => {
                    // The terminal has just written ^C at the cursor.
                    self.session.pending_output().lock().push('\n');
                    return Ok(self.session.interrupt());
                }
            }
            self.flush()?;
        }
    }

    /// Asks for a secret without showing it, and for a new one twice. Without an answer, or with two that differ, the
    /// statement does not run.
    async fn ask_for_secret(&mut self, wanted: &WantedSecret) -> io::Result<Option<Zeroizing<String>>> {
        let Some(secret) = self.ask(wanted.question.clone()).await? else { return Ok(None) };
        if let Some(form) = wanted.form.filter(|form| !(form.fits)(&secret)) {
            let refused = format!("error: {}, and so the statement was not run", form.said);
            print_report(Screen::of_terminal(), &refused);
            return Ok(None);
        }
        let Some(question) = &wanted.again else { return Ok(Some(secret)) };
        let again = self.ask(question.clone()).await?;
        if again.as_ref().is_some_and(|again| *again != secret) {
            print_report(Screen::of_terminal(), "error: the two answers differ, and so the statement was not run");
        }
        Ok(again.filter(|again| *again == secret))
    }

    async fn ask(&mut self, question: String) -> io::Result<Option<Zeroizing<String>>> {
        self.session.print_late_lines();
        self.flush()?;
        self.discard_pending_interrupt()?;
        self.editor.ask(question).await;
        match self.wait_for_typed().await? {
            // Who copies one often copies the blanks and line ends around it.
            Typed::Text(answer) => Ok(Some(Zeroizing::new(answer.trim().to_owned()))),
            Typed::Interrupt | Typed::End | Typed::Refused(_) => Ok(None),
            Typed::Failure(error) => Err(io::Error::other(error)),
        }
    }
}

async fn found(finding: Option<FindingSecret<'_>>) -> Option<WantedSecret> {
    finding?.await
}

/// The statements of a text up to and including the first that cannot be run, and whether any statement of the text
/// holds a secret, so that the text must not be kept.
fn read_statements<'a, D: Domain>(session: &Session<D>, text: &'a str) -> (Vec<ReadStatement<'a, D>>, bool) {
    let mut source = Source::new(text, 1);
    let mut statements: Vec<ReadStatement<'_, D>> = Vec::new();
    let (mut is_mistaken, mut holds_secret) = (false, false);
    for statement in Statements::new(text) {
        source.go_to(&statement);
        let statement = session.read(source, statement);
        holds_secret |= statement.holds_secret();
        if !is_mistaken {
            is_mistaken = statement.is_mistake();
            statements.push(statement);
        } else if holds_secret {
            break;
        }
    }
    (statements, holds_secret)
}

fn too_long(text: &str) -> Option<Mistake> {
    let line = text.lines().position(|line| line.len() > MAX_TYPED_LINE);
    let (message, line) = match line {
        Some(line) => ("a typed line has at most 4 KiB", line + 1),
        None if text.len() > MAX_PASTED => (PASTED_TOO_MUCH, 1),
        None => return None,
    };
    Some(Mistake::without_excerpt(message, line, 1))
}

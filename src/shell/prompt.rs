//! Statements from a person at a terminal.

use std::io;
use std::path::PathBuf;
use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::colour::print_report;
use super::editor::{Assistant, Editor, Typed};
use super::functions::{Domain, FindingSecret, Vocabulary, WantedSecret};
use super::language::{OpenString, Statements};
use super::mistake::{Mistake, Source};
use super::printing::MAX_DELAY;
use super::read_statement::ReadStatement;
use super::session::{Next, Session, continuation_prompt};
use super::signals::EndingSignals;
use super::terminal::TerminalSettings;
use super::{escape, streams, wiped};

/// The longest line that can be typed, in bytes.
pub const MAX_TYPED_LINE: usize = 4 << 10;
/// The longest text that can be pasted at once, in bytes.
const MAX_PASTED: usize = 1 << 20;

/// How a prompt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptEnd {
    /// The person left.
    Left,
    /// A signal of this number asked the program to end.
    Signal(i32),
}

/// Prompts until the person leaves. `history` is the file that statements are kept in for recall.
///
/// # Errors
///
/// The terminal failed.
pub async fn run<D: Domain>(mut session: Session<D>, history: Option<PathBuf>) -> io::Result<PromptEnd> {
    let settings = TerminalSettings::save();
    let mut signals = EndingSignals::at_a_prompt()?;
    // Before the editor reads its first line: while it reads, it handles Ctrl-C itself.
    let mut interrupts = signal(SignalKind::interrupt())?;
    let vocabulary = Vocabulary::of(session.domain());
    let assistant = Assistant::new(vocabulary, session.domain().names());
    let mut editor = Editor::start(assistant, history)?;
    let end = tokio::select! {
        left = read_and_run(&mut session, &mut editor, &mut interrupts) => {
            let unshown = editor.close().await;
            // It was escaped and painted when it was taken to be shown.
            streams::print(&unshown).and(left).map(|()| PromptEnd::Left)
        }
        signal = signals.any() => {
            settings.restore();
            Ok(PromptEnd::Signal(signal))
        }
    };
    close(&mut session, &mut interrupts).await?;
    end
}

async fn read_and_run<D: Domain>(
    session: &mut Session<D>,
    editor: &mut Editor,
    interrupts: &mut Signal,
) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    session
        .pending_output()
        .lock()
        .push_str(&format!("cqrs-bank {version}: help lists the functions; exit or Ctrl-D leaves\n"));
    loop {
        // Everything up to here is printed before the prompt; only what arrives during typing is printed above the line.
        session.print_late_lines();
        flush(session)?;
        match read(session, editor).await {
            Typed::Text(text) => {
                discard_pending_interrupt(interrupts)?;
                if !run_text(session, editor, interrupts, &text).await? {
                    return Ok(());
                }
            }
            Typed::NotUtf8 => report(session, &Mistake::without_excerpt("this is not UTF-8", 1, 1)),
            Typed::Interrupt => {}
            Typed::End => return Ok(()),
            Typed::Failure(error) => return Err(io::Error::other(error)),
        }
    }
}

/// Forgets a Ctrl-C that arrived while nothing ran: it is not meant for the next statement.
fn discard_pending_interrupt(interrupts: &mut Signal) -> io::Result<()> {
    *interrupts = signal(SignalKind::interrupt())?;
    Ok(())
}

/// Reads a line, and further lines while a string is open.
async fn read<D: Domain>(session: &mut Session<D>, editor: &mut Editor) -> Typed {
    let mut prompt = session.prompt();
    let mut text = Zeroizing::new(String::new());
    let mut open = OpenString::default();
    loop {
        let line = match read_line(session, editor, prompt.clone()).await {
            Typed::Text(line) => line,
            other => return other,
        };
        wiped::push(&mut text, &line);
        open.follow(&line);
        open.follow("\n");
        if !open.is_open() || text.len() > MAX_PASTED {
            return Typed::Text(text);
        }
        wiped::push(&mut text, "\n");
        prompt = continuation_prompt(&prompt);
    }
}

/// Reads a line. Output of earlier statements that arrives meanwhile is shown above it.
async fn read_line<D: Domain>(session: &mut Session<D>, editor: &mut Editor, prompt: String) -> Typed {
    editor.prompt(prompt).await;
    wait_for_typed(session, editor).await
}

async fn wait_for_typed<D: Domain>(session: &mut Session<D>, editor: &mut Editor) -> Typed {
    let trace = session.trace().clone();
    loop {
        tokio::select! {
            typed = editor.typed() => return typed,
            () = trace.lines_arrived() => {
                session.print_late_lines();
                editor.show_late(&session.pending_output().take());
            }
        }
    }
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

/// Runs the typed text, and keeps it for recall. Answers whether to prompt again.
async fn run_text<D: Domain>(
    session: &mut Session<D>,
    editor: &mut Editor,
    interrupts: &mut Signal,
    text: &str,
) -> io::Result<bool> {
    if let Some(mistake) = too_long(text) {
        report(session, &mistake);
        return Ok(true);
    }
    let (statements, holds_secret) = read_statements(session, text);
    if !text.trim().is_empty() && !holds_secret {
        editor.remember(text.to_owned()).await;
    }
    for mut statement in statements {
        loop {
            let wanted = found(session.wanted_secret(&statement)).await;
            let Some(wanted) = wanted else { break };
            match ask_for_secret(session, editor, &wanted).await? {
                Some(mut secret) => statement.fill_in(&wanted, std::mem::take(&mut *secret)),
                None => return Ok(true),
            }
        }
        let pending_output = session.pending_output().clone();
        let mut next = {
            let mut running = pin!(session.run(statement));
            loop {
                tokio::select! {
                    biased;
                    next = &mut running => break next,
                    _ = interrupts.recv() => {
                        // The terminal has just written ^C at the cursor.
                        let message = "\ninterrupted: a command that was sent goes on; the rest is not run\n";
                        pending_output.lock().push_str(message);
                        return Ok(true);
                    }
                    () = sleep(MAX_DELAY) => streams::print(&pending_output.take())?,
                }
            }
        };
        flush(session)?;
        if next == Next::Live {
            next = follow(session, interrupts).await?;
            flush(session)?;
        }
        match next {
            Next::GoOn | Next::Live => {}
            Next::Leave => return Ok(false),
            Next::Mistake(mistake) => {
                report(session, &mistake);
                return Ok(true);
            }
            Next::NotDone(failure) | Next::Failure(failure) => {
                print_report(session.screen(), &format!("error: {}", escape::line(&failure)));
            }
        }
    }
    Ok(true)
}

/// Prints the output of a live statement until it ends or Ctrl-C ends it.
async fn follow<D: Domain>(session: &mut Session<D>, interrupts: &mut Signal) -> io::Result<Next> {
    loop {
        tokio::select! {
            ended = session.go_on() => {
                if let Some(next) = ended {
                    return Ok(next);
                }
            }
            _ = interrupts.recv() => {
                // The terminal has just written ^C at the cursor.
                session.pending_output().lock().push('\n');
                return Ok(session.interrupt());
            }
        }
        flush(session)?;
    }
}

async fn found(finding: Option<FindingSecret<'_>>) -> Option<WantedSecret> {
    finding?.await
}

/// Asks for a secret without showing it, and for a new one twice. Without an answer, or with two that differ, the
/// statement does not run.
async fn ask_for_secret<D: Domain>(
    session: &mut Session<D>,
    editor: &mut Editor,
    wanted: &WantedSecret,
) -> io::Result<Option<Zeroizing<String>>> {
    let Some(secret) = ask(session, editor, wanted.question.clone()).await? else { return Ok(None) };
    let Some(question) = &wanted.again else { return Ok(Some(secret)) };
    let again = ask(session, editor, question.clone()).await?;
    if again.as_ref().is_some_and(|again| *again != secret) {
        print_report(session.screen(), "error: the two answers differ, and so the statement was not run");
    }
    Ok(again.filter(|again| *again == secret))
}

async fn ask<D: Domain>(
    session: &mut Session<D>,
    editor: &mut Editor,
    question: String,
) -> io::Result<Option<Zeroizing<String>>> {
    session.print_late_lines();
    flush(session)?;
    editor.ask(question).await;
    match wait_for_typed(session, editor).await {
        Typed::Text(answer) => Ok(Some(answer)),
        Typed::Interrupt | Typed::End | Typed::NotUtf8 => Ok(None),
        Typed::Failure(error) => Err(io::Error::other(error)),
    }
}

fn too_long(text: &str) -> Option<Mistake> {
    let line = text.lines().position(|line| line.len() > MAX_TYPED_LINE);
    let (message, line) = match line {
        Some(line) => ("a typed line has at most 4 KiB", line + 1),
        None if text.len() > MAX_PASTED => ("a pasted text has at most 1 MiB", 1),
        None => return None,
    };
    Some(Mistake::without_excerpt(message, line, 1))
}

/// Closes the session, which finishes pending commands. Ctrl-C ends the wait.
async fn close<D: Domain>(session: &mut Session<D>, interrupts: &mut Signal) -> io::Result<()> {
    discard_pending_interrupt(interrupts)?;
    tokio::select! {
        () = session.close() => {}
        _ = interrupts.recv() => {}
    }
    flush(session)
}

fn report<D: Domain>(session: &Session<D>, mistake: &Mistake) {
    print_report(session.screen(), &mistake.report());
}

fn flush<D: Domain>(session: &Session<D>) -> io::Result<()> {
    streams::print(&session.pending_output().take())
}

//! Statements from a person at a terminal.

use std::io;
use std::path::PathBuf;
use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::editor::{Assistant, Editor, Typed};
use super::functions::{Domain, Vocabulary, WantedSecret};
use super::language::{OpenString, Statements};
use super::mistake::{Mistake, Source};
use super::printing::WAIT;
use super::read_statement::ReadStatement;
use super::session::{Next, Session, continuation_prompt};
use super::signals::EndingSignals;
use super::terminal::TerminalSettings;
use super::{escape, streams};

/// The longest line that can be typed, in bytes.
pub const MAX_TYPED_LINE: usize = 4 << 10;
/// The longest text that can be pasted at once, in bytes.
const MAX_PASTED: usize = 1 << 20;

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person left.
    Left,
    /// A signal of this number asked the program to end.
    Signal(i32),
}

/// Prompts until the person leaves.
///
/// # Errors
///
/// What the terminal says when it does not work.
pub async fn run<D: Domain>(mut session: Session<D>, history: Option<PathBuf>) -> io::Result<Ended> {
    let settings = TerminalSettings::save();
    let mut signals = EndingSignals::at_a_prompt()?;
    // Before the editor's first line: from then on the terminal's Ctrl-C belongs to it while it reads.
    let mut interrupts = signal(SignalKind::interrupt())?;
    let vocabulary = Vocabulary::of(session.domain());
    let assistant = Assistant::new(vocabulary, session.domain().names());
    let mut editor = Editor::start(assistant, history)?;
    let ended = tokio::select! {
        conversed = converse(&mut session, &mut editor, &mut interrupts) => {
            let unshown = editor.close().await;
            session.to_print().lock().push_str(&unshown);
            conversed.map(|()| Ended::Left)
        }
        signal = signals.any() => {
            settings.restore();
            Ok(Ended::Signal(signal))
        }
    };
    close(&mut session, &mut interrupts).await?;
    ended
}

async fn converse<D: Domain>(session: &mut Session<D>, editor: &mut Editor, interrupts: &mut Signal) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    session
        .to_print()
        .lock()
        .push_str(&format!("cqrs-bank {version}: help lists the functions; exit or Ctrl-D leaves\n"));
    loop {
        // What is there already is printed in order; only what comes while a line is typed is printed above it.
        session.print_late_lines();
        flush(session)?;
        match read(session, editor).await {
            Typed::Text(text) => {
                discard_pending(interrupts)?;
                if !run_text(session, editor, interrupts, &text).await? {
                    return Ok(());
                }
            }
            Typed::NotUtf8 => report(&Mistake::without_excerpt("this is not UTF-8", 1, 1)),
            Typed::Interrupt => {}
            Typed::End => return Ok(()),
            Typed::Failure(error) => return Err(io::Error::other(error)),
        }
    }
}

/// Forgets a Ctrl-C that came when there was nothing to interrupt: it is not meant for what runs next.
fn discard_pending(interrupts: &mut Signal) -> io::Result<()> {
    *interrupts = signal(SignalKind::interrupt())?;
    Ok(())
}

/// Reads a line, and the lines after it while a string is open.
async fn read<D: Domain>(session: &mut Session<D>, editor: &mut Editor) -> Typed {
    let mut prompt = session.prompt();
    let mut text = String::new();
    let mut open = OpenString::default();
    loop {
        let line = match read_line(session, editor, prompt.clone()).await {
            Typed::Text(line) => line,
            other => return other,
        };
        text.push_str(&line);
        open.follow(&line);
        open.follow("\n");
        if !open.is_open() || text.len() > MAX_PASTED {
            return Typed::Text(text);
        }
        text.push('\n');
        prompt = continuation_prompt(&prompt);
    }
}

/// Reads a line; what comes of earlier statements meanwhile is shown above it.
async fn read_line<D: Domain>(session: &mut Session<D>, editor: &mut Editor, prompt: String) -> Typed {
    editor.prompt(prompt).await;
    typed(session, editor).await
}

async fn typed<D: Domain>(session: &mut Session<D>, editor: &mut Editor) -> Typed {
    let trace = session.trace().clone();
    loop {
        tokio::select! {
            typed = editor.typed() => return typed,
            () = trace.arrived() => {
                session.print_late_lines();
                editor.show_late(&session.to_print().take());
            }
        }
    }
}

/// The statements of a text up to the first that cannot be run, and whether any, that one or one behind it, holds what
/// must not be kept.
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

/// Runs what was typed, and keeps it to be recalled. Answers whether to go on.
async fn run_text<D: Domain>(
    session: &mut Session<D>,
    editor: &mut Editor,
    interrupts: &mut Signal,
    text: &str,
) -> io::Result<bool> {
    if let Some(mistake) = too_long(text) {
        report(&mistake);
        return Ok(true);
    }
    let (statements, holds_secret) = read_statements(session, text);
    if !text.trim().is_empty() && !holds_secret {
        editor.remember(text.to_owned()).await;
    }
    for statement in statements {
        let secret = match session.wanted_secret(&statement) {
            None => None,
            Some(wanted) => match ask(session, editor, wanted).await? {
                Some(secret) => Some(secret),
                None => return Ok(true),
            },
        };
        let to_print = session.to_print().clone();
        let mut next = {
            let mut running = pin!(session.run_with(statement, secret));
            loop {
                tokio::select! {
                    biased;
                    next = &mut running => break next,
                    _ = interrupts.recv() => {
                        // The terminal has just written ^C where the cursor was.
                        to_print.lock().push_str("\ninterrupted: what was sent goes on, the rest is not run\n");
                        return Ok(true);
                    }
                    () = sleep(WAIT) => streams::print(&to_print.take())?,
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
                report(&mistake);
                return Ok(true);
            }
            Next::NotDone(failure) | Next::Failure(failure) => {
                streams::say(&format!("error: {}", escape::line(&failure)));
            }
        }
    }
    Ok(true)
}

/// Shows what comes of a statement that goes on, until it ends or Ctrl-C ends it.
async fn follow<D: Domain>(session: &mut Session<D>, interrupts: &mut Signal) -> io::Result<Next> {
    loop {
        tokio::select! {
            ended = session.go_on() => {
                if let Some(next) = ended {
                    return Ok(next);
                }
            }
            _ = interrupts.recv() => {
                // The terminal has just written ^C where the cursor was.
                session.to_print().lock().push('\n');
                return Ok(session.interrupt());
            }
        }
        flush(session)?;
    }
}

/// Asks for what a statement leaves out, without showing it. Who does not answer gives up the statement.
async fn ask<D: Domain>(
    session: &mut Session<D>,
    editor: &mut Editor,
    wanted: WantedSecret,
) -> io::Result<Option<(WantedSecret, String)>> {
    session.print_late_lines();
    flush(session)?;
    editor.ask(wanted.question.clone()).await;
    match typed(session, editor).await {
        Typed::Text(answer) => Ok(Some((wanted, answer))),
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

/// Finishes what is under way, unless Ctrl-C says that it takes too long.
async fn close<D: Domain>(session: &mut Session<D>, interrupts: &mut Signal) -> io::Result<()> {
    discard_pending(interrupts)?;
    tokio::select! {
        () = session.close() => {}
        _ = interrupts.recv() => {}
    }
    flush(session)
}

fn report(mistake: &Mistake) {
    streams::say(&mistake.report());
}

fn flush<D: Domain>(session: &Session<D>) -> io::Result<()> {
    streams::print(&session.to_print().take())
}

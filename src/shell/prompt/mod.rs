//! Statements from a person at a terminal.

mod pager;
mod typed_text;

use std::io;
use std::path::PathBuf;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use super::colour::print_report;
use super::editor::{Assistant, Editor, MAX_PASTED, Refused, Typed};
use super::functions::Domain;
use super::language::OpenStatement;
use super::mistake::Mistake;
use super::screen::Screen;
use super::session::Session;
use super::signals::EndingSignals;
use super::{prompt_text, streams, wiped};

/// The longest line that can be typed, in bytes.
pub const MAX_TYPED_LINE: usize = 4 << 10;

/// How a prompt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptEnd {
    /// The person left.
    Left,
    /// Nobody reads the answers any more, which go elsewhere than the terminal.
    OutputClosed,
    /// A signal of this number asked the program to end.
    Signal(i32),
}

/// A person's prompt.
struct Prompt<D: 'static> {
    session: Session<D>,
    editor: Editor,
    interrupts: Signal,
}

/// Prompts until the person leaves. `history` is the file that statements are kept in for recall. `program` is the name
/// that the first line says.
///
/// # Errors
///
/// The terminal failed.
pub async fn run<D: Domain>(session: Session<D>, program: &str, history: Option<PathBuf>) -> io::Result<PromptEnd> {
    let terminal = streams::open_terminal()?;
    let mut signals = EndingSignals::at_a_prompt()?;
    // Before the editor reads its first line: while it reads, it handles Ctrl-C itself.
    let interrupts = signal(SignalKind::interrupt())?;
    let mut continued = signal(SignalKind::from_raw(Number::CONT.as_raw()))?;
    let screen = session.screen().beside_terminal();
    let session = session.on(screen);
    let assistant = Assistant::new(session.vocabulary(), session.domain().names());
    let editor = Editor::start(terminal, assistant, history)?;
    let mut prompt = Prompt { session, editor, interrupts };
    prompt.greet(program)?;
    let keyboard = prompt.editor.keyboard();
    let going_on = tokio::spawn(async move {
        while continued.recv().await.is_some() {
            keyboard.go_on();
        }
    });
    let end = tokio::select! {
        left = prompt.read_and_run() => left.map(|()| PromptEnd::Left),
        signal = signals.any() => {
            prompt.editor.keyboard().give_back();
            Ok(PromptEnd::Signal(signal))
        }
    };
    let closed = prompt.close(!matches!(end, Ok(PromptEnd::Signal(_)))).await;
    going_on.abort();
    match end.and_then(|end| closed.map(|()| end)) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(PromptEnd::OutputClosed),
        end => end,
    }
}

impl<D: Domain> Prompt<D> {
    fn greet(&self, program: &str) -> io::Result<()> {
        let (version, first) = (env!("CARGO_PKG_VERSION"), self.session.domain().manual().function);
        let tour = self.session.vocabulary().called("tour");
        let beginning = match (self.session.domain().opened_as(), tour) {
            (Some(open), Some(tour)) => format!("{open} is open, {tour} teaches,"),
            (Some(open), None) => format!("{open} is open,"),
            (None, Some(tour)) => format!("{first} begins, {tour} teaches,"),
            (None, None) => format!("start with {first};"),
        };
        let greeting = format!("{program} {version}: {beginning} help lists the functions; exit or Ctrl-D leaves");
        streams::print_on_terminal(&format!("{}\n", Screen::of_terminal().wrapped(&greeting)))
    }

    async fn read_and_run(&mut self) -> io::Result<()> {
        loop {
            // Everything up to here is printed before the prompt; only what arrives during typing is printed above the
            // line.
            self.session.print_late_lines();
            self.flush()?;
            match self.read().await? {
                Typed::Text(text) => {
                    if !self.run_text(&text).await? {
                        return Ok(());
                    }
                }
                Typed::Refused(Refused::NotUtf8(at)) => {
                    self.report(&Mistake::without_excerpt("this is not UTF-8", at.line, at.column));
                }
                Typed::Refused(Refused::TooLong) => self.report(&Mistake::without_excerpt(PASTED_TOO_MUCH, 1, 1)),
                Typed::Interrupt | Typed::Refused(Refused::GivenUp) => {}
                Typed::End => return Ok(()),
                Typed::Failure(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Forgets a Ctrl-C that arrived while nothing ran: it is not meant for what follows.
    fn discard_pending_interrupt(&mut self) -> io::Result<()> {
        self.interrupts = signal(SignalKind::interrupt())?;
        Ok(())
    }

    /// Reads a line, and further lines while the statement is open.
    async fn read(&mut self) -> io::Result<Typed> {
        let first = self.session.prompt();
        let mut prompt = first.clone();
        let mut text = Zeroizing::new(String::new());
        let mut open = OpenStatement::default();
        loop {
            let line = match self.read_line(prompt, &text).await? {
                Typed::Text(line) => line,
                other => return Ok(other),
            };
            wiped::push(&mut text, &line);
            open.follow(&line);
            open.follow("\n");
            if !open.is_open() || text.len() > MAX_PASTED {
                return Ok(Typed::Text(text));
            }
            wiped::push(&mut text, "\n");
            prompt = prompt_text::continued(&first, open.is_within_string());
        }
    }

    /// Reads a line after others. Output of earlier statements that arrives meanwhile is shown above it.
    async fn read_line(&mut self, prompt: String, before: &Zeroizing<String>) -> io::Result<Typed> {
        self.discard_pending_interrupt()?;
        self.editor.prompt(prompt, before.clone()).await;
        self.wait_for_typed().await
    }

    async fn wait_for_typed(&mut self) -> io::Result<Typed> {
        let trace = self.session.trace().clone();
        loop {
            tokio::select! {
                typed = self.editor.typed() => {
                    self.discard_pending_interrupt()?;
                    return Ok(typed);
                }
                _ = self.interrupts.recv() => self.editor.give_up(),
                () = trace.lines_arrived() => {
                    self.session.print_late_lines();
                    if streams::answers_are_on_the_terminal() {
                        self.editor.show_late(&self.session.pending_output().take());
                    } else {
                        self.flush()?;
                    }
                }
            }
        }
    }

    /// Closes the session, which finishes pending commands. Ctrl-C ends the wait. An editor in the middle of a line
    /// does not end.
    async fn close(self, editor_ends: bool) -> io::Result<()> {
        let Self { mut session, editor, .. } = self;
        if editor_ends {
            let unshown = editor.close().await;
            // It was escaped and painted when it was taken to be shown.
            streams::print(&unshown)?;
        }
        let mut interrupts = signal(SignalKind::interrupt())?;
        tokio::select! {
            () = session.close() => {}
            _ = interrupts.recv() => {}
        }
        streams::print(&session.pending_output().take())
    }

    fn report(&self, mistake: &Mistake) {
        print_report(Screen::of_terminal(), &mistake.report());
    }

    fn flush(&self) -> io::Result<()> {
        streams::print(&self.session.pending_output().take())
    }
}

const PASTED_TOO_MUCH: &str = "a pasted text has at most 1 MiB";

//! The line editor, on a thread of its own, so that the runtime never waits for a key.
//!
//! Only this module uses rustyline.

mod assistant;
mod candidate;
mod completion;
mod escaped_history;
mod file_names;
mod hidden_line;
mod highlighting;
mod hints;
mod history_file;
mod keyboard;
mod late_output;
mod line_helper;
mod partial_statement;
mod plain_line;
mod shown_line;

use std::path::PathBuf;
use std::sync::Arc;
use std::{io, thread};

use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::{ColorMode, CompletionType, Config};
use tokio::sync::{mpsc, oneshot};
use unicode_width::UnicodeWidthStr as _;
use zeroize::Zeroizing;

pub(super) use self::assistant::Assistant;
use self::escaped_history::EscapedHistory;
use self::hidden_line::read_hidden;
use self::history_file::HistoryFile;
use self::keyboard::Place;
pub(super) use self::keyboard::{Keyboard, MAX_PASTED, Refused};
use self::late_output::LateOutput;
use self::line_helper::{LineEditor, LineHelper};
use self::plain_line::{GiveUp, PlainLines, can_edit_lines};
use super::streams::{self, Descriptor};

/// The number of statements to keep for recall.
const HISTORY: usize = 1_000;

/// Moves the cursor to the first place, and clears the screen and what has scrolled off it.
const CLEAR_SCREEN: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// What a person did at the prompt.
#[derive(PartialEq, Eq)]
pub(super) enum Typed {
    /// Text and Enter; a pasted text may have several lines.
    Text(Zeroizing<String>),
    /// A text that was not taken.
    Refused(Refused),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
    /// The terminal does not work any more.
    Failure(String),
}

/// The runtime's side of the editor.
#[derive(Debug)]
pub(super) struct Editor {
    requests: mpsc::Sender<Request>,
    typed: mpsc::Receiver<Typed>,
    late: Arc<LateOutput>,
    keyboard: Keyboard,
    give_up: Option<GiveUp>,
}

#[derive(Debug)]
enum Request {
    /// Read a line. `before` is the text of the statement's lines before it.
    Read {
        prompt: String,
        before: Zeroizing<String>,
    },
    Ask {
        question: String,
    },
    Remember {
        text: String,
    },
    Recall {
        answer: oneshot::Sender<Vec<String>>,
    },
}

impl Editor {
    /// Starts the editor's thread, and one that shows late output.
    pub(super) fn start(terminal: Descriptor, assistant: Assistant, history: Option<PathBuf>) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .map_err(io::Error::other)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            // The list is cut before it gets as long.
            .completion_prompt_limit(usize::MAX)
            .auto_add_history(false)
            .build();
        let in_color = config.color_mode() != ColorMode::Disabled;
        let late = Arc::new(LateOutput::default());
        let edits = can_edit_lines(&std::env::var("TERM").unwrap_or_default());
        let by_key = edits.then(|| Keyboard::by_key(terminal, late.clone())).transpose();
        // Without a pseudo-terminal there is no line editor, and everything else.
        let by_key = by_key.unwrap_or_else(|error| {
            tracing::warn!("lines cannot be edited: {error}");
            None
        });
        let entries = EscapedHistory::new(&config);
        let mut editor = LineEditor::with_history(config, entries).map_err(io::Error::other)?;
        // Without colours the editor would not call the highlighter, which also hides secrets and escapes the line.
        editor.set_color_mode(ColorMode::Forced);
        editor.set_helper(Some(LineHelper::new(assistant, in_color, late.clone())));
        let (keyboard, plain, give_up, printer) = match by_key {
            Some(keyboard) => (keyboard, None, None, editor.create_external_printer().ok()),
            None => {
                let keyboard = Keyboard::by_line(terminal, late.clone());
                let (plain, give_up) = PlainLines::new(terminal, keyboard.clone())?;
                (keyboard, Some(plain), Some(give_up), None)
            }
        };

        let (requests, to_read) = mpsc::channel(1);
        let (to_shell, typed) = mpsc::channel(1);
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let started = thread::Builder::new().name(name.into()).spawn(run);
            started.map(drop).map_err(|error| io::Error::other(format!("no thread can be started: {error}")))
        };
        let reader = Reader { editor, plain, keyboard: keyboard.clone(), late: late.clone() };
        start("editor", Box::new(move || reader.serve(history, to_read, &to_shell)))?;
        let showing = late.clone();
        start("late output", Box::new(move || showing.show(printer)))?;
        Ok(Self { requests, typed, late, keyboard, give_up })
    }

    /// Prompts for a line of a statement whose lines before it are given. [`Editor::typed`] answers with what was typed.
    pub(super) async fn prompt(&self, prompt: String, before: Zeroizing<String>) {
        // If the thread has stopped, `typed` says so.
        let _ = self.requests.send(Request::Read { prompt, before }).await;
    }

    /// Asks for a secret, which is neither shown nor kept. [`Editor::typed`] answers with it.
    pub(super) async fn ask(&self, question: String) {
        let _ = self.requests.send(Request::Ask { question }).await;
    }

    /// Waits for a person to type.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn typed(&mut self) -> Typed {
        let stopped = || Typed::Failure("the line editor has stopped".to_owned());
        self.typed.recv().await.unwrap_or_else(stopped)
    }

    /// Gives up the line that is being typed, after a Ctrl-C that was a signal and no key.
    pub(super) fn give_up(&mut self) {
        if let Some(give_up) = &mut self.give_up {
            give_up.line();
        }
    }

    /// Keeps a text for recall, in this session and the next.
    pub(super) async fn remember(&self, text: String) {
        // If the thread has stopped, nothing can be recalled any more.
        let _ = self.requests.send(Request::Remember { text }).await;
    }

    /// The texts that can be recalled, the latest last.
    pub(super) async fn recall(&self) -> Vec<String> {
        let (answer, recalled) = oneshot::channel();
        let _ = self.requests.send(Request::Recall { answer }).await;
        recalled.await.unwrap_or_default()
    }

    /// The keyboard, for what happens to it while no line is typed.
    pub(super) fn keyboard(&self) -> Keyboard {
        self.keyboard.clone()
    }

    /// Whether the terminal can do little, so that it collects the lines itself.
    pub(super) fn reads_plain_lines(&self) -> bool {
        self.give_up.is_some()
    }

    /// Clears the screen, if the terminal can.
    pub(super) fn clear_screen(&self) -> io::Result<()> {
        if self.reads_plain_lines() { Ok(()) } else { streams::print_on_terminal(CLEAR_SCREEN) }
    }

    /// Stops the editor, after the history is written. Answers with the late output that was not shown.
    pub(super) async fn close(self) -> String {
        let Self { requests, mut typed, late, .. } = self;
        drop(requests);
        while typed.recv().await.is_some() {}
        late.take_unshown()
    }

    /// Shows text above the line that may be being typed.
    pub(super) fn show_late(&self, text: &str) {
        self.late.add(text);
    }
}

/// The editor's thread.
struct Reader {
    editor: LineEditor,
    /// Reads lines instead of the editor on a terminal that can do little.
    plain: Option<PlainLines>,
    keyboard: Keyboard,
    late: Arc<LateOutput>,
}

impl Reader {
    fn serve(mut self, history: Option<PathBuf>, mut requests: mpsc::Receiver<Request>, typed: &mpsc::Sender<Typed>) {
        let history = history.and_then(|path| HistoryFile::load(&mut self.editor, path));
        while let Some(request) = requests.blocking_recv() {
            let answer = match request {
                Request::Read { prompt, before } => {
                    let first = Place::behind(&before);
                    self.continue_after(before, prompt.width());
                    match self.read(&prompt, false) {
                        Typed::Refused(Refused::NotUtf8(within)) => {
                            Typed::Refused(Refused::NotUtf8(first.then(within)))
                        }
                        typed => typed,
                    }
                }
                Request::Ask { question } => self.read_hidden(&question),
                Request::Remember { text } => {
                    if let (Ok(true), Some(history)) = (self.editor.add_history_entry(text), &history) {
                        history.append(&mut self.editor);
                    }
                    continue;
                }
                Request::Recall { answer } => {
                    let _ = answer.send(self.editor.history().texts());
                    continue;
                }
            };
            if typed.blocking_send(answer).is_err() {
                return;
            }
        }
    }

    fn continue_after(&mut self, before: Zeroizing<String>, prompt_width: usize) {
        if let Some(helper) = self.editor.helper_mut() {
            helper.begin_line(before, prompt_width);
        }
    }

    /// Asks again after an empty line, such as one pasted before the answer: what follows it must not be shown.
    fn read_hidden(&mut self, question: &str) -> Typed {
        loop {
            match self.read_hidden_line(question) {
                Typed::Text(text) if text.trim().is_empty() => {}
                typed => return typed,
            }
        }
    }

    fn read_hidden_line(&mut self, question: &str) -> Typed {
        if self.plain.is_some() {
            return self.read(question, true);
        }
        let Self { editor, keyboard, late, .. } = self;
        read_hidden(editor, |editor| edit(editor, keyboard, late, question, true))
    }

    fn read(&mut self, prompt: &str, hidden: bool) -> Typed {
        let Self { editor, plain, keyboard, late } = self;
        match plain {
            Some(plain) => {
                late.set_line(Some(prompt));
                let typed = plain.read(prompt, hidden);
                late.set_line(None);
                typed
            }
            None => edit(editor, keyboard, late, prompt, hidden),
        }
    }
}

/// Reads a line with the line editor.
fn edit(editor: &mut LineEditor, keyboard: &Keyboard, late: &LateOutput, prompt: &str, hidden: bool) -> Typed {
    keyboard.begin_line(hidden);
    late.set_line(Some(prompt));
    let line = editor.readline(prompt);
    late.set_line(None);
    keyboard.end_line();
    match line {
        Ok(text) => Typed::Text(Zeroizing::new(text)),
        Err(ReadlineError::Interrupted) => match keyboard.take_refused() {
            Some(Refused::NotUtf8(within)) => {
                let cursor = editor.helper().map_or(Place::START, LineHelper::cursor);
                Typed::Refused(Refused::NotUtf8(cursor.then(within)))
            }
            refused => refused.map_or(Typed::Interrupt, Typed::Refused),
        },
        Err(ReadlineError::Eof) => Typed::End,
        Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            Typed::Refused(Refused::NotUtf8(Place::START))
        }
        Err(error) => Typed::Failure(error.to_string()),
    }
}

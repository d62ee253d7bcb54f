//! The line editor, on a thread of its own, so that the runtime never waits for a key.
//!
//! Only this module uses rustyline.

mod assistant;
mod completion;
mod escaped_history;
mod hidden_line;
mod highlighting;
mod hints;
mod history_file;
mod late_output;
mod line_helper;
mod partial_statement;

use std::path::PathBuf;
use std::sync::Arc;
use std::{io, thread};

use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::{ColorMode, CompletionType, Config};
use tokio::sync::mpsc;

pub(super) use self::assistant::Assistant;
use self::escaped_history::EscapedHistory;
use self::hidden_line::read_hidden;
use self::late_output::LateOutput;
use self::line_helper::{LineEditor, LineHelper};

/// The number of statements to keep for recall.
const HISTORY: usize = 1_000;

/// What a person did at the prompt.
#[derive(PartialEq, Eq)]
pub(super) enum Typed {
    /// Text and Enter; a pasted text may have several lines.
    Text(String),
    /// Bytes that are not UTF-8.
    NotUtf8,
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
}

#[derive(Debug)]
enum Request {
    Read { prompt: String },
    Ask { question: String },
    Remember { text: String },
}

impl Editor {
    /// Starts the editor's thread, and one that shows late output.
    pub(super) fn start(assistant: Assistant, history: Option<PathBuf>) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .map_err(io::Error::other)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .auto_add_history(false)
            .build();
        let in_color = config.color_mode() != ColorMode::Disabled;
        let entries = EscapedHistory::new(&config);
        let mut editor = LineEditor::with_history(config, entries).map_err(io::Error::other)?;
        // Without colours the editor would not call the highlighter, which also hides secrets and escapes the line.
        editor.set_color_mode(ColorMode::Forced);
        editor.set_helper(Some(LineHelper { assistant, in_color, hidden: false }));
        let printer = editor.create_external_printer().ok();

        let (requests, to_read) = mpsc::channel(1);
        let (to_shell, typed) = mpsc::channel(1);
        let late = Arc::new(LateOutput::default());
        let (reading, showing) = (late.clone(), late.clone());
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let started = thread::Builder::new().name(name.into()).spawn(run);
            started.map(drop).map_err(|error| io::Error::other(format!("no thread can be started: {error}")))
        };
        start("editor", Box::new(move || serve(editor, history, to_read, &to_shell, &reading)))?;
        start("late output", Box::new(move || showing.show(printer)))?;
        Ok(Self { requests, typed, late })
    }

    /// Prompts. [`Editor::typed`] answers with what was typed.
    pub(super) async fn prompt(&self, prompt: String) {
        // If the thread has stopped, `typed` says so.
        let _ = self.requests.send(Request::Read { prompt }).await;
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

    /// Keeps a text for recall, in this session and the next.
    pub(super) async fn remember(&self, text: String) {
        // If the thread has stopped, nothing can be recalled any more.
        let _ = self.requests.send(Request::Remember { text }).await;
    }

    /// Stops the editor, after the history is written. Answers with the late output that was not shown.
    pub(super) async fn close(self) -> String {
        let Self { requests, mut typed, late } = self;
        drop(requests);
        while typed.recv().await.is_some() {}
        late.take_unshown()
    }

    /// Shows text above the line that may be being typed.
    pub(super) fn show_late(&self, text: &str) {
        self.late.add(text);
    }
}

fn serve(
    mut editor: LineEditor,
    history: Option<PathBuf>,
    mut requests: mpsc::Receiver<Request>,
    typed: &mpsc::Sender<Typed>,
    late: &LateOutput,
) {
    let history = history.filter(|path| history_file::load(&mut editor, path));
    while let Some(request) = requests.blocking_recv() {
        match request {
            Request::Read { prompt } => {
                if typed.blocking_send(read(&mut editor, &prompt, late)).is_err() {
                    return;
                }
            }
            Request::Ask { question } => {
                let answer = read_hidden(&mut editor, |editor| read(editor, &question, late));
                if typed.blocking_send(answer).is_err() {
                    return;
                }
            }
            Request::Remember { text } => {
                let added = editor.add_history_entry(text);
                if let (Ok(true), Some(path)) = (added, &history)
                    && let Err(error) = editor.append_history(path)
                {
                    tracing::warn!("history is not kept in {}: {error}", path.display());
                }
            }
        }
    }
}

fn read(editor: &mut LineEditor, prompt: &str, late: &LateOutput) -> Typed {
    late.set_reading(true);
    let line = editor.readline(prompt);
    late.set_reading(false);
    match line {
        Ok(text) => Typed::Text(text),
        Err(ReadlineError::Interrupted) => Typed::Interrupt,
        Err(ReadlineError::Eof) => Typed::End,
        Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => Typed::NotUtf8,
        Err(error) => Typed::Failure(error.to_string()),
    }
}

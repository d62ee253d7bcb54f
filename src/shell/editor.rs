//! The line editor, on a thread of its own so that the runtime never waits for a key.
//!
//! Only here is rustyline named.

mod shown_history;

use std::borrow::Cow;
use std::fs::DirBuilder;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use rustyline::completion::{Completer, Pair};
use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, Event, EventContext, EventHandler,
    ExternalPrinter, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};
use tokio::sync::mpsc;
use unicode_width::UnicodeWidthStr as _;

use self::shown_history::ShownHistory;
use super::completion::{Assistant, Look};
use super::terminal::Silence;
use super::{escape, streams};

/// Statements that can be recalled.
const HISTORY: usize = 1_000;

/// What a person did at the prompt.
#[derive(PartialEq, Eq)]
pub(super) enum Typed {
    /// Text and Enter; a pasted text may have several lines.
    Text(String),
    /// Bytes that are no text.
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

type LineEditor = rustyline::Editor<LineHelper, ShownHistory>;

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
        let recalled = ShownHistory::new(&config);
        let mut editor = LineEditor::with_history(config, recalled).map_err(io::Error::other)?;
        // What hides a line, or what would do more than show in it, counts as colour.
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

    /// Prompts. What is typed then comes from [`Editor::typed`].
    pub(super) async fn prompt(&self, prompt: String) {
        // Without its thread, the editor says so when it is asked what was typed.
        let _ = self.requests.send(Request::Read { prompt }).await;
    }

    /// Asks for something that is not shown and not kept. The answer comes from [`Editor::typed`] too.
    pub(super) async fn ask(&self, question: String) {
        let _ = self.requests.send(Request::Ask { question }).await;
    }

    /// Waits for a person to type.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn typed(&mut self) -> Typed {
        let gone = || Typed::Failure("the line editor has stopped".to_owned());
        self.typed.recv().await.unwrap_or_else(gone)
    }

    /// Keeps a text for later recall, in this session and the next.
    pub(super) async fn remember(&self, text: String) {
        // Without its thread there is nothing to remember for.
        let _ = self.requests.send(Request::Remember { text }).await;
    }

    /// Waits until everything that is to be remembered is. Answers with the late text that was not shown.
    pub(super) async fn close(self) -> String {
        let Self { requests, mut typed, late } = self;
        drop(requests);
        while typed.recv().await.is_some() {}
        late.take_unshown()
    }

    /// Shows text while a line may be being typed, without breaking that line.
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
    let history = history.filter(|path| load_history(&mut editor, path));
    while let Some(request) = requests.blocking_recv() {
        match request {
            Request::Read { prompt } => {
                if typed.blocking_send(read(&mut editor, &prompt, late)).is_err() {
                    return;
                }
            }
            Request::Ask { question } => {
                if typed.blocking_send(read_hidden(&mut editor, &question, late)).is_err() {
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

/// Reads a line of which only its length can be seen, and which cannot be brought back later.
fn read_hidden(editor: &mut LineEditor, question: &str, late: &LateOutput) -> Typed {
    // A terminal that can do little would show what is typed by itself.
    let _silence = Silence::begin();
    let hide = |editor: &mut LineEditor, hidden| {
        if let Some(helper) = editor.helper_mut() {
            helper.hidden = hidden;
        }
    };
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(PlainKeys)));
    hide(editor, true);
    let history = std::mem::take(editor.history_mut());
    let answer = read(editor, question, late);
    *editor.history_mut() = history;
    hide(editor, false);
    editor.unbind_sequence(Event::Any);
    answer
}

/// The keys for something hidden: none that would keep it, to be pasted into a line that is shown.
struct PlainKeys;

impl ConditionalEventHandler for PlainKeys {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        let allowed = event.get(0).is_some_and(|KeyEvent(code, modifiers)| match code {
            KeyCode::Char('C' | 'D' | 'H' | 'J' | 'M') if *modifiers == Modifiers::CTRL => true,
            KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace | KeyCode::BracketedPasteStart => {
                *modifiers == Modifiers::NONE
            }
            _ => false,
        });
        if allowed { None } else { Some(Cmd::Noop) }
    }
}

/// Whether history can be kept at `path`.
fn load_history(editor: &mut LineEditor, path: &PathBuf) -> bool {
    use std::os::unix::fs::DirBuilderExt as _;
    let directory = path.parent().map_or(Ok(()), |parent| DirBuilder::new().recursive(true).mode(0o700).create(parent));
    let loaded = match (directory, path.metadata()) {
        (Ok(()), Ok(file)) if file.is_file() => editor.load_history(path).map_err(|error| error.to_string()),
        // Reading from a pipe or a device could wait for ever.
        (Ok(()), Ok(_)) => Err("it is not a regular file".to_owned()),
        (Ok(()), Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
    };
    if let Err(error) = &loaded {
        tracing::warn!("history is not kept in {}: {error}", path.display());
    }
    loaded.is_ok()
}

/// Text that is to be shown above the line being typed.
///
/// The printer hands text to the editor, which shows it unless Enter comes first: then the text waits for the
/// next line, which may never be read. So a text counts as shown only when the editor has taken it, and what
/// was not shown at the end is printed plainly.
#[derive(Debug, Default)]
struct LateOutput {
    state: Mutex<LateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LateState {
    unshown: String,
    reading: bool,
}

impl LateOutput {
    /// Moves the cursor up and down again. The editor takes one text at a time, so that it can be handed this
    /// one only when it has taken the one before.
    const NOTHING: &str = "\u{1b}[A\n";

    fn lock(&self) -> MutexGuard<'_, LateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, text: &str) {
        self.lock().unshown.push_str(text);
        self.changed.notify_one();
    }

    fn set_reading(&self, reading: bool) {
        self.lock().reading = reading;
        self.changed.notify_one();
    }

    fn take_unshown(&self) -> String {
        std::mem::take(&mut self.lock().unshown)
    }

    fn wait_until_reading(&self, needs: impl Fn(&LateState) -> bool) -> MutexGuard<'_, LateState> {
        let waiting = self.changed.wait_while(self.lock(), |state| !(state.reading && needs(state)));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what is added, for ever. The printer may wait for the editor, so this has a thread of its own.
    fn show(&self, printer: Option<impl ExternalPrinter>) {
        if let Some(mut printer) = printer {
            while self.show_next(&mut printer).is_ok() {}
        }
        // A terminal that cannot show text above the line shows it in the line.
        loop {
            let not_yet = self.changed.wait_while(self.lock(), |state| state.unshown.is_empty());
            let text = std::mem::take(&mut not_yet.unwrap_or_else(PoisonError::into_inner).unshown);
            if streams::print(&text).is_err() {
                return;
            }
        }
    }

    fn show_next(&self, printer: &mut impl ExternalPrinter) -> rustyline::Result<()> {
        let text = self.wait_until_reading(|state| !state.unshown.is_empty()).unshown.clone();
        printer.print(text.clone())?;
        loop {
            printer.print(Self::NOTHING.to_owned())?;
            let mut state = self.lock();
            if state.reading {
                // What was taken back meanwhile has been printed in another way.
                let shown = if state.unshown.starts_with(&text) { text.len() } else { 0 };
                state.unshown.drain(..shown);
                return Ok(());
            }
            drop(state);
            drop(self.wait_until_reading(|_| true));
        }
    }
}

struct LineHelper {
    assistant: Assistant,
    in_color: bool,
    /// Whether what is typed shall not be seen.
    hidden: bool,
}

impl Helper for LineHelper {}

/// Whether a text is complete is decided by the shell, which prompts for the rest itself.
impl Validator for LineHelper {}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if self.hidden {
            return Ok((position, Vec::new()));
        }
        let (start, candidates) = self.assistant.complete(&line[..position]);
        let pairs = candidates.into_iter();
        let pairs = pairs.map(|candidate| Pair {
            display: escape::line(&candidate.shown).into_owned(),
            replacement: escape::line(&candidate.typed).into_owned(),
        });
        Ok((start, pairs.collect()))
    }
}

/// Shown, but never taken over into the line.
struct ArgumentsToCome(String);

impl Hint for ArgumentsToCome {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for LineHelper {
    type Hint = ArgumentsToCome;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<ArgumentsToCome> {
        let at_end = position == line.len() && !line.is_empty() && !self.hidden;
        at_end.then(|| self.assistant.hint(line)).flatten().map(ArgumentsToCome)
    }
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.hidden {
            return Cow::Owned("*".repeat(line.width()));
        }
        let mut colored = String::new();
        for (look, text) in self.assistant.looks(line) {
            let color = match look {
                Look::Plain => None,
                Look::Function => Some("36"),
                Look::String => Some("32"),
                Look::Comment => Some("90"),
            };
            match color.filter(|_| self.in_color) {
                Some(color) => colored.push_str(&paint(color, &in_place(text))),
                None => colored.push_str(&in_place(text)),
            }
        }
        Cow::Owned(colored)
    }

    /// With what is looked for in the history.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        in_place(prompt)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.in_color { Cow::Owned(paint("90", hint)) } else { Cow::Borrowed(hint) }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

/// What is pasted or typed, with a picture of the same width in the place of whatever would do more than show.
fn in_place(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| character == '\n' || escape::only_shows(character)) {
        return Cow::Borrowed(text);
    }
    let picture = |character: char| match character {
        '\n' => Some('\n'),
        _ if escape::only_shows(character) => Some(character),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}' => Some(char::REPLACEMENT_CHARACTER),
        // It has no width.
        _ => None,
    };
    Cow::Owned(text.chars().filter_map(picture).collect())
}

fn paint(color: &str, text: &str) -> String {
    format!("\u{1b}[{color}m{text}\u{1b}[0m")
}

//! The trace: a `tracing` layer that collects the lines of the conversations that the shell follows.
//!
//! The lines wait, in the order in which they were emitted, until the shell prints them: before the reply under strong
//! consistency, as they arrive otherwise. Where many commands are in flight, the lines of each are kept apart, and are
//! printed when its reply is.

mod trying;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::colour::Tone;
use super::escape;
use super::screen::Screen;
use super::wrapping::wrapped;
use crate::engine::runtime::trace::{CORRELATION, DETAIL, TARGET, VALUE};

/// The lines of the trace that are not printed yet. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Notify,
    /// Whether anybody adds the lines of conversations. Otherwise none needs to be followed.
    is_fed: AtomicBool,
    /// Whether every line is shown, also those of conversations that nobody follows.
    shows_details: AtomicBool,
    /// Whether something is only tried, whose lines are shown to nobody.
    is_trying: AtomicBool,
    /// Whether something was held or broken.
    uses_seams: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// The followed conversations by their correlation ids, and where the lines of each go.
    followed: HashMap<u128, Place>,
    /// Whole lines, each with its newline.
    lines: String,
    /// The same of conversations that are kept apart.
    apart: Vec<String>,
    /// Which of these are free.
    free: Vec<usize>,
    show_value: Option<ShowValue>,
    /// Where lines are shown: whether they are marked with their tones, and how wide they may be.
    screen: Screen,
}

/// Writes the value of a line that is one.
struct ShowValue(Box<dyn Fn(i64) -> String + Send>);

impl fmt::Debug for ShowValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShowValue").finish_non_exhaustive()
    }
}

/// The tone of a line.
pub(super) type ToneOf = fn(&str) -> Option<Tone>;

#[derive(Clone, Copy, Debug)]
enum Place {
    AmongAll,
    Apart(usize),
}

impl Trace {
    /// The layer that feeds this trace.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        self.feed();
        let shared = self.shared.clone();
        TraceLayer { shared }.with_filter(Targets::new().with_target(TARGET, LevelFilter::DEBUG))
    }

    /// Says that lines of conversations will be added.
    pub(super) fn feed(&self) {
        self.shared.is_fed.store(true, Ordering::Relaxed);
    }

    /// Shows every line from now on, the first time that something is held or broken.
    pub(super) fn show_details(&self) {
        if !self.shared.uses_seams.swap(true, Ordering::Relaxed) {
            self.choose_details(true);
        }
    }

    /// Shows every line from now on, or only the usual ones.
    pub(super) fn choose_details(&self, are_shown: bool) {
        self.shared.shows_details.store(are_shown, Ordering::Relaxed);
    }

    /// Whether every line is shown.
    pub(super) fn shows_details(&self) -> bool {
        self.shared.shows_details.load(Ordering::Relaxed)
    }

    /// Whether something was held or broken.
    pub(super) fn uses_seams(&self) -> bool {
        self.shared.uses_seams.load(Ordering::Relaxed)
    }

    /// Follows a conversation until the returned guard is dropped.
    pub fn follow(&self, correlation_id: Uuid) -> Followed {
        self.follow_at(correlation_id, |_| Place::AmongAll)
    }

    /// Follows a conversation, and keeps its lines apart from all others.
    pub(super) fn follow_apart(&self, correlation_id: Uuid) -> Followed {
        self.follow_at(correlation_id, |state| {
            Place::Apart(state.free.pop().unwrap_or_else(|| {
                state.apart.push(String::new());
                state.apart.len() - 1
            }))
        })
    }

    fn follow_at(&self, correlation_id: Uuid, place: impl FnOnce(&mut State) -> Place) -> Followed {
        if !self.shared.is_fed.load(Ordering::Relaxed) {
            return Followed { conversation: None };
        }
        let correlation = correlation_id.as_u128();
        let mut state = self.shared.lock();
        let place = place(&mut state);
        state.followed.insert(correlation, place);
        Followed { conversation: Some((self.shared.clone(), correlation)) }
    }

    /// Shows values that decisions depended on in this way, and no longer as plain numbers.
    pub fn show_values(&self, show: impl Fn(i64) -> String + Send + 'static) {
        self.shared.lock().show_value = Some(ShowValue(Box::new(show)));
    }

    /// Lays the lines from now on out for a screen.
    pub(super) fn set_screen(&self, screen: Screen) {
        self.shared.lock().screen = screen;
    }

    /// Adds a line, after those of the trace so far.
    pub fn add_line(&self, line: fmt::Arguments<'_>) {
        self.add_line_of(None, line, Tone::of_trace);
    }

    /// Adds a line: after those of its conversation so far, if that is kept apart, and otherwise after those of the trace.
    pub(super) fn add_line_of(&self, correlation: Option<u128>, line: fmt::Arguments<'_>, tone: ToneOf) {
        self.shared.add_line(|state| {
            let place = correlation.and_then(|correlation| state.followed.get(&correlation));
            let place = place.copied().unwrap_or(Place::AmongAll);
            let (tone, width) = (state.tone(tone), state.screen.width());
            push_line(state.lines_at(place), line, tone, width);
        });
    }

    /// Moves all lines to the end of `text`, except those that are kept apart.
    pub fn drain_into(&self, text: &mut String) {
        let mut state = self.shared.lock();
        text.push_str(&state.lines);
        state.lines.clear();
    }

    /// Waits until there are lines.
    pub async fn lines_arrived(&self) {
        while self.shared.lock().lines.is_empty() {
            self.shared.arrived.notified().await;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_line(&self, add: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let was_empty = state.lines.is_empty();
        add(&mut state);
        if was_empty && !state.lines.is_empty() {
            self.arrived.notify_one();
        }
    }
}

impl State {
    /// Finds the tone of a line, if lines have any.
    fn tone(&self, tone: ToneOf) -> ToneOf {
        if self.screen.in_color() { tone } else { |_| None }
    }

    fn lines_at(&mut self, place: Place) -> &mut String {
        match place {
            Place::AmongAll => &mut self.lines,
            Place::Apart(index) => &mut self.apart[index],
        }
    }
}

/// While this guard lives, the trace collects the lines of its conversation.
#[derive(Debug)]
pub struct Followed {
    /// `None` where nobody adds lines.
    conversation: Option<(Arc<Shared>, u128)>,
}

impl Followed {
    /// Ends the following, and moves the lines that were kept apart to the end of `text`.
    pub(super) fn end_into(mut self, text: &mut String) {
        self.end(|lines| text.push_str(lines));
    }

    fn end(&mut self, take: impl FnOnce(&str)) {
        let Some((shared, correlation)) = self.conversation.take() else { return };
        let mut state = shared.lock();
        if let Some(Place::Apart(index)) = state.followed.remove(&correlation) {
            take(&state.apart[index]);
            state.apart[index].clear();
            state.free.push(index);
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.end(|_| {});
    }
}

struct TraceLayer {
    shared: Arc<Shared>,
}

impl<S: Subscriber> Layer<S> for TraceLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let all = self.shared.shows_details.load(Ordering::Relaxed) && !self.shared.is_trying.load(Ordering::Relaxed);
        if !all && event.metadata().target() == DETAIL {
            return;
        }
        let mut line = LineFields::default();
        event.record(&mut line);
        let LineFields { correlation: Correlation(Some(correlation)), value } = line else { return };
        self.shared.add_line(|state| {
            let followed = state.followed.get(&correlation).copied();
            let Some(place) = followed.or(all.then_some(Place::AmongAll)) else { return };
            match value.zip(state.show_value.as_ref()).map(|(value, ShowValue(show))| show(value)) {
                Some(shown) => push_line(state.lines_at(place), format_args!("{shown}"), |_| None, None),
                None => {
                    let (tone, width) = (state.tone(Tone::of_trace), state.screen.width());
                    event.record(&mut TraceLine { lines: state.lines_at(place), tone, width });
                }
            }
        });
    }
}

/// The fields of a trace line besides its text.
#[derive(Default)]
struct LineFields {
    correlation: Correlation,
    value: Option<i64>,
}

impl Visit for LineFields {
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.correlation.record_u128(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == VALUE {
            self.value = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Finds the conversation that a tracing event belongs to.
#[derive(Default)]
pub(super) struct Correlation(pub(super) Option<u128>);

impl Visit for Correlation {
    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == CORRELATION {
            self.0 = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Appends the line of a tracing event.
struct TraceLine<'a> {
    lines: &'a mut String,
    tone: ToneOf,
    width: Option<usize>,
}

impl Visit for TraceLine<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            push_line(self.lines, format_args!("{value:?}"), self.tone, self.width);
        }
    }
}

/// Appends a message as one printable line, which is wrapped at a width. It may quote arbitrary text.
fn push_line(lines: &mut String, message: fmt::Arguments<'_>, tone: ToneOf, width: Option<usize>) {
    let start = lines.len();
    // Writing to a string does not fail.
    let _ = lines.write_fmt(message);
    if let Cow::Owned(escaped) = escape::line(&lines[start..]) {
        lines.replace_range(start.., &escaped);
    }
    let tone = tone(&lines[start..]);
    if let Some(width) = width {
        let wrapped = wrapped(&lines[start..], width);
        lines.replace_range(start.., &wrapped);
    }
    if let Some(tone) = tone {
        tone.mark(lines, start);
    }
    lines.push('\n');
}

//! Log messages, on stderr: `10:49:00.200 [info]  Payment declined …`. A message within a span begins with it, as in
//! `[debug] command{title="Deposit Money" …}: loaded …`.

use std::fmt::{self, Write as _};

use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::{MakeVisitor as _, VisitOutput as _};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::FormatFields as _;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::colour::Tone;
use super::trace::{Correlation, Trace};
use super::{escape, streams};
use crate::engine::runtime::trace::{CORRELATION, TARGET};

/// The layer that prints log messages: those that `filter` lets pass, or without one, level `info` and up.
///
/// With a `trace`, messages go between its lines, in the order in which things happen, and do not break a line that is
/// being typed. It is for when output and errors go to the same place.
pub fn layer<S>(filter: Option<Targets>, trace: Option<Trace>) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // That the client of a cluster is connected is no news.
    let usual = || Targets::new().with_default(LevelFilter::INFO).with_target("async_nats", LevelFilter::WARN);
    let filter = filter.unwrap_or_else(usual);
    // The trace has its own layer, and the line editor's messages are for its developers.
    let filter = filter.with_target(TARGET, LevelFilter::OFF).with_target("rustyline", LevelFilter::OFF);
    if let Some(trace) = &trace {
        trace.feed();
    }
    LogLayer { trace }.with_filter(filter)
}

struct LogLayer {
    trace: Option<Trace>,
}

/// The fields of a span, as text.
struct SpanFields(String);

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = String::new();
        let written = DefaultFields::new().format_fields(Writer::new(&mut fields), attributes);
        if let (Ok(()), Some(span)) = (written, context.span(id)) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut spans = String::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<SpanFields>().map_or("", |SpanFields(fields)| fields);
            spans.push_str(&format!("{}{{{fields}}}: ", span.name()));
        }
        let mut message = String::new();
        // Writing to a string does not fail.
        let _ = write_message(event, &spans, &mut message);
        let message = message.trim_end();
        match &self.trace {
            Some(trace) => {
                let mut correlation = Correlation(None);
                event.record(&mut correlation);
                trace.add_line_of(correlation.0, format_args!("{message}"), |_| Some(Tone::Log));
            }
            // Escaped, as the message may quote arbitrary text.
            None => streams::print_error(&escape::line(message)),
        }
    }
}

fn write_message(event: &Event<'_>, spans: &str, message: &mut String) -> fmt::Result {
    let level = match *event.metadata().level() {
        Level::ERROR => "[error]",
        Level::WARN => "[warn] ",
        Level::INFO => "[info] ",
        Level::DEBUG => "[debug]",
        Level::TRACE => "[trace]",
    };
    write!(message, "{} {level} {spans}", Zoned::now().strftime("%H:%M:%S%.3f"))?;
    let mut fields = DefaultFields::new().make_visitor(Writer::new(message));
    event.record(&mut WithoutCorrelation(&mut fields));
    fields.finish()
}

/// Passes on all fields but the conversation: it says where the message goes, and is not shown.
struct WithoutCorrelation<'a>(&'a mut dyn Visit);

impl Visit for WithoutCorrelation<'_> {
    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() != CORRELATION {
            self.0.record_u128(field, value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.record_str(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.0.record_error(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.record_debug(field, value);
    }
}

//! Log messages, on stderr: `10:49:00.200 [info]  Payment declined …`.

use std::fmt;
use std::io;

use jiff::Zoned;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::trace::Trace;
use crate::engine::trace::TARGET;

/// The layer that prints log messages of level `info` and up, or what `wanted` says.
///
/// Where they go to the same place as the `trace`, they are shown between its lines, in the order in which
/// things happen, and do not break what is being typed.
pub fn layer<S>(wanted: Option<Targets>, trace: Option<Trace>) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let wanted = wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    // The trace has a layer of its own, and what the line editor says about itself is for its own makers.
    let wanted = wanted.with_target(TARGET, LevelFilter::OFF).with_target("rustyline", LevelFilter::OFF);
    tracing_subscriber::fmt::layer()
        .event_format(Line)
        .with_ansi(false)
        .with_writer(move || Destination::new(trace.clone()))
        .with_filter(wanted)
}

struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::ERROR => "[error]",
            Level::WARN => "[warn] ",
            Level::INFO => "[info] ",
            Level::DEBUG => "[debug]",
            Level::TRACE => "[trace]",
        };
        write!(line, "{} {level} ", Zoned::now().strftime("%H:%M:%S%.3f"))?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

/// Takes one message.
enum Destination {
    Stderr(io::Stderr),
    Trace { trace: Trace, message: Vec<u8> },
}

impl Destination {
    fn new(trace: Option<Trace>) -> Self {
        match trace {
            Some(trace) => Self::Trace { trace, message: Vec::new() },
            None => Self::Stderr(io::stderr()),
        }
    }
}

impl io::Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr(stderr) => stderr.write(bytes),
            Self::Trace { message, .. } => message.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stderr(stderr) => stderr.flush(),
            Self::Trace { .. } => Ok(()),
        }
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Self::Trace { trace, message } = self {
            trace.add_line(format_args!("{}", String::from_utf8_lossy(message).trim_end()));
        }
    }
}

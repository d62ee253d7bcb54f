//! Log messages, on stderr: `10:49:00.200 [info]  Payment declined …`.

use std::{fmt, io};

use jiff::Zoned;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::trace::Trace;
use super::{escape, streams};
use crate::engine::runtime::trace::TARGET;

/// The layer that prints log messages: those that `filter` lets pass, or without one, level `info` and up.
///
/// With a `trace`, messages go between its lines, in the order in which things happen, and do not break a line that is
/// being typed. It is for when output and errors go to the same place.
pub fn layer<S>(filter: Option<Targets>, trace: Option<Trace>) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    // The trace has its own layer, and the line editor's messages are for its developers.
    let filter = filter.with_target(TARGET, LevelFilter::OFF).with_target("rustyline", LevelFilter::OFF);
    tracing_subscriber::fmt::layer()
        .event_format(LogLine)
        .with_ansi(false)
        .with_writer(move || Destination { message: Vec::new(), trace: trace.clone() })
        .with_filter(filter)
}

struct LogLine;

impl<S, N> FormatEvent<S, N> for LogLine
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

/// Collects one message and prints it when dropped, escaped: the message may quote arbitrary text.
struct Destination {
    message: Vec<u8>,
    trace: Option<Trace>,
}

impl io::Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.message.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        let message = String::from_utf8_lossy(&self.message);
        match &self.trace {
            Some(trace) => trace.add_line(format_args!("{}", message.trim_end())),
            None => streams::print_error(&escape::line(message.trim_end())),
        }
    }
}

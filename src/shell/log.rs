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
        .with_writer(move || Destination { message: Vec::new(), trace: trace.clone() })
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

/// Takes one message. It may quote anything, and another library may have written it.
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
            None => streams::say(&escape::line(message.trim_end())),
        }
    }
}

//! Keeps times in a log from going back or out of range, whatever the clock does.

use std::time::Duration;

use crate::engine::log::Timestamp;

/// How far behind the log a correct clock can appear: other commits may overtake a decision while it waits to be
/// appended.
const MAX_WAIT: Duration = Duration::from_secs(15);

/// Assigns times to events, and warns once when the clock is behind the log.
#[derive(Debug, Default)]
pub(super) struct LogTimes {
    has_warned: bool,
}

impl LogTimes {
    /// The time for an event decided at `time`, in a log whose last event has the time `last`.
    pub(super) fn next(&mut self, last: Timestamp, time: Timestamp) -> Timestamp {
        let time = time.within_range();
        if time >= last {
            return time;
        }
        let behind = last.as_micros().abs_diff(time.as_micros());
        if !self.has_warned && u128::from(behind) > MAX_WAIT.as_micros() {
            self.has_warned = true;
            tracing::warn!(
                "the log's last event is at {last}, but this machine's clock says {time}: times in a log never go \
                 back, so events get the last event's time until the clock passes it, and only their \
                 positions tell them apart"
            );
        }
        last
    }
}

//! Times in a log never go back, and can be written, whatever the clock does.

use std::time::Duration;

use crate::engine::log::Timestamp;

/// Others commit while a decision waits for its place in the log. A clock that is no further behind than that may be
/// right.
const MAX_WAIT: Duration = Duration::from_secs(15);

/// Gives events their times, and says when the clock is behind the log.
#[derive(Debug, Default)]
pub(super) struct LogTimes {
    is_said: bool,
}

impl LogTimes {
    /// The time of the next event, which was decided at `time`, in a log whose last event is of `last`.
    pub(super) fn next(&mut self, last: Timestamp, time: Timestamp) -> Timestamp {
        let time = time.within_range();
        if time >= last {
            return time;
        }
        let behind = last.as_micros().abs_diff(time.as_micros());
        if !self.is_said && u128::from(behind) > MAX_WAIT.as_micros() {
            self.is_said = true;
            tracing::warn!(
                "the log's last event is of {last}, but this machine's clock says {time}: times in a log never go \
                 back, so events get the time of the last one until the clock has passed it, and only their \
                 positions tell them apart"
            );
        }
        last
    }
}

//! How a script ends, and why before its last statement.

use super::output::NotWritten;

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptEnd {
    /// Every statement ran, or one left the script.
    Success,
    /// Nobody reads the output any more, and not every statement ran.
    OutputClosed,
    /// A statement could not be read or run.
    Mistake,
    /// The domain failed, or the script could not be read.
    Failure,
    /// A signal of this number asked the program to end.
    Signal(i32),
    /// A statement was refused or declined, and the script is [strict](super::Script::strict).
    Refused,
}

/// Why a script stops before its end.
pub(super) enum Stop {
    Left,
    OutputClosed,
    Mistake,
    Failure,
    Refused,
    Interrupted,
}

impl From<NotWritten> for Stop {
    fn from(not_written: NotWritten) -> Self {
        match not_written {
            NotWritten::Closed => Self::OutputClosed,
            NotWritten::Failed => Self::Failure,
        }
    }
}

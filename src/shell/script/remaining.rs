//! The lines of a script: how they are read, and whether any remain.

use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::time::timeout;

use crate::shell::language::Statements;
use crate::shell::lines::{Lines, NextLine};

/// How long to wait for lines that nobody would run any more. Whoever writes them slowly may well have some.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether statements remain in the lines of a script.
pub(super) async fn remain(lines: &mut Lines<impl AsyncRead + Unpin>) -> bool {
    loop {
        match lines.take() {
            NextLine::Whole { text, .. } => {
                if read_utf8(text).map_or(true, |line| !Statements::new(line).are_done()) {
                    return true;
                }
            }
            NextLine::TooLong { .. } => return true,
            NextLine::End => return false,
            NextLine::NotYet => {
                if !matches!(timeout(PATIENCE, lines.read()).await, Ok(Ok(()))) {
                    return true;
                }
            }
        }
    }
}

/// The line, or the message and the column of its first error.
pub(super) fn read_utf8(line: &[u8]) -> Result<&str, (&'static str, usize)> {
    std::str::from_utf8(line).map_err(|error| {
        let before = String::from_utf8_lossy(&line[..error.valid_up_to()]).chars().count();
        ("this is not UTF-8", before + 1)
    })
}

//! Shows a long text with a pager, as psql does.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr as _;

use crate::shell::streams;

/// The pager, unless `PAGER` names another: it ends at once if the text fits, and leaves the text on the screen.
const PAGER: &str = "less -FRX";

/// The same options, for a `less` that `PAGER` names without any.
const LESS: (&str, &str) = ("LESS", "FRX");

/// Prints a text: with a pager, if it is longer than the screen. On a terminal that can do little that is only one that
/// `PAGER` names. The text must be escaped already.
///
/// # Errors
///
/// The text could not be printed.
pub(super) fn show(text: &str, can_do_little: bool) -> io::Result<()> {
    let named = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = named.or_else(|| (!can_do_little).then(|| PAGER.to_owned()));
    if let Some(pager) = pager.filter(|_| is_too_long(text))
        && page(text, &pager).is_ok()
    {
        return Ok(());
    }
    streams::print(text)
}

fn is_too_long(text: &str) -> bool {
    let Some((rows, columns)) = streams::size().filter(|_| streams::answers_are_on_the_terminal()) else {
        return false;
    };
    let columns = usize::from(columns);
    let needed: usize = text.lines().map(|line| line.width().div_ceil(columns).max(1)).sum();
    needed >= usize::from(rows)
}

/// # Errors
///
/// There is no pager.
fn page(text: &str, pager: &str) -> io::Result<()> {
    let mut command = Command::new("sh");
    if std::env::var_os(LESS.0).is_none() {
        command.env(LESS.0, LESS.1);
    }
    let mut paging = command.arg("-c").arg(pager).stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = paging.stdin.take() {
        // A person may leave the pager before its end.
        let _ = input.write_all(text.as_bytes());
    }
    // 126 and 127: the shell did not find the pager.
    match paging.wait()?.code() {
        Some(126 | 127) => Err(io::ErrorKind::NotFound.into()),
        _ => Ok(()),
    }
}

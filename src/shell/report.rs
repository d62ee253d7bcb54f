//! A report about a mistake, laid out for a terminal: its message is wrapped at words, and its excerpt is moved to the place
//! that the carets mark.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::wrapping::{cut, wrapped};

/// What stands before and behind the part of a line that is shown.
const BEFORE: &str = "  …";
const BEHIND: usize = 1;

/// The report with no line wider than this.
pub(super) fn fitted(report: &str, width: usize) -> String {
    let lines: Vec<_> = report.lines().collect();
    let is_carets = |line: &str| !line.trim().is_empty() && line.trim().bytes().all(|byte| byte == b'^');
    match lines.as_slice() {
        [message @ .., line, carets] if !message.is_empty() && is_carets(carets) => {
            let (line, carets) = around(line, carets, width);
            format!("{}\n{line}\n{carets}", wrapped(&message.join("\n"), width))
        }
        _ => wrapped(report, width),
    }
}

/// The part of a line around the place that carets mark, with the carets below it.
fn around(line: &str, carets: &str, width: usize) -> (String, String) {
    if line.width() <= width && carets.width() <= width {
        return (line.to_owned(), carets.to_owned());
    }
    let indent = carets.len() - carets.trim_start().len();
    let marked = carets.trim().len();
    let room = width.saturating_sub(BEFORE.width() + BEHIND).max(1);
    let from = if indent + marked.min(room / 2) < width { 0 } else { indent.saturating_sub(room / 2) };
    let mut column = 0;
    let start = line.char_indices().find(|(_, character)| {
        let is_there = column >= from;
        column += if is_there { 0 } else { character.width().unwrap_or(0) };
        is_there
    });
    let (before, rest) = match start {
        Some((start, _)) if from > 0 => (BEFORE, &line[start..]),
        _ => ("", line),
    };
    let indent = indent.saturating_sub(column) + before.width();
    let carets = "^".repeat(marked.min(width.saturating_sub(indent)).max(1));
    (format!("{before}{}", cut(rest, width.saturating_sub(before.width()))), format!("{}{carets}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_around_its_carets() {
        let line = format!("  {}XYZ{}", "a".repeat(60), "b".repeat(30));
        let report = format!("error: 1:61: something is wrong here, as one can see\n{line}\n{}^^^", " ".repeat(62));
        let shown = fitted(&report, 40);
        assert_eq!(
            shown,
            format!(
                "error: 1:61: something is wrong here, as\none can see\n  …{}XYZ{}…\n{}^^^",
                "a".repeat(18),
                "b".repeat(15),
                " ".repeat(21)
            )
        );
        assert_eq!(fitted(&report, 200), report);
    }

    #[test]
    fn what_fits_on_its_left_is_only_cut_on_its_right() {
        let report = format!("error: 1:1: wrong\n  XYZ{}\n  ^^^", "b".repeat(60));
        assert_eq!(fitted(&report, 20), format!("error: 1:1: wrong\n  XYZ{}…\n  ^^^", "b".repeat(14)));
    }
}

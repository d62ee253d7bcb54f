//! The colours of what is answered: commands in one, events in another, refusals, declines and errors in their own.
//!
//! Within the program, a coloured line stands between two control characters. Nothing else brings them into the output:
//! whatever is quoted is escaped before. Where output is printed, they become the sequences of the terminal.

use std::io::Write as _;

use super::escape;
use super::report::fitted;
use super::screen::Screen;
use super::streams::{errors_are_a_terminal, print_error, standard_error};

/// What a line is, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Command,
    Event,
    /// A refusal or a decline.
    Refusal,
    Log,
}

const END: char = '\u{5}';
const TONES: [(Tone, char, &str); 4] = [
    (Tone::Command, '\u{1}', "36"),
    (Tone::Event, '\u{2}', "35"),
    (Tone::Refusal, '\u{3}', "33"),
    (Tone::Log, '\u{4}', "2"),
];
const ERROR: &str = "31";
const BOLD: &str = "1";

impl Tone {
    /// The tone of a line of the trace. `None` for a number, which stays plain.
    pub(super) fn of_trace(line: &str) -> Option<Self> {
        match line {
            _ if line.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => None,
            _ if line.starts_with("{:error") || line.ends_with("Declined") => Some(Self::Refusal),
            _ if line.starts_with("Command") || line.starts_with("Process Manager") => Some(Self::Command),
            _ => Some(Self::Event),
        }
    }

    /// Marks the text from a place on, which must be escaped.
    pub(super) fn mark(self, text: &mut String, from: usize) {
        if let Some((_, begin, _)) = TONES.iter().find(|(tone, ..)| *tone == self) {
            text.insert(from, *begin);
            text.push(END);
        }
    }
}

/// The text with the terminal's sequences for its marks, and all else escaped.
pub(super) fn painted(text: &str) -> String {
    let mut painted = String::with_capacity(text.len());
    let is_mark = |character: char| character == END || TONES.iter().any(|(_, begin, _)| *begin == character);
    for piece in text.split_inclusive(is_mark) {
        let (plain, mark) = match piece.char_indices().next_back().filter(|(_, last)| is_mark(*last)) {
            Some((place, mark)) => (&piece[..place], Some(mark)),
            None => (piece, None),
        };
        painted.push_str(&escape::lines(plain));
        if let Some(mark) = mark {
            let code = TONES.iter().find(|(_, begin, _)| *begin == mark).map_or("0", |(.., code)| code);
            painted.push_str(&format!("\u{1b}[{code}m"));
        }
    }
    painted
}

/// Prints a message about what was typed on standard error, the carets bold.
pub(super) fn print_report(screen: Screen, report: &str) {
    if !errors_are_a_terminal() || !screen.in_color() {
        return print_error(report);
    }
    let report = screen.width().map_or_else(|| report.to_owned(), |width| fitted(report, width));
    // When standard error is closed, nobody can see the message.
    let _ = standard_error().write_all(painted_report(&report).as_bytes());
}

fn painted_report(report: &str) -> String {
    let is_caret = |line: &str| !line.trim().is_empty() && line.trim().chars().all(|character| character == '^');
    let count = report.lines().count();
    // The line above the carets stays as it is.
    let excerpt = if report.lines().last().is_some_and(is_caret) { count - 2 } else { count };
    let mut lines = String::new();
    for (number, line) in report.lines().enumerate() {
        let line = escape::lines(line);
        match number {
            _ if number < excerpt => lines.push_str(&format!("\u{1b}[{ERROR}m{line}\u{1b}[0m\n")),
            _ if number == excerpt => lines.push_str(&format!("{line}\n")),
            _ => lines.push_str(&format!("\u{1b}[{BOLD}m{line}\u{1b}[0m\n")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_colours_and_all_else_is_escaped() {
        let mut text = "Command Sent".to_owned();
        Tone::Command.mark(&mut text, 0);
        text.push_str("\n\u{1b}[2J\n");
        assert_eq!(painted(&text), "\u{1b}[36mCommand Sent\u{1b}[0m\n\\u{1B}[2J\n");
    }

    #[test]
    fn commands_events_and_declines_differ_and_numbers_are_plain() {
        assert_eq!(Tone::of_trace("Command Handler: Withdraw Money"), Some(Tone::Command));
        assert_eq!(Tone::of_trace("Event Handler: Account Created"), Some(Tone::Event));
        assert_eq!(Tone::of_trace("Event Handler: Payment Declined"), Some(Tone::Refusal));
        assert_eq!(Tone::of_trace("{:error, :no_account} # Deposit Money, \"Nobody\""), Some(Tone::Refusal));
        assert_eq!(Tone::of_trace("-50"), None);
    }

    #[test]
    fn the_carets_of_a_report_are_bold() {
        assert_eq!(
            painted_report("error: 1:1: wrong\n  f\n  ^"),
            "\u{1b}[31merror: 1:1: wrong\u{1b}[0m\n  f\n\u{1b}[1m  ^\u{1b}[0m\n"
        );
    }
}

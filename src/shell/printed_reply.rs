//! A reply as text: the term, and its notes below it.

use super::colour::Tone;
use super::escape;
use super::screen::Screen;
use super::term::Term;

/// Appends a reply, laid out for a screen.
pub(super) fn push_reply(output: &mut String, term: &Term, notes: &[String], screen: Screen, is_wide: bool) {
    let start = output.len();
    match term {
        // Most replies of a long script are this one.
        Term::Atom(atom) => {
            output.push(':');
            output.push_str(atom);
        }
        term => output.push_str(&escape::lines(&screen.laid_out(term, is_wide))),
    }
    let is_error = matches!(term, Term::Error(_) | Term::Problem(_));
    if screen.in_color() && (is_error || matches!(term, Term::Missing(_))) {
        Tone::Refusal.mark(output, start);
    }
    // Below an error it says what is wrong with it.
    let indent = if is_error { "  " } else { "" };
    for note in notes {
        output.push('\n');
        let indent = if note.starts_with(' ') { "" } else { indent };
        output.push_str(&escape::lines(&screen.wrapped(&format!("{indent}{note}"))));
    }
    output.push('\n');
}

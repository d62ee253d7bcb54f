use super::*;
use crate::bank::Options;
use crate::shell::bank_functions::BankFunctions;
use crate::shell::functions::Vocabulary;
use crate::shell::trace::Trace;

fn report(text: &str, span: Span) -> String {
    let vocabulary = Vocabulary::of(&BankFunctions::new(Options::default(), Trace::default()));
    let visible = Visible::of_unread(&(0..text.len()), vocabulary);
    Mistake::new(Source::new(text, 7), &span, "wrong".to_owned(), &visible).report()
}

#[test]
fn the_caret_stands_under_the_place() {
    assert_eq!(report("f 1 2", 4..5), "error: 7:5: wrong\n  f 1 2\n      ^");
    assert_eq!(report("a\nß🐺 bc\nd", 9..11), "error: 8:4: wrong\n  ß🐺 bc\n      ^^");
    assert_eq!(report("f", 1..1), "error: 7:2: wrong\n  f\n   ^");
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!("{}X{}", "a".repeat(100), "b".repeat(100));
    let shown = format!("  …{}X{}…", "a".repeat(48), "b".repeat(24));
    assert_eq!(report(&text, 100..101), format!("error: 7:101: wrong\n{shown}\n{}^", " ".repeat(51)));
    assert!(report(&"x".repeat(5_000), 0..5_000).len() < 200);
}

#[test]
fn what_the_line_holds_cannot_disturb_the_terminal() {
    assert_eq!(report("\u{1b}[2J x", 5..6), "error: 7:6: wrong\n  \\u{1B}[2J x\n            ^");
}

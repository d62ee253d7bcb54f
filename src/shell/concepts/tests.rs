use super::*;
use crate::bank::Options;
use crate::shell::bank_functions::BankFunctions;
use crate::shell::language::Statements;
use crate::shell::mistake::Source;
use crate::shell::session::{Next, Session, Style};
use crate::shell::table::SHORT_HEADINGS;
use crate::shell::trace::Trace;

fn session() -> Session<BankFunctions> {
    let trace = Trace::default();
    Session::new(BankFunctions::new(Options::default(), trace.clone()), trace, Style::default())
}

#[test]
fn a_concept_is_found_by_the_words_people_use() {
    for (word, name) in [
        ("event", "Event"),
        ("Events", "Event"),
        ("handler", "Event handler"),
        ("event_handlers", "Event handler"),
        ("process_manager", "Process manager"),
        ("manager", "Process manager"),
        ("redelivery", "Redelivery"),
        ("consistency", "Consistency"),
        ("parked", "Parked"),
    ] {
        assert_eq!(named(word).map(|concept| concept.name), Some(name), "{word}");
    }
    assert_eq!(named("money"), None);
}

#[test]
fn each_is_explained_in_a_few_lines_and_can_be_tried() {
    let vocabulary = session().vocabulary();
    for concept in all() {
        let lines: Vec<_> = concept.text.lines().filter(|line| !line.is_empty()).collect();
        assert!((3..=6).contains(&lines.len()), "{}: {} lines", concept.name, lines.len());
        assert!(concept.explained(vocabulary).contains("\n  Try "), "{}", concept.name);
    }
}

#[test]
fn a_column_is_named_as_it_is_in_a_narrow_table_too() {
    for concept in all() {
        for paragraph in concept.text.split("\n\n").filter(|paragraph| paragraph.starts_with("Try ")) {
            let words = || paragraph.split(|character: char| !(character.is_alphanumeric() || character == '_'));
            for (heading, short) in SHORT_HEADINGS {
                let names = |heading: &str| words().any(|word| word == heading);
                assert!(!names(heading) || names(short), "{}: {heading} is also called {short}", concept.name);
            }
        }
    }
}

#[tokio::test]
async fn what_can_be_tried_works() {
    for concept in all() {
        for statement in concept.text.split("\n\n").flat_map(statements) {
            let mut session = session();
            let text =
                format!("Bank.open; Bank.create \"Wolfman\"; Bank.deposit \"Wolfman\", 5; Bank.events\n{statement}");
            let mut source = Source::new(&text, 1);
            for read in Statements::new(&text) {
                source.go_to(&read);
                let read = session.read(source, read);
                let mut next = session.run(read).await;
                // A watch from the beginning ends by itself, after as many events as there are.
                if next == Next::Live {
                    next = session.interrupt();
                }
                assert_eq!(next, Next::GoOn, "{statement}");
            }
        }
    }
}

//! The concepts that `help` explains. Their text is also the glossary of the crate.

use std::fmt::Write as _;

use super::functions::Vocabulary;

const GLOSSARY: &str = include_str!("../glossary.md");

/// A concept: its name, such as `Event handler`, and its explanation in paragraphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Concept {
    pub(super) name: &'static str,
    text: &'static str,
}

/// Every concept, in the order of the glossary.
pub(super) fn all() -> impl Iterator<Item = Concept> {
    let sections = GLOSSARY.split("## ").skip(1);
    sections.map(|section| {
        let (name, text) = section.split_once('\n').unwrap_or((section, ""));
        Concept { name, text: text.trim() }
    })
}

/// The concept that a word names: `event`, `events` or `process_manager`, or `handler` for the last word of its name.
pub(super) fn named(word: &str) -> Option<Concept> {
    let word = word.replace('_', " ").to_lowercase();
    let singular = word.strip_suffix('s').unwrap_or(&word);
    let is = |concept: &Concept, part: fn(&str) -> &str| {
        let name = concept.name.to_lowercase();
        [word.as_str(), singular].contains(&part(&name))
    };
    let whole = all().find(|concept| is(concept, |name| name));
    whole.or_else(|| all().find(|concept| is(concept, |name| name.rsplit(' ').next().unwrap_or(name))))
}

impl Concept {
    /// Its name as `help` takes it: `event_handler`.
    pub(super) fn word(self) -> String {
        self.name.to_lowercase().replace(' ', "_")
    }

    /// The explanation. Statements to try are those of the domain at hand, where it has them.
    pub(super) fn explained(self, vocabulary: Vocabulary) -> String {
        let manual = vocabulary.manual();
        let module = manual.function.split('.').next().unwrap_or_default();
        let mut text = self.name.to_owned();
        for paragraph in self.text.split("\n\n") {
            let paragraph = paragraph
                .replace("`Bank.", &format!("`{module}."))
                .replace("\"Wolfman\"", &format!("\"{}\"", manual.named));
            if statements(&paragraph).any(|statement| !is_known(vocabulary, statement)) {
                continue;
            }
            for line in paragraph.lines() {
                let _ = write!(text, "\n  {}", line.replace('`', ""));
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// The statements to try in a paragraph.
fn statements(paragraph: &str) -> impl Iterator<Item = &str> {
    let is_try = paragraph.starts_with("Try ");
    paragraph.split('`').skip(1).step_by(2).filter(move |_| is_try)
}

fn is_known(vocabulary: Vocabulary, statement: &str) -> bool {
    vocabulary.called(statement.split(' ').next().unwrap_or_default()).is_some()
}

#[cfg(all(test, feature = "bank"))]
mod tests;

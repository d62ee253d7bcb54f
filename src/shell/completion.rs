//! What the editor offers while a statement is typed: completions, hints and colours. It names no editor.

use std::fmt;

use super::functions::{Function, Kind, Names, Parameter, Vocabulary};
use super::syntax::OpenString;

/// How many names are offered at the most.
const MAX_NAMES: usize = 100;

/// Knows what can be typed.
pub(super) struct Assistant {
    vocabulary: Vocabulary,
    names: Box<dyn Names>,
}

impl fmt::Debug for Assistant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assistant").finish_non_exhaustive()
    }
}

/// Something that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// As it is shown in a list.
    pub(super) shown: String,
    /// As it is typed.
    pub(super) typed: String,
}

/// How a piece of a statement is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Function,
    String,
    Comment,
}

/// A statement that is being typed, up to the cursor.
struct Unfinished<'a> {
    /// What is called, once a space or a parenthesis has ended its name.
    function: Option<&'static Function>,
    /// The number of arguments before the one at the cursor.
    arguments: usize,
    /// What stands before the colon where the argument at the cursor is given by name.
    keyword: Option<&'a str>,
    /// What of the word, or the string, at the cursor is there, and where it begins in the line.
    word: &'a str,
    start: usize,
    within_string: bool,
    within_comment: bool,
}

impl Unfinished<'_> {
    fn parameter(&self) -> Option<&'static Parameter> {
        let parameters = self.function?.parameters;
        match self.keyword {
            Some(keyword) => parameters.iter().find(|parameter| parameter.keyword && parameter.name == keyword),
            None => parameters.get(self.arguments).filter(|parameter| !parameter.keyword),
        }
    }
}

impl Assistant {
    pub(super) fn new(vocabulary: Vocabulary, names: Box<dyn Names>) -> Self {
        Self { vocabulary, names }
    }

    /// What could stand at the end of `line`, and where it would begin.
    pub(super) fn complete(&self, line: &str) -> (usize, Vec<Candidate>) {
        let unfinished = self.read(line);
        let Unfinished { word, start, .. } = unfinished;
        let parameter = unfinished.parameter();
        let candidates = match (parameter, parameter.map(|parameter| parameter.kind)) {
            _ if unfinished.within_comment => Vec::new(),
            (Some(parameter), Some(Kind::Named | Kind::Text)) if unfinished.within_string => {
                self.complete_name(parameter, word)
            }
            _ if unfinished.within_string => Vec::new(),
            (_, Some(Kind::Function)) => self.complete_function(word),
            _ if unfinished.function.is_none() => self.complete_function(word),
            (Some(parameter), Some(Kind::Named | Kind::Text)) if word.is_empty() => {
                self.complete_name(parameter, word).into_iter().map(Candidate::quoted).collect()
            }
            (_, Some(Kind::Atom(atoms))) => {
                let atoms = atoms.iter().map(|atom| format!(":{atom}"));
                atoms.filter(|atom| atom.starts_with(word)).map(Candidate::from).collect()
            }
            _ => Vec::new(),
        };
        (start, candidates)
    }

    /// The arguments that are still to come at the end of `line`.
    pub(super) fn hint(&self, line: &str) -> Option<String> {
        let unfinished = self.read(line);
        if unfinished.within_comment {
            return None;
        }
        let Some(function) = unfinished.function else {
            let known = self.vocabulary.all().find(|function| function.is_called(unfinished.word))?;
            return (!known.parameters.is_empty()).then(|| format!(" {}", known.signature(0)));
        };
        let missing = if unfinished.within_string { "\"" } else { "" };
        let at_start = unfinished.word.is_empty() && !unfinished.within_string;
        let rest = function.signature(unfinished.arguments + usize::from(!at_start));
        let separator = match (at_start, rest.is_empty()) {
            (true, _) | (_, true) => "",
            (false, false) => ", ",
        };
        let hint = format!("{missing}{separator}{rest}");
        (!hint.is_empty()).then_some(hint)
    }

    /// The pieces of a line, with the look of each.
    pub(super) fn looks<'a>(&self, line: &'a str) -> Vec<(Look, &'a str)> {
        let mut looks = Vec::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let (look, length) = match first {
                '"' => (Look::String, string_length(rest)),
                '#' => (Look::Comment, rest.find('\n').unwrap_or(rest.len())),
                _ if is_word(first) => {
                    let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
                    let known = self.vocabulary.all().any(|function| function.is_called(&rest[..length]));
                    (if known { Look::Function } else { Look::Plain }, length)
                }
                _ => (Look::Plain, first.len_utf8()),
            };
            looks.push((look, &rest[..length]));
            rest = &rest[length..];
        }
        looks
    }

    fn read<'a>(&self, line: &'a str) -> Unfinished<'a> {
        let mut state = OpenString::default();
        // Where the argument at the cursor begins.
        let mut argument = 0;
        let mut unfinished = Unfinished {
            function: None,
            arguments: 0,
            keyword: None,
            word: "",
            start: 0,
            within_string: false,
            within_comment: false,
        };
        for (at, character) in line.char_indices() {
            let was_open = state.is_open();
            let mut bytes = [0; 4];
            state.follow(character.encode_utf8(&mut bytes));
            let after = at + character.len_utf8();
            match character {
                '"' if !was_open && state.is_open() => unfinished.start = after,
                // The string itself is the word now, so that it does not look like nothing.
                '"' if was_open && !state.is_open() => unfinished.start = at,
                _ if was_open || state == OpenString::Comment => {}
                '\n' | ';' => {
                    unfinished.function = None;
                    unfinished.arguments = 0;
                    unfinished.start = after;
                }
                ',' => {
                    unfinished.arguments += 1;
                    unfinished.start = after;
                    argument = after;
                }
                ' ' | '\t' | '(' if unfinished.function.is_none() => {
                    let name = line[unfinished.start..at].trim_start();
                    unfinished.function = self.vocabulary.all().find(|function| function.is_called(name));
                    argument = after;
                    unfinished.start =
                        if unfinished.function.is_some() || name.is_empty() { after } else { unfinished.start };
                }
                ' ' | '\t' if line[unfinished.start..at].trim().is_empty() => unfinished.start = after,
                _ => {}
            }
        }
        unfinished.within_string = state.is_open();
        unfinished.within_comment = state == OpenString::Comment;
        unfinished.word = &line[unfinished.start..];
        unfinished.keyword =
            keyword(&line[argument..if unfinished.within_string { unfinished.start } else { line.len() }]);
        unfinished
    }

    fn complete_name(&self, parameter: &Parameter, prefix: &str) -> Vec<Candidate> {
        let names = self.names.beginning_with(parameter, prefix, MAX_NAMES);
        names.into_iter().map(Candidate::name).collect()
    }

    /// Modules first, then the functions of the one that is there, by other names only where no own one fits.
    fn complete_function(&self, prefix: &str) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for function in self.vocabulary.all() {
            let candidate = match function.module {
                Some(module) if !prefix.contains('.') => format!("{module}."),
                _ => function.to_string(),
            };
            if candidate.starts_with(prefix) && !candidates.iter().any(|known| known.typed == candidate) {
                candidates.push(candidate.into());
            }
        }
        if candidates.is_empty() {
            let aliases = self.vocabulary.all().flat_map(Function::alias_names);
            candidates.extend(aliases.filter(|alias| alias.starts_with(prefix)).map(Candidate::from));
        }
        candidates
    }
}

impl From<String> for Candidate {
    fn from(text: String) -> Self {
        Self { shown: text.clone(), typed: text }
    }
}

impl Candidate {
    /// A name, with the quote that ends it.
    fn name(name: String) -> Self {
        let typed = format!("{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        Self { shown: name, typed }
    }

    fn quoted(self) -> Self {
        let typed = format!("\"{}", self.typed);
        Self { typed, ..self }
    }
}

/// What an argument is called that is given by name.
fn keyword(argument: &str) -> Option<&str> {
    let (keyword, _) = argument.trim_start().split_once(':')?;
    (!keyword.is_empty() && keyword.chars().all(is_word)).then_some(keyword)
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.')
}

/// The length of the string that `text` begins with, or all of it if it is not closed.
fn string_length(text: &str) -> usize {
    let mut state = OpenString::default();
    for (at, character) in text.char_indices() {
        let mut bytes = [0; 4];
        state.follow(character.encode_utf8(&mut bytes));
        if !state.is_open() {
            return at + character.len_utf8();
        }
    }
    text.len()
}

#[cfg(all(test, feature = "bank"))]
mod tests {
    use super::*;
    use crate::bank::Options;
    use crate::shell::bank_functions::BankFunctions;
    use crate::shell::trace::Trace;

    struct FixedNames;

    impl Names for FixedNames {
        fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
            if parameter.kind != Kind::Named {
                return Vec::new();
            }
            let names = ["Wolf", "Wolfman", "a \"b\""].iter().filter(|name| name.starts_with(prefix));
            names.take(limit).map(ToString::to_string).collect()
        }
    }

    fn assistant() -> Assistant {
        let domain = BankFunctions::new(Options::default(), Trace::default());
        Assistant::new(Vocabulary::of(&domain), Box::new(FixedNames))
    }

    fn typed(line: &str) -> Vec<String> {
        let (start, candidates) = assistant().complete(line);
        candidates.into_iter().map(|candidate| format!("{}{}", &line[..start], candidate.typed)).collect()
    }

    #[test]
    fn modules_functions_names_and_atoms_complete() {
        assert_eq!(typed("Ba"), ["Bank."]);
        assert_eq!(typed("Bank.de"), ["Bank.deposit"]);
        assert_eq!(typed("Bank.c"), ["Bank.close", "Bank.consistency", "Bank.create", "Bank.check_balance"]);
        assert_eq!(typed("he"), ["help"]);
        assert_eq!(typed("help Bank.o"), ["help Bank.open"]);
        assert_eq!(typed("Bank.deposit \"Wo"), ["Bank.deposit \"Wolf\"", "Bank.deposit \"Wolfman\""]);
        assert_eq!(typed("Bank.deposit(\"a "), ["Bank.deposit(\"a \\\"b\\\"\""]);
        assert_eq!(typed("Bank.deposit W"), Vec::<String>::new());
        assert_eq!(typed("Bank.create ").len(), 3);
        assert_eq!(typed("Bank.consistency :e"), ["Bank.consistency :eventual"]);
        assert_eq!(typed("Bank.open; Bank.wi"), ["Bank.open; Bank.withdraw"]);
        assert_eq!(typed("Bank.create_"), ["Bank.create_bank_account"]);
        assert_eq!(
            typed("Bank.open \"bank.db\", ceo_bonus: \"Wolfm"),
            ["Bank.open \"bank.db\", ceo_bonus: \"Wolfman\""]
        );
        assert_eq!(
            typed("Bank.deposit_money_into_bank_account \"Wolfm"),
            ["Bank.deposit_money_into_bank_account \"Wolfman\""]
        );
    }

    #[test]
    fn where_nothing_fits_nothing_is_offered() {
        for line in [
            "Bank.deposit \"Wolfman\", ",
            "# Ba",
            "Bank.open \"Wo",
            "Bank.deposit ceo_bonus: \"Wo",
            "Nobody.knows \"Wo",
            "Bank.deposit \"Wolfman\" ",
        ] {
            assert_eq!(typed(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn hints_show_what_is_still_to_come() {
        let hint = |line| assistant().hint(line);
        assert_eq!(hint("Bank.deposit"), Some(" account, amount".into()));
        assert_eq!(hint("Bank.deposit "), Some("account, amount".into()));
        assert_eq!(hint("Bank.deposit \"Wo"), Some("\", amount".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\""), Some(", amount".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\", "), Some("amount".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\", 1"), None);
        assert_eq!(hint("Bank.consistency "), Some(":strong | :eventual".into()));
        assert!(hint("Bank.open ").is_some_and(|hint| hint.starts_with("[url], [")));
        assert_eq!(hint("Bank.close"), None);
        assert_eq!(hint("Bank.backup "), Some("file".into()));
        assert_eq!(hint("Bank.verify "), Some("[head: …]".into()));
        assert_eq!(hint("Bank.verify head: \"12:9f"), Some("\"".into()));
        assert_eq!(hint("Bank.create_bank_account"), hint("Bank.create"));
        assert_eq!(hint("Bank.dep"), None);
    }

    #[test]
    fn known_functions_and_strings_look_different() {
        let looks = assistant().looks("Bank.open \"é\\\"\"; foo # x");
        let plain = looks.iter().filter(|(look, _)| *look == Look::Plain).map(|(_, text)| *text).collect::<String>();
        assert_eq!(plain, " ; foo ");
        assert!(looks.contains(&(Look::Function, "Bank.open")));
        assert!(looks.contains(&(Look::String, "\"é\\\"\"")));
        assert!(looks.contains(&(Look::Comment, "# x")));
    }
}

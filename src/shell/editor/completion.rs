//! Completion of functions, names and atoms.

use super::assistant::Assistant;
use super::partial_statement::PartialStatement;
use crate::shell::functions::{Function, Parameter, ParameterKind};

/// The largest number of names to offer.
const MAX_NAMES: usize = 100;

/// A completion at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The text in the list of candidates.
    pub(super) shown: String,
    /// The text that is inserted.
    pub(super) typed: String,
}

impl Assistant {
    /// The candidates at the end of `line`, and the index at which they begin.
    pub(super) fn complete(&self, line: &str) -> (usize, Vec<Candidate>) {
        let statement = PartialStatement::at_the_end_of(line, self.vocabulary);
        let PartialStatement { word, start, .. } = statement;
        let parameter = statement.parameter();
        let candidates = match (parameter, parameter.map(|parameter| parameter.kind)) {
            _ if statement.within_comment => Vec::new(),
            (Some(parameter), Some(ParameterKind::Named | ParameterKind::Text | ParameterKind::TextOrNil))
                if statement.within_string =>
            {
                self.complete_name(parameter, word)
            }
            _ if statement.within_string => Vec::new(),
            (_, Some(ParameterKind::Function)) => self.complete_function(word),
            _ if statement.function.is_none() => self.complete_function(word),
            (Some(parameter), Some(ParameterKind::Named | ParameterKind::Text | ParameterKind::TextOrNil))
                if word.is_empty() =>
            {
                self.complete_name(parameter, word).into_iter().map(Candidate::quoted).collect()
            }
            (Some(parameter), Some(ParameterKind::Named)) => match word.strip_prefix(':') {
                Some(prefix) => self.complete_atom(parameter, prefix),
                None => Vec::new(),
            },
            (_, Some(ParameterKind::Atom(atoms))) => {
                let atoms = atoms.iter().map(|atom| format!(":{atom}"));
                atoms.filter(|atom| atom.starts_with(word)).map(Candidate::from).collect()
            }
            _ => Vec::new(),
        };
        (start, candidates)
    }

    fn complete_name(&self, parameter: &Parameter, prefix: &str) -> Vec<Candidate> {
        let names = self.names.beginning_with(parameter, prefix, MAX_NAMES);
        names.into_iter().map(Candidate::name).collect()
    }

    /// The names that can be written as an atom.
    fn complete_atom(&self, parameter: &Parameter, prefix: &str) -> Vec<Candidate> {
        let names = self.names.beginning_with(parameter, prefix, MAX_NAMES);
        let is_word = |name: &String| {
            !name.starts_with(|first: char| first.is_ascii_digit())
                && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        };
        names.into_iter().filter(is_word).map(|name| Candidate::from(format!(":{name}"))).collect()
    }

    /// Modules up to the dot, then functions; aliases only where no function's own name matches.
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
    /// A name, followed by its closing quote.
    fn name(name: String) -> Self {
        let typed = format!("{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        Self { shown: name, typed }
    }

    fn quoted(self) -> Self {
        let typed = format!("\"{}", self.typed);
        Self { typed, ..self }
    }
}

#[cfg(all(test, feature = "bank"))]
mod tests {
    use super::*;

    fn typed(line: &str) -> Vec<String> {
        let (start, candidates) = Assistant::of_a_bank().complete(line);
        candidates.into_iter().map(|candidate| format!("{}{}", &line[..start], candidate.typed)).collect()
    }

    #[test]
    fn modules_functions_names_and_atoms_complete() {
        assert_eq!(typed("Ba"), ["Bank."]);
        assert_eq!(typed("Bank.de"), ["Bank.deposit"]);
        assert_eq!(typed("Bank.clo"), ["Bank.close", "Bank.close_account"]);
        assert_eq!(typed("he"), ["help"]);
        assert_eq!(typed("help Bank.o"), ["help Bank.open"]);
        assert_eq!(typed("Bank.deposit \"Wo"), ["Bank.deposit \"Wolf\"", "Bank.deposit \"Wolfman\""]);
        assert_eq!(typed("Bank.deposit(\"a "), ["Bank.deposit(\"a \\\"b\\\"\""]);
        assert_eq!(typed("Bank.deposit W"), Vec::<String>::new());
        assert_eq!(typed("Bank.deposit :Wo"), ["Bank.deposit :Wolf", "Bank.deposit :Wolfman"]);
        assert_eq!(typed("Bank.deposit :").len(), 2);
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
}

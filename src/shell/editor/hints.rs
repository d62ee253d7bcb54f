//! Hints about the arguments still to be typed, shown after the cursor.

use super::assistant::Assistant;
use super::partial_statement::PartialStatement;
use crate::shell::functions::{Parameter, ParameterKind};

/// On the next line of a string, of which mostly the end was forgotten.
const OPEN_STRING: &str = "within a string: \" ends it, Ctrl-C drops the statement";

impl Assistant {
    /// The arguments still to be typed at the end of `line`.
    pub(super) fn hint(&self, line: &str) -> Option<String> {
        let statement = PartialStatement::at_the_end_of(line, self.vocabulary);
        if statement.within_comment || statement.is_closed {
            return None;
        }
        if statement.within_string && line.ends_with('\n') {
            return Some(OPEN_STRING.to_owned());
        }
        if statement.function.is_none() {
            let known = self.vocabulary.called(statement.word)?;
            return (!known.parameters.is_empty()).then(|| format!(" {}", known.signature(0)));
        }
        let is_empty = statement.word.is_empty() && !statement.within_string;
        let value = match (statement.has_keyword(), statement.parameter()) {
            (true, Some(parameter)) if is_empty => value_of(parameter),
            _ if statement.within_string => "\"".to_owned(),
            _ => String::new(),
        };
        let at_start = is_empty && !statement.has_keyword();
        let rest: Vec<_> = statement.to_come(!at_start).map(Parameter::to_string).collect();
        let rest = rest.join(", ");
        let separator = if at_start || rest.is_empty() { "" } else { ", " };
        let hint = format!("{value}{separator}{rest}");
        (!hint.is_empty()).then_some(hint)
    }
}

/// What a value of a keyword argument looks like.
fn value_of(parameter: &Parameter) -> String {
    match parameter.kind {
        ParameterKind::Named | ParameterKind::Text | ParameterKind::File => "\"…\"".to_owned(),
        ParameterKind::Expected => "number | \"…\"".to_owned(),
        ParameterKind::TextOrNil => "\"…\" | nil".to_owned(),
        ParameterKind::Integer => "number".to_owned(),
        ParameterKind::PositionOrDate => "number | \"2024-01-17\"".to_owned(),
        ParameterKind::PositionOrName => "number | \"…\"".to_owned(),
        ParameterKind::Amount => "amount".to_owned(),
        ParameterKind::Pin => "digits".to_owned(),
        ParameterKind::Boolean => "true | false".to_owned(),
        ParameterKind::Function => "function".to_owned(),
        ParameterKind::StepNumberOrFile(_) => "number | \"…\"".to_owned(),
        ParameterKind::Atom(atoms) => {
            let atoms: Vec<_> = atoms.iter().map(|atom| format!(":{atom}")).collect();
            atoms.join(" | ")
        }
    }
}

#[cfg(all(test, feature = "bank"))]
mod tests {
    use super::*;

    #[test]
    fn hints_show_what_is_still_to_come() {
        let hint = |line| Assistant::of_a_bank().hint(line);
        assert_eq!(hint("Bank.deposit"), Some(" account, amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit "), Some("account, amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit("), Some("account, amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit \"Wo"), Some("\", amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\""), Some(", amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\", "), Some("amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit(\"Wolfman\",\n  "), Some("amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit(\"Wolfman\", 1)"), None);
        assert_eq!(hint("Bank.close(); Bank.deposit"), hint("Bank.deposit"));
        assert_eq!(hint("Bank.deposit \"Wolfman\", 1"), Some(", [memo: …], [on: …]".into()));
        assert_eq!(hint("deposit \"Wolfman\", 1"), hint("Bank.deposit \"Wolfman\", 1"));
        assert_eq!(hint("Bank.consistency "), Some(":strong | :eventual".into()));
        assert!(hint("Bank.open ").is_some_and(|hint| hint.starts_with("[url], [")));
        assert_eq!(hint("Bank.close"), None);
        assert_eq!(hint("Bank.backup "), Some("file".into()));
        assert_eq!(hint("Bank.verify "), Some("[head: …]".into()));
        assert_eq!(hint("Bank.verify head: \"12:9f"), Some("\"".into()));
        assert_eq!(hint("Bank.create_bank_account"), hint("Bank.create"));
        assert_eq!(hint("Bank.dep"), None);
        assert_eq!(hint("Bank.deposit \"A, 5\n"), Some(OPEN_STRING.into()));
        assert_eq!(hint("Bank.deposit \"A, 5\n\", "), Some("amount, [memo: …], [on: …]".into()));
    }

    #[test]
    fn a_keyword_has_a_value_and_is_given_once() {
        let hint = |line| Assistant::of_a_bank().hint(line);
        assert_eq!(hint("Bank.deposit 1, 5, memo: "), Some("\"…\", [on: …]".into()));
        assert_eq!(hint("Bank.deposit 1, 5, memo: \"x"), Some("\", [on: …]".into()));
        assert_eq!(hint("Bank.deposit 1, 5, memo: \"x\""), Some(", [on: …]".into()));
        assert_eq!(hint("Bank.deposit 1, 5, memo: \"x\", "), Some("[on: …]".into()));
        assert_eq!(hint("Bank.deposit 1, 5, on: \"2024-01-17\", memo: \"x\""), None);
        assert!(hint("Bank.open accept_loss: ").is_some_and(|hint| hint.starts_with("true | false, [")));
        assert!(hint("Bank.events \"Wolfman\", limit: ").is_some_and(|hint| hint.starts_with("number")));
    }
}

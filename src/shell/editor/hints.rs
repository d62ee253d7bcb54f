//! Hints about the arguments still to be typed, shown after the cursor.

use super::assistant::Assistant;
use super::partial_statement::PartialStatement;

impl Assistant {
    /// The arguments still to be typed at the end of `line`.
    pub(super) fn hint(&self, line: &str) -> Option<String> {
        let statement = PartialStatement::at_the_end_of(line, self.vocabulary);
        if statement.within_comment {
            return None;
        }
        let Some(function) = statement.function else {
            let known = self.vocabulary.called(statement.word)?;
            return (!known.parameters.is_empty()).then(|| format!(" {}", known.signature(0)));
        };
        let missing = if statement.within_string { "\"" } else { "" };
        let at_start = statement.word.is_empty() && !statement.within_string;
        let rest = function.signature(statement.arguments + usize::from(!at_start));
        let separator = match (at_start, rest.is_empty()) {
            (true, _) | (_, true) => "",
            (false, false) => ", ",
        };
        let hint = format!("{missing}{separator}{rest}");
        (!hint.is_empty()).then_some(hint)
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
        assert_eq!(hint("Bank.deposit \"Wo"), Some("\", amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\""), Some(", amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\", "), Some("amount, [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.deposit \"Wolfman\", 1"), Some(", [memo: …], [on: …]".into()));
        assert_eq!(hint("Bank.consistency "), Some(":strong | :eventual".into()));
        assert!(hint("Bank.open ").is_some_and(|hint| hint.starts_with("[url], [")));
        assert_eq!(hint("Bank.close"), None);
        assert_eq!(hint("Bank.backup "), Some("file".into()));
        assert_eq!(hint("Bank.verify "), Some("[head: …]".into()));
        assert_eq!(hint("Bank.verify head: \"12:9f"), Some("\"".into()));
        assert_eq!(hint("Bank.create_bank_account"), hint("Bank.create"));
        assert_eq!(hint("Bank.dep"), None);
    }
}

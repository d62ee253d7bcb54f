//! Completions, hints and highlights for a statement that is being typed, independent of any line editor.

use std::fmt;

use crate::shell::functions::{Names, Vocabulary};

/// Knows the functions and the names that can be typed.
pub(in crate::shell) struct Assistant {
    pub(super) vocabulary: Vocabulary,
    pub(super) names: Box<dyn Names>,
}

impl fmt::Debug for Assistant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assistant").finish_non_exhaustive()
    }
}

impl Assistant {
    pub(in crate::shell) fn new(vocabulary: Vocabulary, names: Box<dyn Names>) -> Self {
        Self { vocabulary, names }
    }

    /// An assistant for a bank with some accounts.
    #[cfg(all(test, feature = "bank"))]
    pub(super) fn of_a_bank() -> Self {
        use crate::bank::Options;
        use crate::shell::bank_functions::BankFunctions;
        use crate::shell::functions::{Parameter, ParameterKind};
        use crate::shell::trace::Trace;

        let domain = BankFunctions::new(Options::default(), Trace::default());
        let names = |parameter: &Parameter, prefix: &str, limit: usize| {
            if parameter.kind != ParameterKind::Named {
                return Vec::new();
            }
            let names = ["Wolf", "Wolfman", "a \"b\"", "back\\slash"].iter().filter(|name| name.starts_with(prefix));
            names.take(limit).map(ToString::to_string).collect()
        };
        Self::new(Vocabulary::of(&domain), Box::new(names))
    }
}

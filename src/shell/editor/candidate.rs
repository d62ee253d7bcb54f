//! A completion at the cursor, as it is listed and as it is typed.

/// A completion at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The text in the list of candidates.
    pub(super) shown: String,
    /// The text that is inserted.
    pub(super) typed: String,
}

impl From<String> for Candidate {
    fn from(text: String) -> Self {
        Self { shown: text.clone(), typed: text }
    }
}

impl Candidate {
    /// A name, followed by its closing quote.
    pub(super) fn name(name: String) -> Self {
        let typed = format!("{}\"", within_quotes(&name));
        Self { shown: name, typed }
    }

    /// The beginning of a name.
    pub(super) fn beginning(name: String) -> Self {
        let typed = within_quotes(&name);
        Self { shown: name, typed }
    }

    pub(super) fn quoted(self) -> Self {
        let typed = format!("\"{}", self.typed);
        Self { typed, ..self }
    }

    /// Leaves out the closing quote of a name, which comes later.
    pub(super) fn leave_open(&mut self) {
        if self.typed.ends_with('"') {
            self.typed.pop();
        }
    }
}

fn within_quotes(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

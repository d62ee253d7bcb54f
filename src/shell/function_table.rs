//! Builders for a domain's table of functions, and parameters that functions share.
//!
//! ```
//! use cqrs_bank::shell::functions::{Function, ParameterKind, Parameter};
//! use cqrs_bank::shell::function_table::AT;
//!
//! const LOT: Parameter = Parameter::needed("lot", ParameterKind::Named);
//! static FREE: Function =
//!     Function::new("Garage", "free", &[LOT, AT], "counts the free places", "Garage.free \"north\"")
//!         .details("Replies the number, or :no_lot.");
//! assert_eq!((FREE.to_string(), FREE.signature(0)), ("Garage.free".to_owned(), "lot, [at: …]".to_owned()));
//! ```

use super::error_reason::ErrorReason;
use super::functions::{Arguments, Function, Parameter, ParameterKind};

/// `from: 3`: the position at which a list begins.
pub const FROM: Parameter = Parameter::by_name("from", ParameterKind::Integer);

/// `at: 3`: the moment after the event at a position.
pub const AT: Parameter = Parameter::by_name("at", ParameterKind::Integer);

/// `as_of: "2026-11-20T10:00:00Z"`: the moment at a time.
pub const AS_OF: Parameter = Parameter::by_name("as_of", ParameterKind::Text);

/// `limit: 10`: the largest number of rows.
pub const LIMIT: Parameter = Parameter::by_name("limit", ParameterKind::Integer);

/// `wide: true`: a table with all its columns in full, however wide the terminal is.
pub const WIDE: Parameter = Parameter::by_name("wide", ParameterKind::Boolean);

impl Parameter {
    /// A required parameter.
    pub const fn needed(name: &'static str, kind: ParameterKind) -> Self {
        Self { name, kind, optional: false, keyword: false }
    }

    /// An optional parameter.
    pub const fn optional(name: &'static str, kind: ParameterKind) -> Self {
        Self { name, kind, optional: true, keyword: false }
    }

    /// An optional parameter that is given by name, as in `limit: 10`.
    pub const fn by_name(name: &'static str, kind: ParameterKind) -> Self {
        Self { name, kind, optional: true, keyword: true }
    }
}

impl Function {
    /// A function of a module, with a summary and an example. It is listed under the module's name, has no aliases, and
    /// replies no errors.
    pub const fn new(
        module: &'static str,
        name: &'static str,
        parameters: &'static [Parameter],
        summary: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            module: Some(module),
            name,
            group: module,
            parameters,
            aliases: &[],
            habits: &[],
            meant_by: &[],
            ends: false,
            summary,
            example,
            details: "",
            errors: &[],
            common_errors: &[],
            words: &[],
        }
    }

    /// Sets the heading that `help` lists it under.
    #[must_use]
    pub const fn group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }

    /// Adds details for `help`: what it does, and its replies other than errors.
    #[must_use]
    pub const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// Adds other names in its module.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Adds its names at other prompts.
    #[must_use]
    pub const fn habits(self, habits: &'static [&'static str]) -> Self {
        Self { habits, ..self }
    }

    /// Adds words for what it does, by which it is suggested where a name is not known.
    #[must_use]
    pub const fn meant_by(self, meant_by: &'static [&'static str]) -> Self {
        Self { meant_by, ..self }
    }

    /// Declares that it ends or discards something.
    #[must_use]
    pub const fn ending(self) -> Self {
        Self { ends: true, ..self }
    }

    /// Sets the errors of its own that it may reply. `help` lists each with its explanation.
    #[must_use]
    pub const fn errors(self, errors: &'static [&'static [ErrorReason]]) -> Self {
        Self { errors, ..self }
    }

    /// Sets the errors that it may reply like many other functions. `help` lists their names.
    #[must_use]
    pub const fn common_errors(self, common_errors: &'static [&'static [ErrorReason]]) -> Self {
        Self { common_errors, ..self }
    }

    /// Sets the words for the placeholders in its texts.
    #[must_use]
    pub const fn words(self, words: &'static [(&'static str, &'static str)]) -> Self {
        Self { words, ..self }
    }
}

/// Whether a call asks for all columns of its table in full.
pub(super) fn is_wide(function: &Function, arguments: &Arguments<'_>) -> bool {
    let parameter = function.parameters.iter().position(|parameter| *parameter == WIDE);
    parameter.and_then(|parameter| arguments.get(parameter)) == Some("true")
}

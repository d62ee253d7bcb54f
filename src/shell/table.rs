//! What a domain's table of functions is written with.
//!
//! ```
//! use cqrs_bank::shell::functions::{Function, Kind, Parameter};
//! use cqrs_bank::shell::table::AT;
//!
//! const LOT: Parameter = Parameter::needed("lot", Kind::Named);
//! static FREE: Function =
//!     Function::new("Garage", "free", &[LOT, AT], "counts the free places", "Garage.free \"north\"")
//!         .details("Replies the number, or :no_lot.");
//! assert_eq!((FREE.to_string(), FREE.signature(0)), ("Garage.free".to_owned(), "lot, [at: …]".to_owned()));
//! ```

use super::functions::{Function, Kind, Parameter};

/// `from: 3`: the position that a list begins with.
pub const FROM: Parameter = Parameter::by_name("from", Kind::Integer);

/// `at: 3`: the moment after the event at a position.
pub const AT: Parameter = Parameter::by_name("at", Kind::Integer);

/// `as_of: "2026-11-20T10:00:00Z"`: the moment of a time.
pub const AS_OF: Parameter = Parameter::by_name("as_of", Kind::Text);

/// `limit: 10`: so many lines at the most.
pub const LIMIT: Parameter = Parameter::by_name("limit", Kind::Integer);

impl Parameter {
    /// One that has to be given.
    pub const fn needed(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: false, keyword: false }
    }

    /// One that may be left out.
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: true, keyword: false }
    }

    /// One that is given by name, as in `limit: 10`, or left out.
    pub const fn by_name(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: true, keyword: true }
    }
}

impl Function {
    /// A function of a module, with what it does and how it is called. It is listed under the module's name, has no other
    /// names, and may be kept from its work by another program that has the same file.
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
            summary,
            example,
            may_be_busy: true,
            details: "",
            words: &[],
        }
    }

    /// The same under another heading.
    #[must_use]
    pub const fn group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }

    /// The same with what else there is to know: its replies, above all.
    #[must_use]
    pub const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// The same with other names in its module.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same, where no other program can keep it from its work.
    #[must_use]
    pub const fn never_busy(self) -> Self {
        Self { may_be_busy: false, ..self }
    }

    /// The same with words for what its texts have in braces.
    #[must_use]
    pub const fn words(self, words: &'static [(&'static str, &'static str)]) -> Self {
        Self { words, ..self }
    }
}

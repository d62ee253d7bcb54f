//! The reason in `{:error, :no_account}`, with its explanation.

use std::borrow::Cow;

/// Stands for the module of a domain in an explanation that is the same for all.
const MODULE: &str = "{module}";

/// Why a call did not do what it was asked to: an atom for programs, and an explanation for people.
///
/// ```
/// use cqrs_bank::shell::error_reason::ErrorReason;
/// use cqrs_bank::shell::term::Term;
///
/// const NO_LOT: ErrorReason =
///     ErrorReason::new("no_lot", "there is no such lot: Garage.open_lot opens one").about(&["lot"]);
/// assert_eq!(Term::Error(NO_LOT).to_string(), "{:error, :no_lot}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorReason {
    name: &'static str,
    explanation: &'static str,
    about: &'static [&'static str],
}

impl ErrorReason {
    /// A reason: its atom without the colon, and a clause that says what is wrong or what is allowed, and what to do next.
    ///
    /// # Panics
    ///
    /// When one of them is empty. In a constant this is a compile error.
    pub const fn new(name: &'static str, explanation: &'static str) -> Self {
        assert!(!name.is_empty() && !explanation.is_empty(), "a reason has a name and an explanation");
        Self { name, explanation, about: &[] }
    }

    /// Names the parameters that may be at fault. What was given for them is shown with the explanation.
    #[must_use]
    pub const fn about(self, about: &'static [&'static str]) -> Self {
        Self { about, ..self }
    }

    /// Its atom, without the colon.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What is wrong or what is allowed, and what to do next. `{module}` stands for the module whose functions it names.
    pub const fn explanation(self) -> &'static str {
        self.explanation
    }

    /// The same, with the functions of a module: `Bank.events` for `{module}.events`.
    pub fn explanation_for(self, module: &str) -> Cow<'static, str> {
        match self.explanation.contains(MODULE) {
            true => Cow::Owned(self.explanation.replace(MODULE, module)),
            false => Cow::Borrowed(self.explanation),
        }
    }

    /// The parameters that may be at fault.
    pub const fn parameters(self) -> &'static [&'static str] {
        self.about
    }
}

/// Gives each refusal of an aggregate its reason: a constant for the table of functions, and a function that answers with
/// the reason of a refusal. A line names the refusal, the constant, and the reason's atom, explanation and parameters.
///
/// ```
/// use cqrs_bank::shell::error_reason::{ErrorReason, refusals};
///
/// enum LotRefusal { NoLot, Full }
///
/// refusals! {
///     fn lot_refusal(LotRefusal) {
///         NoLot => NO_LOT = "no_lot", "there is no such lot: Garage.open_lot opens one", about "lot";
///         Full => FULL = "full", "every place is taken: Garage.free counts the free ones", about "lot";
///     }
/// }
///
/// assert_eq!(lot_refusal(&LotRefusal::Full), FULL);
/// assert_eq!((NO_LOT.name(), NO_LOT.parameters()), ("no_lot", &["lot"][..]));
/// ```
#[macro_export]
macro_rules! refusals {
    (
        $visibility:vis fn $reason_of:ident($refusals:ident) {
            $($refusal:ident => $reason:ident = $name:literal, $explanation:literal, about $parameter:literal;)+
        }
    ) => {
        $(
            $visibility const $reason: $crate::shell::error_reason::ErrorReason =
                $crate::shell::error_reason::ErrorReason::new($name, $explanation).about(&[$parameter]);
        )+

        $visibility fn $reason_of(refusal: &$refusals) -> $crate::shell::error_reason::ErrorReason {
            match refusal {
                $($refusals::$refusal => $reason,)+
            }
        }
    };
}

pub use refusals;

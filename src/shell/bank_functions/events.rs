//! `Bank.events`

use super::BankFunctions;
use crate::shell::application_functions::events_row;
use crate::shell::functions::Row;

/// The function of every application, also under its name in the Erlang original.
pub(super) const ROW: Row<BankFunctions> = events_row().aliases(&["list_events"]);

//! The parameters that name a handler, and their completion.

use crate::engine::application::Application;
use crate::engine::seams::EVENT_STORE;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::{Parameter, ParameterKind};

/// The name of a handler.
pub(super) const HANDLER: Parameter = Parameter::needed("handler", ParameterKind::Text);
pub(super) const OPTIONAL_HANDLER: Parameter = Parameter { optional: true, ..HANDLER };
/// How many events.
pub(super) const EVENTS: Parameter = Parameter::optional("events", ParameterKind::Integer);
/// The name of a handler, or of the event store.
pub(super) const PLACE: Parameter = Parameter::needed("place", ParameterKind::Text);

/// The names that begin with `prefix`; `None` for a parameter that names no handler.
pub(in crate::shell) fn handler_names<E: StoredEvent>(
    application: &Application<E>,
    parameter: &Parameter,
    prefix: &str,
) -> Option<Vec<String>> {
    if ![HANDLER, OPTIONAL_HANDLER, PLACE].contains(parameter) {
        return None;
    }
    let mut names = application.handler_names();
    if *parameter == PLACE {
        names.push(EVENT_STORE);
    }
    names.sort_unstable();
    Some(names.into_iter().filter(|name| name.starts_with(prefix)).map(str::to_owned).collect())
}

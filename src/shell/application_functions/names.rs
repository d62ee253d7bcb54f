//! Names for completion, looked up in a projection.

use super::{ParkedNumbers, handler_names};
use crate::engine::application::Application;
use crate::engine::projection::Projection;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::{Names, Parameter};

/// Completes the numbers of parked events and the names of handlers. Call it on the runtime of the application.
pub fn application_names<E: StoredEvent>(application: &Application<E>) -> Box<dyn Names> {
    let (application, parked) = (application.clone(), ParkedNumbers::on_this_runtime());
    Box::new(move |parameter: &Parameter, prefix: &str, _: usize| {
        let numbers = parked.beginning_with(&application, parameter, prefix);
        numbers.or_else(|| handler_names(&application, parameter, prefix)).unwrap_or_default()
    })
}

/// Completes the numbers of parked events, the names of handlers, and names that `look_up` finds in a projection: the first so many for this
/// parameter that begin with a prefix, in order. Call it on the runtime of the application.
pub fn names<E: StoredEvent, P: Projection<E>>(
    application: &Application<E>,
    look_up: impl Fn(&P, &Parameter, &str, usize) -> Vec<String> + Send + 'static,
) -> Box<dyn Names> {
    let (application, parked) = (application.clone(), ParkedNumbers::on_this_runtime());
    let projection = application.read_model::<P>();
    Box::new(move |parameter: &Parameter, prefix: &str, limit: usize| {
        if let Some(numbers) = parked.beginning_with(&application, parameter, prefix) {
            return numbers;
        }
        if let Some(names) = handler_names(&application, parameter, prefix) {
            return names;
        }
        let found = projection.as_ref().map(|model| model.read(|model| look_up(model, parameter, prefix, limit)));
        found.unwrap_or_default()
    })
}

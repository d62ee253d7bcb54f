//! Names for completion, looked up in a projection.

use super::ParkedNumbers;
use super::forks::Forks;
use crate::engine::application::Application;
use crate::engine::projection::Projection;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::{Names, Parameter};

/// Completes the names of forks, the numbers of parked events, and names that `look_up` finds in a projection: the first so many for this
/// parameter that begin with a prefix, in order. Call it on the runtime of the application.
pub fn names<E: StoredEvent, P: Projection<E>>(
    application: &Application<E>,
    forks: &Forks<E>,
    look_up: impl Fn(&P, &Parameter, &str, usize) -> Vec<String> + Send + 'static,
) -> Box<dyn Names> {
    let (main, forks, parked) = (application.clone(), forks.clone(), ParkedNumbers::on_this_runtime());
    Box::new(move |parameter: &Parameter, prefix: &str, limit: usize| {
        if let Some(forks) = forks.beginning_with(parameter, prefix, limit) {
            return forks;
        }
        let application = forks.current().unwrap_or_else(|| main.clone());
        if let Some(numbers) = parked.beginning_with(&application, parameter, prefix) {
            return numbers;
        }
        let projection = application.read_model::<P>();
        let found = projection.map(|model| model.read(|model| look_up(model, parameter, prefix, limit)));
        found.unwrap_or_default()
    })
}

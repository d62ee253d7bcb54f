//! Names for completion: of forks, handlers and parked events, and those looked up in a projection.

use super::forks::Forks;
use super::{ParkedNumbers, handler_names};
use crate::engine::application::Application;
use crate::engine::projection::Projection;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::{Names, Parameter};

/// Completes the names of forks and handlers, and the numbers of parked events. Call it on the runtime of the application.
pub fn application_names<E: StoredEvent>(application: &Application<E>, forks: &Forks<E>) -> Box<dyn Names> {
    let own = own_names(application, forks);
    Box::new(move |parameter: &Parameter, prefix: &str, limit: usize| own(parameter, prefix, limit).unwrap_or_default())
}

/// Completes what [`application_names`] does, and names that `look_up` finds in a projection: the first so many for this
/// parameter that begin with a prefix, in order. Call it on the runtime of the application.
pub fn names<E: StoredEvent, P: Projection<E>>(
    application: &Application<E>,
    forks: &Forks<E>,
    look_up: impl Fn(&P, &Parameter, &str, usize) -> Vec<String> + Send + 'static,
) -> Box<dyn Names> {
    let (own, main, forks) = (own_names(application, forks), application.clone(), forks.clone());
    Box::new(move |parameter: &Parameter, prefix: &str, limit: usize| {
        if let Some(own) = own(parameter, prefix, limit) {
            return own;
        }
        let projection = forks.current().unwrap_or_else(|| main.clone()).read_model::<P>();
        let found = projection.map(|model| model.read(|model| look_up(model, parameter, prefix, limit)));
        found.unwrap_or_default()
    })
}

fn own_names<E: StoredEvent>(
    application: &Application<E>,
    forks: &Forks<E>,
) -> impl Fn(&Parameter, &str, usize) -> Option<Vec<String>> + Send + 'static {
    let (main, forks, parked) = (application.clone(), forks.clone(), ParkedNumbers::on_this_runtime());
    move |parameter, prefix, limit| {
        forks.beginning_with(parameter, prefix, limit).or_else(|| {
            let application = forks.current().unwrap_or_else(|| main.clone());
            let numbers = parked.beginning_with(&application, parameter, prefix);
            numbers.or_else(|| handler_names(&application, parameter, prefix))
        })
    }
}

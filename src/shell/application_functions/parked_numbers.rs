//! The numbers of parked events, for completion.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::parked::NUMBER;
use crate::engine::application::Application;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::Parameter;

/// How long to wait for a list of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks up the numbers of parked events on the thread of the line editor.
#[derive(Clone, Debug)]
pub(in crate::shell) struct ParkedNumbers {
    /// The runtime of the application, if there is one.
    runtime: Option<Handle>,
}

impl ParkedNumbers {
    pub(in crate::shell) fn on_this_runtime() -> Self {
        Self { runtime: Handle::try_current().ok() }
    }

    /// The numbers that begin with `prefix`; `None` for a parameter that is no such number.
    pub(in crate::shell) fn beginning_with<E: StoredEvent>(
        &self,
        application: &Application<E>,
        parameter: &Parameter,
        prefix: &str,
    ) -> Option<Vec<String>> {
        let runtime = self.runtime.as_ref().filter(|_| *parameter == NUMBER)?;
        let parked = runtime.block_on(async { timeout(PATIENCE, application.parked()).await });
        let parked = parked.ok().and_then(Result::ok).unwrap_or_default();
        let numbers = parked.iter().map(|(parked, _)| parked.number.to_string());
        Some(numbers.filter(|number| number.starts_with(prefix)).collect())
    }
}

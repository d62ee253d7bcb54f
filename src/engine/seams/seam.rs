//! The seam of one place.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::Fault;

/// What goes wrong at one place, shared by its task and by those who break and mend it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Seam(Mutex<Option<Fault>>);

impl Seam {
    fn lock(&self) -> MutexGuard<'_, Option<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong here.
    pub(in crate::engine) fn fault(&self) -> Option<Fault> {
        *self.lock()
    }

    pub(in crate::engine) fn set(&self, fault: Option<Fault>) {
        *self.lock() = fault;
    }

    /// What goes wrong now, and once less from now on.
    pub(in crate::engine) fn meet(&self) -> Option<Fault> {
        let mut fault = self.lock();
        let met = *fault;
        *fault = met.and_then(Fault::once_met);
        met
    }
}

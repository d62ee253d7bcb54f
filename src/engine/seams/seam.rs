//! The seam of one place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::fault::Fault;

/// What goes wrong at one place, shared by its task and by those who break and mend it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Seam {
    fault: Mutex<Option<Fault>>,
    /// Whether a fault is set. Read before the lock is taken.
    is_broken: AtomicBool,
    /// Wakes delayed callers once the delay is over.
    mended: Notify,
}

impl Seam {
    fn lock(&self) -> MutexGuard<'_, Option<Fault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything goes wrong here.
    pub(in crate::engine) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire)
    }

    /// What goes wrong here.
    pub(in crate::engine) fn fault(&self) -> Option<Fault> {
        *self.lock()
    }

    /// Says what goes wrong from now on. Returns what did before.
    pub(in crate::engine) fn set(&self, fault: Option<Fault>) -> Option<Fault> {
        let before = self.replace(&mut self.lock(), fault);
        self.mended.notify_waiters();
        before
    }

    /// Waits for the delay, or until the fault is changed or cleared.
    pub(in crate::engine) async fn delay(&self, delay: Duration) {
        let mut mended = std::pin::pin!(self.mended.notified());
        mended.as_mut().enable();
        if self.fault() == Some(Fault::Delay(delay)) {
            tokio::select! {
                () = mended => {}
                () = sleep(delay) => {}
            }
        }
    }

    /// The fault that happens now. One that happens a number of times happens once less from now on.
    pub(in crate::engine) fn meet(&self) -> Option<Fault> {
        let mut fault = self.lock();
        let met = *fault;
        self.replace(&mut fault, met.and_then(Fault::once_met));
        met
    }

    fn replace(&self, fault: &mut Option<Fault>, with: Option<Fault>) -> Option<Fault> {
        self.is_broken.store(with.is_some(), Ordering::Release);
        std::mem::replace(fault, with)
    }
}

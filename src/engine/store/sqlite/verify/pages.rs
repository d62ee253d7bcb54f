//! Hands the events of the log on, in pages.

use tokio::sync::mpsc;

use crate::engine::log::RecordedEvent;
use crate::engine::store::MAX_READ;

/// Where the events go, if anywhere, and those that have not gone yet.
pub(super) struct Pages<E> {
    receiver: Option<mpsc::Sender<Vec<RecordedEvent<E>>>>,
    page: Vec<RecordedEvent<E>>,
}

impl<E> Pages<E> {
    pub(super) fn to(receiver: Option<mpsc::Sender<Vec<RecordedEvent<E>>>>) -> Self {
        Self { receiver, page: Vec::new() }
    }

    /// Waits while the receiver has pages enough.
    pub(super) fn push(&mut self, event: RecordedEvent<E>) {
        if self.receiver.is_some() {
            self.page.push(event);
            if self.page.len() == MAX_READ {
                self.send();
            }
        }
    }

    /// Sends the rest.
    pub(super) fn finish(mut self) {
        if !self.page.is_empty() {
            self.send();
        }
    }

    fn send(&mut self) {
        let page = std::mem::replace(&mut self.page, Vec::with_capacity(MAX_READ));
        if self.receiver.as_ref().is_some_and(|receiver| receiver.blocking_send(page).is_err()) {
            // Nobody wants more.
            self.receiver = None;
        }
    }
}

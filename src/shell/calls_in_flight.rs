//! Calls in flight: their commands were sent, and their outcomes are taken in the order of sending.
//!
//! Many commands that are on their way at once share the cost of a commit. Whoever sends them keeps a bounded number in
//! flight, so that this many at most are unheard when the store fails.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::task::{Context, Poll, ready};

use super::functions::{Outcome, SentCall};
use super::trace::Followed;

/// The most calls that are in flight at once.
pub const MOST_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// The calls in flight, each with what its sender needs for the outcome.
#[derive(Debug)]
pub(super) struct CallsInFlight<T> {
    calls: VecDeque<(T, SentCall)>,
    most: usize,
}

/// A call that has its outcome, and the trace up to it.
#[derive(Debug)]
pub(super) struct Landed<T> {
    pub(super) sender: T,
    pub(super) outcome: Outcome,
    pub(super) trace: Followed,
}

impl<T> CallsInFlight<T> {
    /// No call in flight, and room for `most`.
    pub(super) fn with_room_for(most: NonZeroUsize) -> Self {
        Self { calls: VecDeque::with_capacity(most.get()), most: most.get() }
    }

    /// How many there is room for.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.calls.len() >= self.most
    }

    /// Adds a call that was sent after all others.
    pub(super) fn add(&mut self, sender: T, call: SentCall) {
        self.calls.push_back((sender, call));
    }

    /// Waits for the outcome of the first call. `None` if no call is in flight.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn first(&mut self) -> Option<Landed<T>> {
        poll_fn(|context| self.poll_first(context)).await
    }

    /// The first call, if it has its outcome now.
    pub(super) async fn first_if_landed(&mut self) -> Option<Landed<T>> {
        poll_fn(|context| match self.poll_first(context) {
            Poll::Ready(landed) => Poll::Ready(landed),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<Option<Landed<T>>> {
        let Some((_, call)) = self.calls.front_mut() else { return Poll::Ready(None) };
        let outcome = ready!(call.outcome.as_mut().poll(context));
        let first = self.calls.pop_front();
        Poll::Ready(first.map(|(sender, SentCall { trace, .. })| Landed { sender, outcome, trace }))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::shell::term::Term;
    use crate::shell::trace::Trace;

    #[tokio::test]
    async fn outcomes_are_taken_in_the_order_of_sending() {
        let mut in_flight = CallsInFlight::with_room_for(NonZeroUsize::new(2).unwrap());
        let senders = [0, 1].map(|number| {
            let (sender, outcome) = oneshot::channel();
            let outcome = Box::pin(async move { Ok(outcome.await.unwrap_or(Term::Nil).into()) });
            let trace = Trace::default().follow(uuid::Uuid::from_u128(number));
            in_flight.add(number, SentCall { outcome, trace });
            sender
        });
        assert!(in_flight.is_full());
        let [first, second] = senders;
        second.send(Term::Integer(2)).unwrap();
        assert!(in_flight.first_if_landed().await.is_none(), "the second waits for the first");
        first.send(Term::Integer(1)).unwrap();
        for expected in ["1", "2"] {
            let landed = in_flight.first().await.unwrap();
            assert_eq!(landed.outcome.unwrap().term.to_string(), expected);
        }
        assert!(in_flight.is_empty());
        assert!(in_flight.first().await.is_none());
    }
}

//! The command handler: load, execute, append; on a conflict, load and execute again.
//!
//! One task takes the commands of all callers from a bounded queue. It decides all queued commands as one batch and appends
//! their events in one call, so that many callers share the cost of a commit. Within a batch, each command sees the events
//! of those before it. No caller gets an answer before the events are stored.

mod aggregate_cache;
mod command_error;
mod command_handlers;
mod decisions;
mod duplicates;
pub(in crate::engine) mod load;
mod reply;
pub(in crate::engine) mod seam;
mod sent;
pub(in crate::engine) mod state;
mod worker;

use std::future::Future;
use std::num::{NonZeroU64, NonZeroUsize};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

pub use self::command_error::{CommandError, Unanswered};
pub use self::command_handlers::CommandHandlers;
pub use self::decisions::{Decided, Decision, Decisions, MOST_DECISIONS, Refused};
use self::load::catch_panic;
use self::sent::Sent;
use self::worker::Worker;
use super::store::{Committed, EventStore};
use crate::engine::domain::{Aggregate, Command, Contains, DomainEvent};
use crate::engine::log::Metadata;
use crate::engine::runtime::{Clock, Origin, Supervisor, offer};
use crate::engine::seams::Seam;

/// How often a command is decided before its conflicts become an error. With a few programs that write to one stream
/// without a pause, most attempts fail.
pub const MAX_ATTEMPTS: u32 = 64;

/// The sizes of a command handler's queue, batches and cache, and the snapshot interval.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Capacity of the queue, in commands; 4,096 by default. Senders wait while the queue is full.
    pub queue: usize,
    /// Maximum size of a batch, in commands; 4,096 by default.
    pub batch: usize,
    /// Aggregates guaranteed to stay loaded after use. The cache may hold twice as many. 131,072 by default.
    pub cached_aggregates: NonZeroUsize,
    /// Events between two snapshots of a stream; 256 by default.
    pub snapshot_every: NonZeroU64,
}

impl Default for Limits {
    fn default() -> Self {
        const CACHED_AGGREGATES: NonZeroUsize = NonZeroUsize::new(131_072).unwrap();
        const SNAPSHOT_EVERY: NonZeroU64 = NonZeroU64::new(256).unwrap();
        Self { queue: 4_096, batch: 4_096, cached_aggregates: CACHED_AGGREGATES, snapshot_every: SNAPSHOT_EVERY }
    }
}

type Id<A> = <<A as Aggregate>::Command as Command>::Id;
type Outcome<A, E> = Result<Committed<E>, CommandError<<A as Aggregate>::Refusal>>;

/// A handle on the task that decides the commands of one kind of aggregate. Cheap to clone.
///
/// Events are stored as `E`. In a domain with several kinds of aggregate, this is the enum that contains the events of
/// them all.
#[derive(Debug)]
pub struct CommandHandler<A: Aggregate, E = <A as Aggregate>::Event> {
    requests: mpsc::Sender<CommandRequest<A, E>>,
    clock: Arc<Clock>,
    /// Where decisions are noted; `None` for most.
    decisions: Option<Decisions>,
    /// Carries no values: the channel closes when the task ends.
    running: watch::Receiver<()>,
}

impl<A: Aggregate, E> Clone for CommandHandler<A, E> {
    fn clone(&self) -> Self {
        let (requests, clock, running) = (self.requests.clone(), self.clock.clone(), self.running.clone());
        Self { requests, clock, decisions: self.decisions.clone(), running }
    }
}

#[derive(Debug)]
enum CommandRequest<A: Aggregate, E> {
    Handle(Sent<A, E>),
    Flush(oneshot::Sender<()>),
    Break { seam: Arc<Seam>, reply: oneshot::Sender<()> },
    Close,
}

/// A command offered to the queue. Offering is no future, which would copy the command at each layer that awaits it.
pub(in crate::engine) enum Offered<A: Aggregate, E> {
    Sent(Pending<A, E>),
    NotYet(Box<Unsent<A, E>>),
}

/// A command that met a full queue, or a task that ends.
pub(in crate::engine) struct Unsent<A: Aggregate, E> {
    /// `None` if it is in the queue, which a task that ends may or may not have seen.
    request: Option<CommandRequest<A, E>>,
    pending: Pending<A, E>,
}

/// A command that was sent and is not answered yet. Dropping it does not cancel the command.
#[derive(Debug)]
pub struct Pending<A: Aggregate, E = <A as Aggregate>::Event> {
    command_id: Uuid,
    answer: oneshot::Receiver<Outcome<A, E>>,
}

impl<A: Aggregate, E> Pending<A, E> {
    /// Waits until the command's events are stored.
    ///
    /// # Errors
    ///
    /// [`CommandError`]: why the command led to no events.
    pub async fn outcome(self) -> Outcome<A, E> {
        self.await
    }
}

/// The outcome, as [`Pending::outcome`] has it.
impl<A: Aggregate, E> Future for Pending<A, E> {
    type Output = Result<Committed<E>, CommandError<A::Refusal>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(outcome) = ready!(Pin::new(&mut self.answer).poll(context)) else {
            let (command_id, reason) = (self.command_id, Unanswered::Stopped);
            return Poll::Ready(Err(CommandError::OutcomeUnknown { command_id, reason }));
        };
        Poll::Ready(outcome)
    }
}

impl<A: Aggregate, E: Contains<A::Event> + DomainEvent> CommandHandler<A, E> {
    /// Starts the command handler's task.
    pub fn start<S>(store: S, clock: Arc<Clock>, limits: Limits, supervisor: &Supervisor) -> Self
    where
        S: EventStore<E>,
    {
        let (sender, requests) = mpsc::channel(limits.queue.max(1));
        let worker = Worker::<A, E, S>::new(store, clock.clone(), &limits);
        // A batch must fit into the cache: its aggregates hold decisions that are not stored yet.
        let batch = limits.batch.clamp(1, limits.cached_aggregates.get());
        let (alive, running) = watch::channel(());
        supervisor.spawn("command handler", async move {
            let _alive = alive;
            worker.run(requests, batch).await
        });
        Self { requests: sender, clock, decisions: None, running }
    }

    /// Notes how the commands are decided that are sent by this handle.
    #[must_use]
    pub fn noting(self, decisions: Option<Decisions>) -> Self {
        Self { decisions, ..self }
    }

    /// Sends a new command. Waits while the queue is full.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`]: the command was not accepted.
    pub async fn send(
        &self,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        self.enqueue(command, metadata, false).await
    }

    /// Sends a command under an id chosen by its sender, idempotently. If a command with this id led to events before,
    /// the outcome is those events, even if the aggregate would refuse the command by now. Refusals are not remembered: a
    /// refused command is decided again.
    ///
    /// The same id means the same command if the aggregate and the [fingerprint](Command::fingerprint), which is stored
    /// with the events, are equal; otherwise the outcome is [`CommandError::IdTaken`]. Events without a stored fingerprint,
    /// from an earlier version of the program for example, are compared by aggregate only.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`] and [`CommandError::Panicked`]: the command was not accepted.
    pub async fn send_as(
        &self,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        self.send_from(command, Origin::Outside(metadata)).await
    }

    /// Sends a command with new ids as [`CommandHandler::send`] does, and with ids from outside as
    /// [`CommandHandler::send_as`] does.
    ///
    /// # Errors
    ///
    /// Those of these two.
    pub async fn send_from(
        &self,
        command: A::Command,
        origin: Origin,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        self.sent(self.offer_from(command, origin)?).await
    }

    /// Sends a command as [`CommandHandler::send_from`] does, unless the queue is full.
    pub(in crate::engine) fn offer_from(
        &self,
        command: A::Command,
        origin: Origin,
    ) -> Result<Offered<A, E>, CommandError<A::Refusal>> {
        let (metadata, may_be_duplicate) = match origin {
            Origin::Here(metadata) => (metadata, false),
            Origin::Outside(metadata) => (metadata.with_fingerprint(catch_panic(|| command.fingerprint())?), true),
        };
        self.offer(command, metadata, may_be_duplicate)
    }

    /// Sends a command that may have been sent before under the same id, for ids that are derived from the cause of the
    /// command. If a command with this id led to events before, the outcome is those events, whatever the content.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`]: the command was not accepted.
    pub async fn resend(
        &self,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        self.enqueue(command, metadata, true).await
    }

    async fn enqueue(
        &self,
        command: A::Command,
        metadata: Metadata,
        may_be_duplicate: bool,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        self.sent(self.offer(command, metadata, may_be_duplicate)?).await
    }

    /// Sends a command as [`CommandHandler::resend`] or [`CommandHandler::send`] does, unless the queue is full.
    pub(in crate::engine) fn offer(
        &self,
        command: A::Command,
        metadata: Metadata,
        may_be_duplicate: bool,
    ) -> Result<Offered<A, E>, CommandError<A::Refusal>> {
        let decisions = self.decisions.as_ref().filter(|decisions| decisions.may_want(&metadata)).cloned();
        let (request, pending) = Sent::request(command, metadata, self.clock.at_sending(), decisions, may_be_duplicate);
        Ok(match offer(&self.requests, request).map_err(|_| CommandError::Stopped)? {
            None if !self.requests.is_closed() => Offered::Sent(pending),
            request => Offered::NotYet(Box::new(Unsent { request, pending })),
        })
    }

    /// Waits until an offered command is in the queue. Boxed: there usually is room.
    pub(in crate::engine) async fn sent(
        &self,
        offered: Offered<A, E>,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        match offered {
            Offered::Sent(pending) => Ok(pending),
            Offered::NotYet(unsent) => Box::pin(self.wait_for_room(unsent)).await,
        }
    }

    /// Sends a command that met a full queue. If the task ends as it is sent, waits for that: what it has not answered by then
    /// it never will.
    pub(in crate::engine) async fn wait_for_room(
        &self,
        unsent: Box<Unsent<A, E>>,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        let Unsent { request, mut pending } = *unsent;
        if let Some(request) = request {
            self.requests.send(request).await.map_err(|_| CommandError::Stopped)?;
        }
        if self.requests.is_closed() {
            self.has_ended().await;
            pending.answer.close();
        }
        Ok(pending)
    }

    /// Waits until all commands sent before are answered.
    pub async fn flush(&self) {
        let (reply, flushed) = oneshot::channel();
        // An error means that the task has ended, and with it every command.
        let _ = self.requests.send(CommandRequest::Flush(reply)).await;
        let _ = flushed.await;
    }

    /// Lets appends fail from now on as the seam says.
    pub(in crate::engine) async fn break_store(&self, seam: Arc<Seam>) {
        let (reply, broken) = oneshot::channel();
        // An error means that the task has ended, and appends nothing more.
        let _ = self.requests.send(CommandRequest::Break { seam, reply }).await;
        let _ = broken.await;
    }

    /// Stops the task once all commands sent before are answered.
    pub async fn close(&self) {
        // An error means that the task is closed already.
        let _ = self.requests.send(CommandRequest::Close).await;
        self.has_ended().await;
    }

    /// Waits until the task is gone.
    async fn has_ended(&self) {
        // The expected error: the channel closes when the task ends.
        let _ = self.running.clone().changed().await;
    }
}

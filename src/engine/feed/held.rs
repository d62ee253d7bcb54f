//! Projections that are held, step by step, and that are made to fail.
//!
//! A held projection stays where it is, and the others go on. Observers hear of an event once all projections know it, and a
//! handler that reads a held projection gets no event that the projection does not know.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Feed;
use super::inbox::HandlerFeed;
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::runtime::StopReason;
use crate::engine::seams::{Seam, Stepped};
use crate::engine::store::{Committed, EventStore, MAX_READ};

/// What is asked of one projection. Each is answered once it is so; the answer is missing if no such projection runs.
#[derive(Debug)]
pub(in crate::engine) enum ProjectionRequest {
    Hold { reply: oneshot::Sender<()> },
    Step { events: u64, reply: oneshot::Sender<Stepped> },
    Release { reply: oneshot::Sender<()> },
    Break { seam: Arc<Seam>, reply: oneshot::Sender<()> },
}

impl<E: DomainEvent> Feed<E> {
    /// Answers a request about a projection. The feed has read up to `position`.
    pub(super) async fn answer_about<S: EventStore<E>>(
        &mut self,
        name: &str,
        request: ProjectionRequest,
        position: Position,
        store: &S,
    ) -> Result<(), StopReason> {
        let Some(place) = self.members.place_of(name) else { return Ok(()) };
        // A caller that is gone needs no reply.
        match request {
            ProjectionRequest::Hold { reply } => {
                self.observed.get_or_insert(position);
                self.members.hold(place);
                self.hold_readers_back();
                let _ = reply.send(());
            }
            ProjectionRequest::Step { events, reply } => {
                let stepped = self.step(name, events, position, store).await?;
                self.go_on_after_hold(position, store).await?;
                let _ = reply.send(Stepped { events: stepped });
            }
            ProjectionRequest::Release { reply } => {
                self.step(name, u64::MAX, position, store).await?;
                if let Some(place) = self.members.place_of(name) {
                    self.members.release(place);
                }
                self.go_on_after_hold(position, store).await?;
                let _ = reply.send(());
            }
            ProjectionRequest::Break { seam, reply } => {
                self.members.put_seam(place, seam);
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    /// Lets a projection apply so many of the events that the feed has read. Returns how many it has applied.
    async fn step<S: EventStore<E>>(
        &mut self,
        name: &str,
        events: u64,
        position: Position,
        store: &S,
    ) -> Result<u64, StopReason> {
        let mut stepped = 0;
        while stepped < events {
            let Some(place) = self.members.place_of(name) else { break };
            let done = self.members.host(place).done();
            let limit = usize::try_from(events - stepped).map_or(MAX_READ, |left| left.min(MAX_READ));
            let page = store.read_all(done, limit).await?;
            let known = page.partition_point(|event| event.position <= position);
            if known == 0 {
                break;
            }
            self.rebuild.is_spoiled |= self.members.take_at(place, &Committed::new(page, 0..known), store).await?;
            stepped += known as u64;
            self.tell_what_all_know(position, store).await?;
        }
        Ok(stepped)
    }

    /// Tells observers, and the handlers that read a held projection, of the events that it knows by now.
    async fn tell_what_all_know<S: EventStore<E>>(&mut self, position: Position, store: &S) -> Result<(), StopReason> {
        let known = self.members.all_done().unwrap_or(position).min(position);
        while let Some(observed) = self.observed.filter(|observed| *observed < known) {
            let page = store.read_all(observed, MAX_READ).await?;
            let count = page.partition_point(|event| event.position <= known);
            if self.held.is_none() {
                self.tell_observers(&page[..count]);
            }
            self.observed = Some(page[..count].last().map_or(known, |last| last.position));
        }
        if self.held.is_none() {
            for handler_feed in &self.handlers {
                if let Some(done) = handler_feed.reads().and_then(|projection| self.members.held_at(projection)) {
                    handler_feed.open_to(done);
                }
            }
        }
        Ok(())
    }

    /// Lets those go on that a hold keeps back no longer.
    pub(super) async fn go_on_after_hold<S: EventStore<E>>(
        &mut self,
        position: Position,
        store: &S,
    ) -> Result<(), StopReason> {
        self.tell_what_all_know(position, store).await?;
        self.observed = self.observed.filter(|_| self.members.have_held());
        let were_held_back = self.handlers.iter().any(HandlerFeed::is_held_back);
        self.hold_readers_back();
        if were_held_back && self.held.is_none() {
            self.open_handlers(position);
        }
        Ok(())
    }

    /// Says of each handler whether it reads a projection that is held.
    fn hold_readers_back(&mut self) {
        for handler_feed in &mut self.handlers {
            if let Some(projection) = handler_feed.reads() {
                handler_feed.hold_back(self.members.held_at(projection).is_some());
            }
        }
    }
}

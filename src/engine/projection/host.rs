//! Projections of any type, run by one task.

use std::fmt;

use super::rows::WhichRows;
use super::{Projection, ReadModel, UnreadableRow};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::catch_panic;
use crate::engine::store::handler_records::{ProjectionRow, ProjectionUpdate, ProjectionWritten};

/// A projection of any type, as the task sees it. A panic of the projection becomes an error with the panic's message.
pub(in crate::engine) trait ProjectionHost<E>: Send {
    fn name(&self) -> &'static str;

    /// The position of the last event projected.
    fn done(&self) -> Position;

    /// Projects those events that come after [`ProjectionHost::done`], all under one lock.
    fn take(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Projects events up to [`ProjectionHost::done`] into the hidden new read model, in order from the first.
    fn replay(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Publishes the new read model. The next update stores all its rows.
    fn replace(&mut self);

    /// The name under which its rows are stored, if it stores any.
    fn rows_name(&self) -> Option<String>;

    /// Restores stored rows into the hidden new read model.
    fn restore(&mut self, rows: &[ProjectionRow]) -> Result<(), UnreadableRow>;

    /// Publishes the restored read model, which is at `checkpoint`; with `None`, discards it.
    fn restored(&mut self, checkpoint: Option<Position>);

    /// The rows to store: those that have changed since the last update, or all. They count as stored until
    /// [`ProjectionHost::updated`] says otherwise.
    fn update(&mut self) -> Option<ProjectionUpdate>;

    /// Tells the result of an update.
    fn updated(&mut self, written: ProjectionWritten, checkpoint: Position);

    /// Starts a hidden new read model.
    fn begin_anew(&mut self);

    /// Tells readers that no later event will be projected, and why.
    fn stop(&mut self, reason: &str);
}

impl<E> fmt::Debug for dyn ProjectionHost<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionHost").field("name", &self.name()).field("done", &self.done()).finish_non_exhaustive()
    }
}

pub(in crate::engine) struct TypedHost<P> {
    model: ReadModel<P>,
    /// The hidden new read model.
    fresh: P,
    done: Position,
    /// The checkpoint of the stored rows; `None` if all rows must be written.
    stored: Option<Position>,
}

impl<P: Default> TypedHost<P> {
    /// A projection before the first event.
    pub(in crate::engine) fn new(model: ReadModel<P>) -> Self {
        Self { model, fresh: P::default(), done: Position::START, stored: None }
    }
}

impl<E, P: Projection<E>> ProjectionHost<E> for TypedHost<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn done(&self) -> Position {
        self.done
    }

    fn take(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String> {
        let Self { model, done, .. } = self;
        catch_panic(|| {
            let mut projection = model.write();
            for event in events {
                if event.position > *done {
                    projection.project(event);
                    *done = event.position;
                }
            }
        })
    }

    fn replay(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String> {
        let Self { fresh, done, .. } = self;
        catch_panic(|| {
            for event in events.iter().take_while(|event| event.position <= *done) {
                fresh.project(event);
            }
        })
    }

    fn replace(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        self.model.replace(fresh);
    }

    fn rows_name(&self) -> Option<String> {
        P::ROWS.map(|fields| fields.stored_name(P::NAME))
    }

    fn restore(&mut self, rows: &[ProjectionRow]) -> Result<(), UnreadableRow> {
        let Some(fields) = P::ROWS else { return Ok(()) };
        rows.iter().try_for_each(|row| fields.restore(&mut self.fresh, row))
    }

    fn restored(&mut self, checkpoint: Option<Position>) {
        match (checkpoint, P::ROWS) {
            (Some(checkpoint), Some(fields)) => {
                fields.restored(&mut self.fresh);
                fields.track(&self.fresh);
                ProjectionHost::<E>::replace(self);
                self.done = checkpoint;
                self.stored = Some(checkpoint);
            }
            _ => self.fresh = P::default(),
        }
    }

    fn update(&mut self) -> Option<ProjectionUpdate> {
        let fields = P::ROWS?;
        let (checkpoint, mut rows) = (self.done, Vec::new());
        let (after, written) = self.model.look(|model| {
            // A replaced collection does not know how it differs from the stored rows.
            let after = self.stored.filter(|_| fields.are_tracked(model));
            if after == Some(checkpoint) {
                return None;
            }
            let which = if after.is_some() { WhichRows::Changed } else { WhichRows::All };
            Some((after, fields.write(model, which, &mut |name, data| rows.push((name, data)))))
        })?;
        if let Err(unwritable) = written {
            tracing::error!("projection {} is not stored: {unwritable}", P::NAME);
            self.stored = None;
            return None;
        }
        let projection = fields.stored_name(P::NAME);
        let (replace_all, after) = (after.is_none(), after.unwrap_or_default());
        Some(ProjectionUpdate { projection, after, checkpoint, rows, replace_all })
    }

    fn updated(&mut self, written: ProjectionWritten, checkpoint: Position) {
        self.stored = match written {
            ProjectionWritten::Stored => Some(checkpoint),
            // Another process has stored newer rows; changes since then are tracked here.
            ProjectionWritten::Later { stored } => Some(stored.min(checkpoint)),
            ProjectionWritten::Missing { .. } => None,
        };
    }

    fn begin_anew(&mut self) {
        self.fresh = P::default();
    }

    fn stop(&mut self, reason: &str) {
        self.model.stop(reason);
    }
}

//! Projections of any type, fed by one task.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::changed_rows::ChangedRows;
use super::{Projection, ReadModel, UnreadableRow};
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::store::handler_records::{ProjectionRow, ProjectionUpdate, ProjectionWritten};
use crate::engine::supervisor::panic_message;

/// A projection of any type, as the task sees it. What panics is answered with what the panic said.
pub(in crate::engine) trait Hosted<E>: Send {
    fn name(&self) -> &'static str;

    /// The last event that was taken in whole.
    fn done(&self) -> Position;

    /// Takes in the events after [`Hosted::done`], all under one lock.
    fn take(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Folds events up to [`Hosted::done`] into a new read model that nobody sees yet, in order from the first.
    fn replay(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String>;

    /// Shows the new read model.
    fn replace(&mut self);

    /// The name its rows are stored under, if it has any.
    fn rows_name(&self) -> Option<String>;

    /// Takes stored rows back into the new read model that nobody sees yet.
    fn restore(&mut self, rows: &[ProjectionRow]) -> Result<(), UnreadableRow>;

    /// Shows the restored read model, which is at `checkpoint`; with `None`, forgets what was restored.
    fn restored(&mut self, checkpoint: Option<Position>);

    /// From now on, keeps in mind which rows change.
    fn follow_rows(&mut self);

    /// What is to be stored: the rows that have changed since the last time, or all of them.
    fn update(&mut self) -> Option<ProjectionUpdate>;

    /// What became of that.
    fn updated(&mut self, written: ProjectionWritten, checkpoint: Position);

    /// Stores all rows the next time.
    fn forget_stored(&mut self);

    /// Begins a new read model that nobody sees yet.
    fn begin_anew(&mut self);
}

impl<E> fmt::Debug for dyn Hosted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("name", &self.name()).field("done", &self.done()).finish_non_exhaustive()
    }
}

pub(in crate::engine) struct Host<P> {
    model: ReadModel<P>,
    /// A read model that is being rebuilt.
    fresh: P,
    done: Position,
    rows: ChangedRows,
}

impl<P: Default> Host<P> {
    /// A projection at the beginning of the store.
    pub(in crate::engine) fn new(model: ReadModel<P>) -> Self {
        Self { model, fresh: P::default(), done: Position::START, rows: ChangedRows::default() }
    }
}

impl<E, P: Projection<E>> Hosted<E> for Host<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn done(&self) -> Position {
        self.done
    }

    fn take(&mut self, events: &[RecordedEvent<E>]) -> Result<(), String> {
        let Self { model, done, rows, .. } = self;
        catch_panic(|| {
            if let Some(last) = events.last()
                && !events.iter().any(P::concerns)
            {
                *done = last.position.max(*done);
                return;
            }
            let mut projection = model.write();
            for event in events {
                if event.position <= *done {
                    continue;
                }
                projection.project(event);
                if rows.followed {
                    projection.changed_rows(event, &mut |name| rows.change(name));
                }
                *done = event.position;
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
        rows_name::<E, P>()
    }

    fn restore(&mut self, rows: &[ProjectionRow]) -> Result<(), UnreadableRow> {
        rows.iter().try_for_each(|row| self.fresh.restore_row(row))
    }

    fn restored(&mut self, checkpoint: Option<Position>) {
        match checkpoint {
            Some(checkpoint) => {
                Hosted::<E>::replace(self);
                self.done = checkpoint;
                self.rows.stored = Some(checkpoint);
            }
            None => self.fresh = P::default(),
        }
    }

    fn follow_rows(&mut self) {
        self.rows.followed = P::ROWS.is_some();
    }

    fn update(&mut self) -> Option<ProjectionUpdate> {
        let projection = Hosted::<E>::rows_name(self)?;
        let Self { model, done, rows, .. } = self;
        model.read(|model| rows.update(projection, *done, |name| model.all_rows(name), |name| model.row(name)))
    }

    fn updated(&mut self, written: ProjectionWritten, checkpoint: Position) {
        self.rows.updated(written, checkpoint);
    }

    fn forget_stored(&mut self) {
        self.rows.stored = None;
    }

    fn begin_anew(&mut self) {
        self.fresh = P::default();
    }
}

/// The name that a projection's rows are stored under, if it has any.
pub(super) fn rows_name<E, P: Projection<E>>() -> Option<String> {
    P::ROWS.map(|form| format!("{} {form}", P::NAME))
}

fn catch_panic(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(panic.as_ref()))
}

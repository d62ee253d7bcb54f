//! Reading projections.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::HashMap;

use super::projection_history::NotFolded;
use super::{Application, QueryError, Unavailable};
use crate::engine::log::{Moment, Position};
use crate::engine::projection::{Projection, ReadMark, ReadModel};
use crate::engine::store::codec::StoredEvent;

/// The read models, by the type of their projection.
#[derive(Default)]
pub(super) struct Models {
    by_type: RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    marks: ReadMarks,
}

/// Which projections were read. Cheap to clone; it keeps no read model.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadMarks(Arc<Mutex<Vec<(&'static str, ReadMark)>>>);

impl ReadMarks {
    /// The projections that were read since this was asked last.
    pub(super) fn take(&self) -> Vec<&'static str> {
        let marks = self.lock();
        marks.iter().filter(|(_, mark)| mark.take()).map(|(name, _)| *name).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(&'static str, ReadMark)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Models")
    }
}

impl Models {
    pub(super) fn add<E, P: Projection<E>>(&self, model: ReadModel<P>) {
        self.marks.lock().push((P::NAME, model.was_read()));
        self.by_type.write().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<P>(), Box::new(model));
    }

    pub(super) fn remove<E, P: Projection<E>>(&self) {
        self.marks.lock().retain(|(name, _)| *name != P::NAME);
        self.by_type.write().unwrap_or_else(PoisonError::into_inner).remove(&TypeId::of::<P>());
    }

    pub(super) fn marks(&self) -> ReadMarks {
        self.marks.clone()
    }

    pub(super) fn of<P: 'static>(&self) -> Option<ReadModel<P>> {
        let models = self.by_type.read().unwrap_or_else(PoisonError::into_inner);
        models.get(&TypeId::of::<P>())?.downcast_ref().cloned()
    }
}

impl<E: StoredEvent> Application<E> {
    /// Reads a projection. Under strong consistency, the projection includes every event acknowledged before, by any
    /// process. Updates wait while `ask` runs, so it should be quick.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: why there is no answer.
    pub async fn read<P: Projection<E>, R>(&self, ask: impl FnOnce(&P) -> R) -> Result<R, Unavailable> {
        let model = self.read_model()?;
        self.catch_up().await?;
        still_projected::<E, P>(&model)?;
        Ok(model.read(ask))
    }

    /// Reads a projection that includes at least the events up to a position.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn read_after<P: Projection<E>, R>(
        &self,
        position: Position,
        ask: impl FnOnce(&P) -> R,
    ) -> Result<R, QueryError> {
        let model = self.read_model()?;
        self.catch_up_to_position(position).await?;
        still_projected::<E, P>(&model)?;
        Ok(model.read(ask))
    }

    /// Reads a projection as it was at a moment, folded from the log. Recent results are cached, so that the next question
    /// about the same moment, or a later one, is quick.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn read_at<P: Projection<E> + Clone, R>(
        &self,
        moment: Moment,
        ask: impl FnOnce(&P) -> R,
    ) -> Result<R, QueryError> {
        self.has_happened(Some(moment)).await?;
        let state = match self.inner.histories.of::<P>().at(moment, self.store()).await {
            Err(NotFolded::Panicked(message)) => return Err(defect::<E, P>("panicked", &message).into()),
            Err(NotFolded::Store(error)) => self.or_unavailable(Err(error)).await?,
            Ok(state) => state,
        };
        Ok(ask(&state.projection))
    }

    /// A handle on a projection, for reads that need not wait for the latest events.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Missing`]: the application has no such projection.
    pub fn read_model<P: Projection<E>>(&self) -> Result<ReadModel<P>, Unavailable> {
        let missing = || Unavailable::Missing(format!("projection {:?}", P::NAME));
        self.inner.models.of().ok_or_else(missing)
    }
}

/// An error if a projection has stopped: it does not know what it is asked for, and never will.
fn still_projected<E, P: Projection<E>>(model: &ReadModel<P>) -> Result<(), Unavailable> {
    model.stopped().map_or(Ok(()), |reason| Err(defect::<E, P>("has stopped", reason)))
}

fn defect<E, P: Projection<E>>(what: &str, reason: &str) -> Unavailable {
    Unavailable::Defect(format!("projection {:?} {what}: {reason}", P::NAME))
}

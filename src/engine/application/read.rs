//! Questions to the projections.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{PoisonError, RwLock};

use foldhash::HashMap;

use super::{Application, QueryError, Unavailable};
use crate::engine::log::{Moment, Position};
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::store::codec::StoredEvent;

/// The read models, by the type of their projection.
#[derive(Default)]
pub(super) struct Models(RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>);

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Models")
    }
}

impl Models {
    pub(super) fn add<P: Send + Sync + 'static>(&self, model: ReadModel<P>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<P>(), Box::new(model));
    }

    pub(super) fn remove<P: 'static>(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&TypeId::of::<P>());
    }

    pub(super) fn of<P: 'static>(&self) -> Option<ReadModel<P>> {
        let models = self.0.read().unwrap_or_else(PoisonError::into_inner);
        models.get(&TypeId::of::<P>())?.downcast_ref().cloned()
    }
}

impl<E: StoredEvent> Application<E> {
    /// Asks a projection. Under strong consistency it knows everything that was acknowledged to anybody before, in
    /// whatever process. Updates wait meanwhile, so the question should be a quick one.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: why there is no answer.
    pub async fn read<P: Projection<E>, R>(&self, ask: impl FnOnce(&P) -> R) -> Result<R, Unavailable> {
        let model = self.read_model()?;
        self.caught_up().await?;
        Ok(model.read(ask))
    }

    /// The same, for a caller that has heard of a position: the projection knows at least what happened up to there.
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
        self.passed(position).await?;
        Ok(model.read(ask))
    }

    /// Asks a projection about a moment in the past: it is folded from the log up to there. The last few that were asked for
    /// are kept, so that the next question about the same moment, or a later one, does not begin at the beginning.
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
        let then = self.inner.histories.of::<P>().at(moment, self.store()).await;
        let then = self.or_unavailable(then).await?;
        Ok(ask(&then.projection))
    }

    /// A projection as it is now, for questions that need not wait.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Missing`]: the application was started without it.
    pub fn read_model<P: Projection<E>>(&self) -> Result<ReadModel<P>, Unavailable> {
        let missing = || Unavailable::Missing(format!("projection {:?}", P::NAME));
        self.inner.models.of().ok_or_else(missing)
    }
}

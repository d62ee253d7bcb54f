//! Stores implemented outside the engine.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::broadcast;
use uuid::Uuid;

use super::handler_records::{
    HandlerRecords, HandlersLease, ParkedChange, ParkedEvent, Progress, ProjectionUpdate, ProjectionWritten,
    StoredProjection,
};
use super::{Append, Appended, Committed, EventStore, Published, Snapshot, SnapshotEntry, StoreError};
use crate::engine::log::{Batch, Moment, Position, StreamId, Version};

/// A store of any type behind dynamic dispatch: one more allocation per call.
pub struct OtherStore<E: 'static>(Arc<dyn Erased<E>>);

impl<E: 'static> OtherStore<E> {
    pub(super) fn new(store: impl EventStore<E>) -> Self {
        Self(Arc::new(store))
    }
}

impl<E: 'static> Clone for OtherStore<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

type Boxed<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// Declares the asynchronous operations once, and generates the object-safe trait and its callers.
macro_rules! questions {
    ($(
        $of:ident { $(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $answer:ty;)* }
    )*) => {
        trait Erased<E: 'static>: Send + Sync {
            $($(fn $name<'a>(&'a self $(, $argument: $type)*) -> Boxed<'a, $answer>;)*)*
            fn acknowledged(&self) -> Option<Position>;
            fn look(&self);
            fn published(&self) -> broadcast::Receiver<Published<E>>;
            fn is_durable(&self) -> bool;
        }

        impl<E: 'static, S: EventStore<E>> Erased<E> for S {
            $($(fn $name<'a>(&'a self $(, $argument: $type)*) -> Boxed<'a, $answer> {
                Box::pin($of::$name(self $(, $argument)*))
            })*)*

            fn acknowledged(&self) -> Option<Position> {
                EventStore::acknowledged(self)
            }

            fn look(&self) {
                EventStore::look(self);
            }

            fn published(&self) -> broadcast::Receiver<Published<E>> {
                EventStore::published(self)
            }

            fn is_durable(&self) -> bool {
                HandlerRecords::is_durable(self)
            }
        }

        impl<E: 'static> OtherStore<E> {
            $($(pub(super) fn $name<'a>(&'a self $(, $argument: $type)*) -> Boxed<'a, $answer> {
                self.0.$name($($argument),*)
            })*)*

            pub(super) fn acknowledged(&self) -> Option<Position> {
                self.0.acknowledged()
            }

            pub(super) fn look(&self) {
                self.0.look();
            }

            pub(super) fn published(&self) -> broadcast::Receiver<Published<E>> {
                self.0.published()
            }

            pub(super) fn is_durable(&self) -> bool {
                self.0.is_durable()
            }
        }
    };
}

questions! {
    EventStore {
        fn append(&self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError>;
        fn read_stream(&self, stream: &'a StreamId, after: Version, limit: usize) -> Result<Batch<E>, StoreError>;
        fn read_from_snapshot(
            &self,
            stream: &'a StreamId,
            until: Moment,
            limit: usize
        ) -> Result<(Option<Snapshot>, Batch<E>), StoreError>;
        fn list_snapshots(
            &self,
            stream: &'a StreamId,
            after: Position,
            limit: usize
        ) -> Result<Vec<SnapshotEntry>, StoreError>;
        fn stream_version(&self, stream: &'a StreamId, until: Moment) -> Result<Version, StoreError>;
        fn read_commands(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Committed<E>>>, StoreError>;
        fn read_all(&self, after: Position, limit: usize) -> Result<Batch<E>, StoreError>;
        fn end(&self) -> Result<Position, StoreError>;
        fn come_up_to_date(&self) -> Result<(), StoreError>;
    }
    HandlerRecords {
        fn read_progress(&self, handler: &'a str) -> Result<Option<Progress>, StoreError>;
        fn begin_progress(&self, handler: &'a str, start: Progress) -> Result<Progress, StoreError>;
        fn write_progress(
            &self,
            handler: &'a str,
            progress: Progress,
            parked: ParkedChange
        ) -> Result<(), StoreError>;
        fn write_repeatable_progress(&self, handler: &'a str, progress: Progress) -> Result<(), StoreError>;
        fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError>;
        fn write_projections(&self, updates: Vec<ProjectionUpdate>) -> Result<Vec<ProjectionWritten>, StoreError>;
        fn read_projection(&self, projection: &'a str) -> Result<Option<StoredProjection>, StoreError>;
        fn try_acquire_lease(&self) -> Result<Option<HandlersLease>, StoreError>;
    }
}

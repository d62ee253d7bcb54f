//! The parts of an application, as they can be added to another one.

use std::sync::Arc;

use super::Builder;
use crate::engine::store::handler_records::is_reserved;

/// Stands for the name of each observer. No handler can have it.
pub(in crate::engine::application) const OBSERVER: &str = ":observer";
const _: () = assert!(is_reserved(OBSERVER));

/// A part of an application, which can be added to another one in the same way.
pub(in crate::engine::application) struct Part<E: 'static> {
    /// The name of a projection or a process manager, or [`OBSERVER`].
    pub(in crate::engine::application) name: Option<&'static str>,
    pub(in crate::engine::application) add: Arc<dyn Fn(Builder<E>) -> Builder<E> + Send + Sync>,
}

impl<E: 'static> Part<E> {
    pub(super) fn new(add: impl Fn(Builder<E>) -> Builder<E> + Send + Sync + 'static) -> Self {
        Self { name: None, add: Arc::new(add) }
    }

    pub(in crate::engine::application) fn named(
        name: &'static str,
        add: impl Fn(Builder<E>) -> Builder<E> + Send + Sync + 'static,
    ) -> Self {
        Self { name: Some(name), ..Self::new(add) }
    }
}

impl<E: 'static> Clone for Part<E> {
    fn clone(&self) -> Self {
        Self { name: self.name, add: self.add.clone() }
    }
}

//! Which rows of a projection are stored, and which have changed since.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::engine::event::Position;
use crate::engine::store::handler_records::{ProjectionUpdate, ProjectionWritten};

/// Which rows of a projection are stored, and which have changed since.
#[derive(Debug, Default)]
pub(super) struct ChangedRows {
    /// Whether anybody wants to know what changes.
    pub(super) followed: bool,
    /// The checkpoint of the stored rows; nothing where all have to be written.
    pub(super) stored: Option<Position>,
    changed: HashSet<Box<str>, RandomState>,
}

impl ChangedRows {
    pub(super) fn change(&mut self, name: &str) {
        if !self.changed.contains(name) {
            self.changed.insert(name.into());
        }
    }

    /// What is to be stored. It counts as stored until [`ChangedRows::updated`] says otherwise.
    pub(super) fn update(
        &mut self,
        projection: String,
        checkpoint: Position,
        all_rows: impl FnOnce(&mut dyn FnMut(&str)),
        row: impl Fn(&str) -> Option<Box<str>>,
    ) -> Option<ProjectionUpdate> {
        if self.stored == Some(checkpoint) {
            return None;
        }
        let replace_all = self.stored.is_none();
        if replace_all {
            all_rows(&mut |name| self.change(name));
        }
        let rows = self.changed.drain().map(|name| {
            let data = row(&name);
            (name, data)
        });
        let rows = rows.collect();
        let after = self.stored.unwrap_or_default();
        Some(ProjectionUpdate { projection, after, checkpoint, rows, replace_all })
    }

    pub(super) fn updated(&mut self, written: ProjectionWritten, checkpoint: Position) {
        self.stored = match written {
            ProjectionWritten::Stored => Some(checkpoint),
            // What changes from now on is kept in mind, and what another process has stored holds the rest.
            ProjectionWritten::Later { stored } => Some(stored.min(checkpoint)),
            ProjectionWritten::Missing { .. } => None,
        };
    }
}

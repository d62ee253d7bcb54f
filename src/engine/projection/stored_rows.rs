//! Compares the stored rows of a projection with a fold of the log.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::rows::WhichRows;
use super::{Projection, StoredFields};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::HandlerRecords;

/// The stored rows of a projection, and a fold that they should equal.
#[derive(Debug)]
pub struct StoredRows<P: 'static> {
    name: &'static str,
    fields: StoredFields<P>,
    checkpoint: Position,
    rows: HashMap<Box<str>, Box<str>, RandomState>,
    fold: P,
}

impl<P> StoredRows<P> {
    /// Reads the rows of a projection of events `E`; `None` if the store has none in the current format.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    pub async fn read<E>(store: &impl HandlerRecords) -> Result<Option<Self>, StoreError>
    where
        P: Projection<E>,
    {
        let Some(fields) = P::ROWS else { return Ok(None) };
        let Some(mut stored) = store.read_projection(&fields.stored_name(P::NAME)).await? else { return Ok(None) };
        let mut rows = HashMap::default();
        while let Some(page) = stored.next_page().await? {
            rows.extend(page.into_iter().map(|row| (row.key, row.data)));
        }
        Ok(Some(Self { name: P::NAME, fields, checkpoint: stored.checkpoint(), rows, fold: P::default() }))
    }

    /// Folds the next event of the log, from the first on. Events after the rows' checkpoint are ignored.
    pub fn take<E>(&mut self, event: &RecordedEvent<E>)
    where
        P: Projection<E>,
    {
        if event.position <= self.checkpoint {
            self.fold.project(event);
        }
    }

    /// The first difference between rows and fold, in words; `None` if they are equal.
    pub fn difference(self) -> Option<String> {
        let Self { name, fields, checkpoint, mut rows, fold } = self;
        let mut difference = None;
        let written = fields.write(&fold, WhichRows::All, &mut |key, folded| {
            let stored = rows.remove(&key);
            if stored != folded && difference.is_none() {
                let text = |row: Option<Box<str>>| row.unwrap_or_else(|| "missing".into());
                difference = Some(format!(
                    "the stored row {key:?} of {name} is {}, but the log up to position {checkpoint} makes it {}",
                    text(stored),
                    text(folded)
                ));
            }
        });
        let surplus = rows.keys().min();
        let surplus = surplus
            .map(|key| format!("the stored row {key:?} of {name} comes from no event up to position {checkpoint}"));
        difference.or(written.err().map(|unwritable| format!("of {name}, {unwritable}"))).or(surplus)
    }
}

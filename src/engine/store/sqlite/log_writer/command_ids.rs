//! Recognizes new commands, usually without reading the file.

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::batch_insert::BatchInsert;
use crate::engine::store::sqlite::file_error::FileError;

/// The version of ids that begin with the time, and grow with it.
const BEGINS_WITH_TIME: usize = 7;

/// The version of ids that a domain makes in an order of its own, as those of rows that are loaded.
const OWN_MAKING: usize = 8;

/// A gap between the ids of stored commands: no stored id lies strictly between its ends. Ids that grow with time fall
/// into the gap after the last one.
#[derive(Debug, Default)]
pub(in crate::engine::store::sqlite) struct CommandIds {
    gap: Option<Gap>,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    after: Uuid,
    before: Option<Uuid>,
}

impl Gap {
    fn contains(self, id: Uuid) -> bool {
        self.after < id && self.before.is_none_or(|before| id < before)
    }

    /// The gap around an id; `None` if the id is stored.
    fn around(connection: &Connection, id: Uuid) -> rusqlite::Result<Option<Self>> {
        let neighbour = |sql: &str| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row([id.as_bytes()], |row| Ok(Uuid::from_bytes(row.get(0)?))).optional()
        };
        let last = neighbour(
            "SELECT command_id FROM events WHERE number_in_command = 1 AND command_id <= ?1
             ORDER BY command_id DESC LIMIT 1",
        )?;
        if last == Some(id) {
            return Ok(None);
        }
        let before = neighbour(
            "SELECT command_id FROM events WHERE number_in_command = 1 AND command_id > ?1
             ORDER BY command_id LIMIT 1",
        )?;
        Ok(Some(Self { after: last.unwrap_or(Uuid::nil()), before }))
    }
}

impl CommandIds {
    /// Forgets the gap, which other processes may have filled.
    pub(in crate::engine::store::sqlite) fn forget(&mut self) {
        self.gap = None;
    }

    /// Whether the command is not stored. Its rows must not be pending in `insert`.
    pub(in crate::engine::store::sqlite) fn is_new(
        &mut self,
        insert: &mut BatchInsert<'_>,
        id: Uuid,
    ) -> Result<bool, FileError> {
        if self.gap.is_some_and(|gap| gap.contains(id)) {
            return Ok(true);
        }
        let is_next = match id.get_version_num() {
            // Caching an older gap would not help later commands.
            BEGINS_WITH_TIME => self.gap.is_none_or(|gap| gap.after < id),
            OWN_MAKING => true,
            _ => false,
        };
        if !is_next {
            return Ok(!is_stored(insert.connection(), id)?);
        }
        // A pending row must not be missed within the gap.
        insert.flush()?;
        let around = Gap::around(insert.connection(), id)?;
        if around.is_some() {
            self.gap = around;
        }
        Ok(around.is_some())
    }

    /// Records that the command is stored from now on.
    pub(in crate::engine::store::sqlite) fn record(&mut self, id: Uuid) {
        if let Some(gap) = self.gap.as_mut().filter(|gap| gap.contains(id)) {
            if let BEGINS_WITH_TIME | OWN_MAKING = id.get_version_num() {
                gap.after = id;
            } else {
                gap.before = Some(id);
            }
        }
    }
}

fn is_stored(connection: &Connection, id: Uuid) -> rusqlite::Result<bool> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM events WHERE number_in_command = 1 AND command_id = ?1")?;
    statement.exists([id.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::log::{Metadata, Timestamp};
    use crate::engine::store::sqlite::log_writer::batch_insert::Row;
    use crate::engine::store::sqlite::tables::schema::TABLES;

    /// A few ids of each kind: growing with time, of a domain's own making, derived from another, nil.
    fn id() -> impl Strategy<Value = Uuid> {
        let kind = prop_oneof![Just(0x7000_u128), Just(0x8000), Just(0x5000), Just(0)];
        (0..12_u128, kind).prop_map(|(number, kind)| Uuid::from_u128((number << 120) | (kind << 64)))
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Command(Uuid),
        Flush,
        /// Other processes have committed, or the file was reopened.
        Forget,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![8 => id().prop_map(Step::Command), 1 => Just(Step::Flush), 1 => Just(Step::Forget)]
    }

    fn row(position: usize, id: Uuid) -> Row {
        Row {
            position: position as u64,
            stream: 1,
            version: 1,
            previous_position: 0,
            time: Timestamp::from_micros(0),
            event_type: "moved".into(),
            schema_version: 1,
            number_in_command: 1,
            metadata: Metadata::from_outside(id),
            data: "{}".to_owned(),
            hash: [0; 32],
        }
    }

    proptest! {
        #[test]
        fn a_command_is_new_until_it_is_recorded(steps in prop::collection::vec(step(), 0..100)) {
            let connection = Connection::open_in_memory().unwrap();
            TABLES.iter().for_each(|tables| connection.execute_batch(tables).unwrap());
            let mut insert = BatchInsert::new(&connection);
            let (mut commands, mut stored) = (CommandIds::default(), BTreeSet::new());
            for step in steps {
                match step {
                    Step::Command(id) => {
                        let is_new = !insert.holds(id) && commands.is_new(&mut insert, id).unwrap();
                        prop_assert_eq!(is_new, stored.insert(id));
                        if is_new {
                            insert.add(row(stored.len(), id)).unwrap();
                            commands.record(id);
                        }
                    }
                    Step::Flush => insert.flush().unwrap(),
                    Step::Forget => {
                        insert.flush().unwrap();
                        commands.forget();
                    }
                }
            }
            insert.flush().unwrap();
            let count: i64 = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
            prop_assert_eq!(count, stored.len() as i64);
        }
    }
}

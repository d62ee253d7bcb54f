//! Recognizes new commands, usually without reading the file.

use foldhash::HashSet;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::batch_insert::BatchInsert;
use crate::engine::store::sqlite::file_error::FileError;

/// The version of ids that begin with the time, and grow with it.
const BEGINS_WITH_TIME: usize = 7;

/// The version of ids that a domain makes in an order of its own, as those of rows that are loaded.
const OWN_MAKING: usize = 8;

/// What is known of stored ids. Ids that grow with time fall into the gap after the last one; those of a domain's own
/// making into a gap of theirs.
#[derive(Debug, Default)]
pub(in crate::engine::store::sqlite) struct CommandIds {
    gap: Option<Gap>,
    own: Option<OwnGap>,
}

/// A gap between the ids of stored commands: no stored id lies strictly between its ends.
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

/// A gap in which ids of a domain's own making were recorded since. They grow only roughly: those of one date come in any
/// order.
#[derive(Debug)]
struct OwnGap {
    gap: Gap,
    recorded: HashSet<Uuid>,
    /// How many ids it has told to be new, and how many had to be looked up beside it.
    hits: usize,
    misses: usize,
}

impl OwnGap {
    /// Ids that are remembered before the gap begins after them.
    const MOST_RECORDED: usize = if cfg!(test) { 3 } else { 65_536 };

    /// Finding another gap costs as much as some look-ups: the last one should have saved as many.
    const HITS: usize = if cfg!(test) { 2 } else { 16 };

    /// … or else so many are looked up in the meantime.
    const MISSES: usize = if cfg!(test) { 3 } else { 256 };

    fn new(gap: Gap) -> Self {
        Self { gap, recorded: HashSet::default(), hits: 0, misses: 0 }
    }

    /// Whether an id is new; `None` if it is not in the gap.
    fn is_new(&mut self, id: Uuid) -> Option<bool> {
        if !self.gap.contains(id) {
            self.misses += 1;
            return None;
        }
        self.hits += 1;
        Some(!self.recorded.contains(&id))
    }

    fn is_worth_replacing(&self) -> bool {
        self.hits >= Self::HITS || self.misses >= Self::MISSES
    }

    fn record(&mut self, id: Uuid) {
        if !self.gap.contains(id) {
            return;
        }
        self.recorded.insert(id);
        if self.recorded.len() > Self::MOST_RECORDED {
            self.gap.after = self.recorded.drain().fold(self.gap.after, |after, id| after.max(id));
        }
    }
}

impl CommandIds {
    /// Forgets the gaps, which other processes may have filled.
    pub(in crate::engine::store::sqlite) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether the command is not stored. Its rows must not be pending in `insert`.
    pub(in crate::engine::store::sqlite) fn is_new(
        &mut self,
        insert: &mut BatchInsert<'_, '_>,
        id: Uuid,
    ) -> Result<bool, FileError> {
        if self.gap.is_some_and(|gap| gap.contains(id)) {
            return Ok(true);
        }
        let is_own = id.get_version_num() == OWN_MAKING;
        if let Some(is_new) = self.own.as_mut().filter(|_| is_own).and_then(|own| own.is_new(id)) {
            return Ok(is_new);
        }
        let is_next = match id.get_version_num() {
            // Caching an older gap would not help later commands.
            BEGINS_WITH_TIME => self.gap.is_none_or(|gap| gap.after < id),
            OWN_MAKING => self.own.as_ref().is_none_or(OwnGap::is_worth_replacing),
            _ => false,
        };
        if !is_next {
            return Ok(!is_stored(insert.connection(), id)?);
        }
        // A pending row must not be missed within the gap.
        insert.flush()?;
        let around = Gap::around(insert.connection(), id)?;
        match around {
            Some(gap) if is_own => self.own = Some(OwnGap::new(gap)),
            Some(gap) => self.gap = Some(gap),
            None => {}
        }
        Ok(around.is_some())
    }

    /// Records that the command is stored from now on.
    pub(in crate::engine::store::sqlite) fn record(&mut self, id: Uuid) {
        if let Some(own) = &mut self.own {
            own.record(id);
        }
        if let Some(gap) = self.gap.as_mut().filter(|gap| gap.contains(id)) {
            match id.get_version_num() {
                BEGINS_WITH_TIME => gap.after = id,
                _ => gap.before = Some(id),
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

    fn row(position: usize, id: Uuid) -> Row<'static> {
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
            data: "{}".into(),
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

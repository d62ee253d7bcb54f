//! The fields of a projection that are stored as rows.

use std::fmt;

use super::rows::{RowWriter, Rows, TakeRow, UnreadableRow, UnwritableRow, WhichRows};
use crate::engine::store::handler_records::ProjectionRow;

/// The stored fields of a projection, and the version of their format: see [`rows!`](crate::rows).
pub struct StoredFields<P: 'static> {
    format: u16,
    fields: &'static [StoredField<P>],
}

/// A stored field of a projection.
pub struct StoredField<P> {
    prefix: &'static str,
    read: fn(&P) -> &dyn Rows,
    change: fn(&mut P) -> &mut dyn Rows,
}

impl<P> StoredField<P> {
    /// A field whose rows have names that begin with `prefix`.
    pub const fn new(prefix: &'static str, read: fn(&P) -> &dyn Rows, change: fn(&mut P) -> &mut dyn Rows) -> Self {
        Self { prefix, read, change }
    }
}

impl<P> StoredFields<P> {
    /// The stored fields of a projection.
    ///
    /// # Panics
    ///
    /// At compile time, if two fields have the same prefix.
    pub const fn new(format: u16, fields: &'static [StoredField<P>]) -> Self {
        let mut one = 0;
        while one < fields.len() {
            let mut other = 0;
            while other < one {
                assert!(
                    !are_equal(fields[one].prefix, fields[other].prefix),
                    "the rows of two fields have the same names"
                );
                other += 1;
            }
            one += 1;
        }
        Self { format, fields }
    }

    /// The name under which a projection's rows are stored.
    pub(super) fn stored_name(&self, projection: &str) -> String {
        format!("{projection} {}", self.format)
    }

    pub(super) fn are_tracked(&self, projection: &P) -> bool {
        self.fields.iter().all(|field| (field.read)(projection).is_tracked())
    }

    pub(super) fn track(&self, projection: &P) {
        self.fields.iter().for_each(|field| (field.read)(projection).track());
    }

    /// Writes changed rows, or all.
    pub(super) fn write<'a>(
        &self,
        projection: &P,
        which: WhichRows,
        take: &'a mut TakeRow<'a>,
    ) -> Result<(), UnwritableRow> {
        let mut writer = RowWriter { prefix: "", take, failed: None };
        for field in self.fields {
            writer.prefix = field.prefix;
            (field.read)(projection).write(which, &mut writer);
        }
        writer.failed.map_or(Ok(()), Err)
    }

    /// Restores a row into the field with the longest matching prefix.
    pub(super) fn restore(&self, projection: &mut P, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let with_name = |field: &'static StoredField<P>| Some((field, row.key.strip_prefix(field.prefix)?));
        let field = self.fields.iter().filter_map(with_name).max_by_key(|(field, _)| field.prefix.len());
        let (field, name) = field.ok_or_else(|| UnreadableRow::new(row, "no field has rows of this name"))?;
        (field.change)(projection).restore(name, row)
    }

    /// All rows are restored.
    pub(super) fn restored(&self, projection: &mut P) {
        self.fields.iter().for_each(|field| (field.change)(projection).restored());
    }
}

const fn are_equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

impl<P> Clone for StoredFields<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for StoredFields<P> {}

impl<P> fmt::Debug for StoredFields<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredFields").field("format", &self.format).field("fields", &self.fields).finish()
    }
}

impl<P> fmt::Debug for StoredField<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredField").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Lists the stored fields of a projection, for [`Projection::ROWS`](super::Projection::ROWS): the version of their format,
/// then each field with a prefix for the names of its rows. A single field needs no prefix.
///
/// Increase the version when existing rows could no longer be read, or would be misread. Rows of other versions are
/// ignored, and the read model is folded from the log.
///
/// ```
/// use cqrs_bank::engine::{DomainEvent, RecordedEvent};
/// use cqrs_bank::engine::projection::{Projection, RowCell, RowMap, StoredFields, rows};
///
/// # #[derive(Clone, Debug)]
/// # enum GarageEvent { CarEntered { plate: String, lot: u32 }, CarLeft { plate: String } }
/// # impl DomainEvent for GarageEvent {
/// #     fn event_type(&self) -> &'static str { "garage" }
/// #     fn title(&self) -> &'static str { "Garage" }
/// # }
/// /// Which car stands where.
/// #[derive(Default)]
/// struct Garage {
///     lots: RowMap<String, u32>,
///     visits: RowCell<u64>,
/// }
///
/// impl Projection<GarageEvent> for Garage {
///     const NAME: &'static str = "garage";
///     const ROWS: Option<StoredFields<Self>> = rows!(1; lots: "car ", visits: "visits");
///
///     fn project(&mut self, event: &RecordedEvent<GarageEvent>) {
///         match &event.data {
///             GarageEvent::CarEntered { plate, lot } => {
///                 self.lots.insert(plate.clone(), *lot);
///                 *self.visits.get_mut() += 1;
///             }
///             GarageEvent::CarLeft { plate } => drop(self.lots.remove(plate)),
///         }
///     }
/// }
/// ```
///
/// Two fields with the same prefix do not compile:
///
/// ```compile_fail
/// # use cqrs_bank::engine::projection::{RowMap, StoredFields, rows};
/// struct Garage {
///     lots: RowMap<String, u32>,
///     owners: RowMap<String, String>,
/// }
///
/// impl Garage {
///     const ROWS: Option<StoredFields<Self>> = rows!(1; lots, owners);
/// }
/// # let _ = Garage::ROWS;
/// ```
#[macro_export]
macro_rules! rows {
    ($format:literal; $($field:tt $(: $prefix:literal)?),+ $(,)?) => {
        ::std::option::Option::Some($crate::engine::projection::StoredFields::new(
            $format,
            const {
                &[$($crate::engine::projection::StoredField::new(
                    ::std::concat!($($prefix)?),
                    |projection: &Self| &projection.$field,
                    |projection: &mut Self| &mut projection.$field,
                )),+]
            },
        ))
    };
}

pub use rows;

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::WhichRows::{All, Changed};
    use super::*;
    use crate::engine::log::Position;
    use crate::engine::projection::{LogRow, RowCell, RowLog, RowMap};

    #[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Entry(Position, String);

    impl LogRow for Entry {
        type Key = String;

        fn position(&self) -> Position {
            self.0
        }

        fn key(&self) -> Option<String> {
            Some(self.1.clone())
        }
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Stored {
        map: RowMap<u32, u32>,
        log: RowLog<Entry>,
        cell: RowCell<u32>,
    }

    impl Stored {
        const ROWS: Option<StoredFields<Self>> = rows!(1; map: "m ", cell: "cell", log);

        /// The rows in the order of their names, with `-` for a removed row.
        fn written(&self, which: WhichRows) -> Vec<String> {
            let mut rows = Vec::new();
            let mut take = |name, data: Option<Box<str>>| rows.push(format!("{name}: {}", data.unwrap_or("-".into())));
            Self::ROWS.unwrap().write(self, which, &mut take).unwrap();
            rows.sort();
            rows
        }

        fn push(&mut self, position: u64, key: &str) {
            self.log.push(Entry(Position::new(position), key.to_owned()));
        }

        fn restored(rows: &[(&str, &str)]) -> Result<Self, UnreadableRow> {
            let mut restored = Self::default();
            for (key, data) in rows {
                let row = ProjectionRow { key: (*key).into(), data: (*data).into() };
                Self::ROWS.unwrap().restore(&mut restored, &row)?;
            }
            Self::ROWS.unwrap().restored(&mut restored);
            Ok(restored)
        }
    }

    fn stored_example() -> Stored {
        let mut stored = Stored::default();
        stored.map.insert(1, 10);
        stored.map.insert(2, 20);
        stored.push(7, "a");
        stored
    }

    #[test]
    fn all_rows_are_written_first_and_then_changed_ones() {
        let mut stored = stored_example();
        let all = ["00000000000000000007: [7,\"a\"]", "cell: 0", "m 1: 10", "m 2: 20"];
        assert_eq!(stored.written(All), all);
        assert_eq!(stored.written(Changed), NOTHING);
        *stored.map.get_mut(&1).unwrap() += 1;
        assert_eq!(stored.map.get_mut(&9), None);
        *stored.map.get_or_insert_with(3, || 30) += 1;
        stored.push(8, "b");
        assert_eq!(stored.written(Changed), ["00000000000000000008: [8,\"b\"]", "m 1: 11", "m 3: 31"]);
        *stored.cell.get_mut() += 1;
        stored.log.find_mut("a").unwrap().1.push('!');
        assert_eq!(stored.map.remove(&2), Some(20));
        assert_eq!(stored.map.remove(&2), None);
        stored.map.insert(4, 0);
        stored.map.remove(&4);
        assert_eq!(stored.written(Changed), ["00000000000000000007: [7,\"a!\"]", "cell: 1", "m 2: -", "m 4: -"]);
        assert_eq!(stored.written(Changed), NOTHING);
        assert_eq!(stored.written(All).len(), 5);
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn tracking_starts_when_asked_for_and_not_in_a_replacement() {
        let fields = Stored::ROWS.unwrap();
        let mut stored = stored_example();
        assert!(!fields.are_tracked(&stored));
        fields.track(&stored);
        assert!(fields.are_tracked(&stored) && !fields.are_tracked(&stored.clone()));
        assert_eq!(stored.written(Changed), NOTHING);
        stored.map = RowMap::default();
        assert!(!fields.are_tracked(&stored));
        assert_eq!(stored.written(Changed), NOTHING, "the new map is empty");
        assert!(fields.are_tracked(&stored));
        stored.log = stored.log.clone();
        assert_eq!(stored.written(Changed), ["00000000000000000007: [7,\"a\"]"], "untracked, so written whole");
    }

    #[test]
    fn written_rows_are_restored() {
        let mut stored = stored_example();
        *stored.cell.get_mut() = 5;
        let rows = [("00000000000000000007", "[7,\"a\"]"), ("cell", "5"), ("m 1", "10"), ("m 2", "20")];
        let restored = Stored::restored(&rows).unwrap();
        assert_eq!(restored, stored);
        assert_eq!(restored.log.find("a"), Some(&Entry(Position::new(7), "a".to_owned())));
        assert_eq!(restored.map.range(2..).collect::<Vec<_>>(), [(&2, &20)]);
    }

    #[test]
    fn a_foreign_row_is_refused() {
        for (key, data) in [
            ("m one", "1"),
            ("m 1", "one"),
            ("cellar", "1"),
            ("cell", "{}"),
            ("00000000000000000008", "[7,\"a\"]"),
            ("other", "1"),
        ] {
            let unreadable = Stored::restored(&[(key, data)]).unwrap_err();
            assert_eq!(unreadable.name, key);
        }
        let one = ("00000000000000000007", "[7,\"a\"]");
        assert!(Stored::restored(&[one, one]).is_err());
    }

    #[test]
    fn an_unwritable_row_is_an_error_and_not_a_removed_row() {
        #[derive(Default)]
        struct Unwritable(RowMap<u32, std::collections::BTreeMap<(u8, u8), u8>>);

        impl Unwritable {
            const ROWS: Option<StoredFields<Self>> = rows!(1; 0);
        }

        let mut unwritable = Unwritable::default();
        unwritable.0.insert(1, [((1, 2), 3)].into());
        let mut rows = 0;
        let error = Unwritable::ROWS.unwrap().write(&unwritable, All, &mut |_, _| rows += 1).unwrap_err();
        assert_eq!((error.name.as_str(), rows), ("1", 0));
    }

    #[test]
    #[should_panic(expected = "an entry of position 7 comes too late")]
    fn an_event_begins_one_entry() {
        stored_example().push(7, "b");
    }
}

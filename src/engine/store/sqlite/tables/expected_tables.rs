//! Compares a file's tables with those that this program creates. Additional tables do no harm.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::format::Format;
use super::properties;
use super::schema::TABLES;
use super::upgrade::BACK_TO_FIRST;

/// The result of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) enum Tables {
    /// All tables are intact.
    Whole {
        /// Names of objects that this program did not create.
        beside: Vec<String>,
        /// Missing objects that can be rebuilt.
        missing: Vec<MissingObject>,
    },
    /// A table is missing or different, or a trigger changes what is written.
    Changed {
        /// The difference.
        what: String,
    },
}

/// A missing index or view.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) struct MissingObject {
    /// Its kind and name.
    pub(in crate::engine::store::sqlite) name: String,
    /// The statement that creates it.
    pub(in crate::engine::store::sqlite) sql: String,
}

/// Rebuilds missing indexes and views.
pub(in crate::engine::store::sqlite) fn rebuild(
    connection: &Connection,
    missing: &[MissingObject],
    format: Format,
) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for MissingObject { sql, .. } in missing {
        transaction.execute_batch(sql)?;
    }
    if format == Format::Second && !missing.is_empty() {
        properties::write_schema_cookie(&transaction)?;
    }
    transaction.commit()
}

/// Checks the tables of a file against the given format.
pub(in crate::engine::store::sqlite) fn check(connection: &Connection, format: Format) -> rusqlite::Result<Tables> {
    let fresh = Connection::open_in_memory()?;
    for tables in TABLES {
        fresh.execute_batch(tables)?;
    }
    if format == Format::First {
        fresh.execute_batch(BACK_TO_FIRST)?;
    }
    let (expected, found) = (objects(&fresh)?, objects(connection)?);
    let mut missing = Vec::new();
    for object in &expected {
        if !found.contains(object) {
            if let Some(sql) = sql(&fresh, object)? {
                missing.push(MissingObject { name: format!("{} {}", object.kind, object.name), sql });
                continue;
            }
            return Ok(Tables::Changed { what: format!("its {} {} is missing", object.kind, object.name) });
        }
        if object.kind == "table" && columns(&fresh, &object.name)? != columns(connection, &object.name)? {
            let what = format!("its table {} has unexpected columns", object.name);
            return Ok(Tables::Changed { what });
        }
    }
    let beside: Vec<_> = found.difference(&expected).collect();
    let is_ours = |table: &str| expected.iter().any(|object| object.kind == "table" && object.name == table);
    if let Some(trigger) = beside.iter().find(|object| object.kind == "trigger" && is_ours(&object.table)) {
        return Ok(Tables::Changed {
            what: format!("the trigger {} changes its table {}", trigger.name, trigger.table),
        });
    }
    let is_shown = |object: &&&Object| object.name != "sqlite_sequence" && !object.name.starts_with("sqlite_autoindex");
    let beside = beside.iter().filter(is_shown).map(|object| format!("{} {}", object.kind, object.name)).collect();
    Ok(Tables::Whole { beside, missing })
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    kind: String,
    name: String,
    table: String,
}

fn objects(connection: &Connection) -> rusqlite::Result<BTreeSet<Object>> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name FROM sqlite_schema")?;
    let object = |row: &rusqlite::Row<'_>| Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)? });
    statement.query_map([], object)?.collect()
}

/// The statement that creates an index or a view; `None` for tables and their automatic indexes, which cannot be
/// rebuilt.
fn sql(fresh: &Connection, object: &Object) -> rusqlite::Result<Option<String>> {
    if object.kind == "table" {
        return Ok(None);
    }
    fresh.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [&object.name], |row| row.get(0))
}

/// The name, type, nullability and primary key index of each column.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String, bool, i64)>> {
    let mut statement =
        connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
}

//! Holds the tables of a file against those that this program makes. What stands beside them does no harm.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::form::Form;
use super::schema::TABLES;
use super::upgrade::BACK_TO_FIRST;

/// What was found of a file's tables.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// All are there. Besides, there are these.
    Whole {
        /// The names of what is not of this program.
        beside: Vec<String>,
    },
    /// Something is missing, or changes what is written.
    Changed {
        /// What.
        what: String,
    },
}

/// Looks at a file whose tables should have a form.
pub(super) fn check(connection: &Connection, form: Form) -> rusqlite::Result<Tables> {
    let fresh = Connection::open_in_memory()?;
    for tables in TABLES {
        fresh.execute_batch(tables)?;
    }
    if form == Form::First {
        fresh.execute_batch(BACK_TO_FIRST)?;
    }
    let (expected, found) = (objects(&fresh)?, objects(connection)?);
    for object in &expected {
        if !found.contains(object) {
            return Ok(Tables::Changed { what: format!("its {} {} is missing", object.kind, object.name) });
        }
        if object.kind == "table" && columns(&fresh, &object.name)? != columns(connection, &object.name)? {
            let what = format!("its table {} does not have the columns that were made", object.name);
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
    Ok(Tables::Whole { beside })
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

/// Name, type, whether it may be empty, and place in the key of each column.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String, bool, i64)>> {
    let mut statement =
        connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
}

//! Holds the tables of a file against those that this program makes. What stands beside them does no harm.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::form::Form;
use super::properties;
use super::schema::TABLES;
use super::upgrade::BACK_TO_FIRST;

/// What was found of a file's tables.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// All are there. Besides, there are these.
    Whole {
        /// The names of what is not of this program.
        beside: Vec<String>,
        /// What is missing and can be made again from the rest.
        missing: Vec<Missing>,
    },
    /// Something is missing, or changes what is written.
    Changed {
        /// What.
        what: String,
    },
}

/// An index or a view that is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// What it is called, in words.
    pub(super) name: String,
    /// What makes it.
    pub(super) sql: String,
}

/// Makes again what can be made again from the rest.
pub(super) fn make_again(connection: &Connection, missing: &[Missing], form: Form) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for Missing { sql, .. } in missing {
        transaction.execute_batch(sql)?;
    }
    if form == Form::Second && !missing.is_empty() {
        properties::write_schema_cookie(&transaction)?;
    }
    transaction.commit()
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
    let mut missing = Vec::new();
    for object in &expected {
        if !found.contains(object) {
            if let Some(sql) = sql(&fresh, object)? {
                missing.push(Missing { name: format!("{} {}", object.kind, object.name), sql });
                continue;
            }
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

/// What makes an index or a view. A table, and an index that belongs to one, is not made again.
fn sql(fresh: &Connection, object: &Object) -> rusqlite::Result<Option<String>> {
    if object.kind == "table" {
        return Ok(None);
    }
    fresh.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [&object.name], |row| row.get(0))
}

/// Name, type, whether it may be empty, and place in the key of each column.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String, bool, i64)>> {
    let mut statement =
        connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
}

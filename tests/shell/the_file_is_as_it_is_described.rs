//! What `docs/file-format.md` says of the file is so: its tables, their columns, its header and its hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::documents::{Document, document};
use crate::program::run;

/// A bank with something in each table but that of parked events, closed, and its log exported.
struct Made {
    directory: TempDir,
}

impl Made {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = Self { directory };
        let export = made.path("events.jsonl");
        let deposits = "Bank.deposit \"Wolfman\", 1000; ".repeat(300);
        let script = format!(
            "Bank.open ceo_bonus: \"CEO\"; Bank.create \"CEO\"; Bank.create \"Wolfman\"; {deposits}Bank.export \"{}\"",
            export.display()
        );
        let finished = run(&["--quiet", "--store", made.path("bank.db").to_str().unwrap(), "-c", &script], "");
        assert_eq!(finished.exit_code, Some(0), "{}", finished.stderr);
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn open(&self) -> Connection {
        Connection::open_with_flags(self.path("bank.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }
}

fn described() -> Document {
    document("docs/file-format.md")
}

/// The cells of each row of the tables in the section with a heading, without those of the first line.
fn rows(document: &Document, heading: &str) -> Vec<Vec<String>> {
    let prose = document.prose();
    let section = prose.iter().skip_while(|line| **line != heading).skip(1).take_while(|line| !line.starts_with('#'));
    let rows = section.filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', "")).collect()).collect()
}

fn first_cells(document: &Document, heading: &str) -> Vec<String> {
    rows(document, heading).into_iter().map(|mut row| row.swap_remove(0)).collect()
}

fn strings(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn tables_have_the_columns_that_are_described() {
    let (made, document) = (Made::new(), described());
    let file = made.open();
    let headings = document.text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    let named: BTreeSet<_> = headings.map(str::to_owned).collect();
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'";
    let found = strings(&file, sql);
    assert_eq!(named, found.iter().cloned().collect());
    for table in found {
        let rows = rows(&document, &format!("### `{table}`"));
        let has_types = rows.iter().all(|row| row.len() == 3);
        let written: Vec<_> = rows.iter().map(|row| row[..if has_types { 2 } else { 1 }].join(" ")).collect();
        let shown = if has_types { "name || ' ' || type" } else { "name" };
        let columns = strings(&file, &format!("SELECT {shown} FROM pragma_table_info('{table}') ORDER BY cid"));
        assert_eq!(written, columns, "{table}");
    }
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%'";
    for index in strings(&file, sql) {
        assert!(document.text.contains(&format!("index `{index}`")), "{index}");
    }
}

#[test]
fn the_header_and_the_properties_are_those_that_are_described() {
    let (made, document) = (Made::new(), described());
    let file = made.open();
    for row in rows(&document, "## The header") {
        let number: i64 = file.pragma_query_value(None, &row[0], |row| row.get(0)).unwrap();
        assert!(row[1].starts_with(&format!("{number},")), "{row:?} {number}");
    }
    let described = first_cells(&document, "### What each property says");
    let mut found = strings(&file, "SELECT name FROM properties");
    // It is there as long as the file is open.
    found.push("in_use".to_owned());
    // And while it is the replica of a log.
    found.push("log".to_owned());
    assert_eq!(described.into_iter().collect::<BTreeSet<_>>(), found.into_iter().collect());
}

#[test]
fn an_export_has_the_fields_that_are_described() {
    let (made, document) = (Made::new(), described());
    let log = std::fs::read_to_string(made.path("events.jsonl")).unwrap();
    let lines: Vec<BTreeMap<String, serde_json::Value>> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: BTreeSet<_> = lines.into_iter().flat_map(BTreeMap::into_keys).collect();
    assert_eq!(first_cells(&document, "## An exported log").into_iter().collect::<BTreeSet<_>>(), found);
}

/// Made anew from what is described, in the words of this test alone.
#[test]
fn the_chain_is_made_as_it_is_described() {
    let made = Made::new();
    let file = made.open();
    let mut statement =
        file.prepare("SELECT e.*, s.name FROM events e JOIN streams s USING (stream) ORDER BY position").unwrap();
    let mut rows = statement.query([]).unwrap();
    let (mut before, mut events) = (vec![0_u8; 32], 0);
    while let Some(row) = rows.next().unwrap() {
        let number = |name| row.get::<_, i64>(name).unwrap();
        let command_id: Vec<u8> = row.get("command_id").unwrap();
        let id = |name| row.get::<_, Option<Vec<u8>>>(name).unwrap().unwrap_or_else(|| command_id.clone());
        let mut bytes = before.clone();
        for name in ["position", "version", "previous_position", "number_in_command", "time"] {
            bytes.extend(number(name).to_be_bytes());
        }
        bytes.extend(u16::try_from(number("schema_version")).unwrap().to_be_bytes());
        bytes.extend(["command_id", "correlation_id", "causation_id"].into_iter().flat_map(id));
        for name in ["name", "type", "data", "metadata"] {
            if let Some(text) = row.get::<_, Option<String>>(name).unwrap() {
                bytes.extend((text.len() as u64).to_be_bytes());
                bytes.extend(text.as_bytes());
            }
        }
        let hash: Vec<u8> = row.get("hash").unwrap();
        assert_eq!(Sha256::digest(&bytes).to_vec(), hash, "{}", number("position"));
        (before, events) = (hash, events + 1);
    }
    assert!(events > 300);
    assert_eq!(strings(&file, "SELECT value FROM properties WHERE name = 'closed_at'"), [end(events, &before)]);
    for table in ["snapshots", "stream_marks"] {
        let versions = strings(&file, &format!("SELECT DISTINCT CAST(version AS TEXT) FROM {table}"));
        assert_eq!(versions, ["256"], "{table}");
    }
}

/// What the companion `-end` would say.
fn end(position: u64, hash: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = format!("position {position:020}\nsha256 {}\n", hex(hash));
    let check = hex(&Sha256::digest(text.as_bytes())[..8]);
    format!("{text}check {check}\n")
}

#[test]
fn a_closed_bank_is_one_file() {
    let made = Made::new();
    let left: BTreeSet<_> =
        std::fs::read_dir(made.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, BTreeSet::from(["bank.db".into(), "events.jsonl".into()]));
}

#[test]
fn an_end_is_written_as_it_is_shown() {
    let document = described();
    let [shown] = document.blocks_in("text")[..] else { panic!("one block of text") };
    let mut lines = shown.lines();
    let position = lines.next().unwrap().strip_prefix("position ").unwrap().parse().unwrap();
    let digits = lines.next().unwrap().strip_prefix("sha256 ").unwrap();
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    let hash: Vec<_> = (0..32).map(byte).collect();
    assert_eq!(format!("{shown}\n"), end(position, &hash));
    assert_eq!(shown.len() + 1, 125);
}

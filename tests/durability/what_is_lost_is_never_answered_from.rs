//! Rows that are gone, pages of an earlier day, sectors of nothing and pages in each other's place: whoever opens such a
//! file and asks, without verifying it first, hears what is right or that the file is damaged. What handlers keep of
//! their own and the log cannot say again is not lost in silence either.
//!
//! By default some of the rows, sectors and pages are tried. `EVERY_BYTE=1` tries all of them.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, thread};

use cqrs_bank::bank::{Bank, EmailAddress, HolderName, NewAccount, Options, StoreUrl};
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::ClusterOptions;
use cqrs_bank::library::{LibraryStore, ReadService, WriteService};
use rusqlite::{Connection, params_from_iter};
use tempfile::TempDir;

use crate::accounts::{account, money};
use crate::books::{ELIXIR_IN_ACTION, PROGRAMMING_ELIXIR, add, borrow};
use crate::files::Copy;
use crate::program::{Finished, bank, example, run_command};

const SECTOR: usize = 512;

/// So much is shown of an answer that is wrong.
const SHOWN: usize = 250;

fn every(usual: usize) -> usize {
    if std::env::var_os("EVERY_BYTE").is_some() { 1 } else { usual }
}

/// A file that is whole: as it was some time ago and as it is now, what is asked of it, and the right answers.
struct Original {
    directory: TempDir,
    earlier: Copy,
    now: Copy,
    ask: fn(&Path) -> Finished,
    answers: Vec<String>,
    /// So many of the answers, the first ones, the log can say again. Of the others, which handlers have kept, it is
    /// enough that a line says what is lost.
    of_the_log: usize,
}

/// A damage to a file, by what it is called.
struct Damage {
    name: String,
    copy: Copy,
}

impl Original {
    fn new(directory: TempDir, earlier: Copy, ask: fn(&Path) -> Finished, of_handlers: usize) -> Self {
        let path = directory.path().join("original.db");
        let now = Copy::of(&path);
        let mut original = Self { directory, earlier, now, ask, answers: Vec::new(), of_the_log: 0 };
        let Finished { stdout, exit_code, .. } = original.asked("whole", &original.now);
        assert_eq!(exit_code, Some(0), "{stdout}");
        original.answers = stdout.lines().map(str::to_owned).collect();
        original.of_the_log = original.answers.len() - of_handlers;
        assert!(!stdout.contains("{:error"), "{stdout}");
        original
    }

    fn asked(&self, name: &str, copy: &Copy) -> Finished {
        let folder = self.directory.path().join(name);
        fs::create_dir(&folder).unwrap();
        copy.put_back(&folder.join("it.db"));
        let finished = (self.ask)(&folder);
        fs::remove_dir_all(&folder).unwrap();
        finished
    }

    /// What is wrong with what is heard of a damaged file.
    fn is_wrong(&self, damage: &Damage, number: usize) -> Option<String> {
        let Finished { stdout, stderr, exit_code } = self.asked(&number.to_string(), &damage.copy);
        let said_so = stderr.contains("[warn") || stderr.contains("[error]");
        let mut answers = stdout.lines();
        for (number, expected) in self.answers.iter().enumerate() {
            match answers.next() {
                Some(answer) if answer == expected => {}
                // From here on it is refused, and says so.
                Some(answer) if answer.starts_with("{:error") => return None,
                None if exit_code != Some(0) && !stderr.is_empty() => return None,
                _ if number >= self.of_the_log && said_so => return None,
                other => {
                    let wrong = format!("{}: {other:?}, not {expected:?} {stderr}", damage.name);
                    return Some(wrong.chars().take(SHOWN).collect());
                }
            }
        }
        None
    }

    fn all_are_noticed_or_harmless(&self, damages: Vec<Damage>) {
        let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(damage) = damages.get(number) else { break };
                        wrong.lock().unwrap().extend(self.is_wrong(damage, number));
                    }
                });
            }
        });
        let wrong = wrong.into_inner().unwrap();
        assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), damages.len());
    }

    /// What may be done to the rows of the tables, whatever tables there are.
    fn lost_rows(&self) -> Vec<Damage> {
        let mut damages = Vec::new();
        let path = self.directory.path().join("rows.db");
        let earlier = self.directory.path().join("earlier.db");
        self.earlier.put_back(&earlier);
        self.now.put_back(&path);
        let tables: Vec<_> = tables(&Connection::open(&path).unwrap());
        let mut damage = |table: &Table, what: &str, sql: String, values: &[String]| {
            self.now.put_back(&path);
            let connection = Connection::open(&path).unwrap();
            connection.execute("ATTACH ? AS earlier", [earlier.to_str().unwrap()]).unwrap();
            // What SQLite does not allow is no loss.
            let changed = connection.execute(&sql, params_from_iter(values)).unwrap_or(0);
            connection.execute_batch("DETACH earlier; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
            drop(connection);
            let copy = Copy::of(&path);
            if changed > 0 && copy != self.now {
                damages.push(Damage { name: format!("{what} of {}", table.name), copy });
            }
        };
        for table in &tables {
            let Table { name, key, columns, rows, sets } = table;
            damage(table, "all rows", format!("DELETE FROM {name}"), &[]);
            for row in (0..*rows).step_by(every(rows.div_ceil(5).max(1))) {
                let sql =
                    format!("DELETE FROM {name} WHERE ({key}) IN (SELECT {key} FROM {name} LIMIT 1 OFFSET {row})");
                damage(table, &format!("row {row}"), sql, &[]);
            }
            for set in sets {
                let first = key.split(',').next().unwrap();
                let sql = format!("DELETE FROM {name} WHERE {first} = ?");
                damage(table, &format!("the rows {set}"), sql, std::slice::from_ref(set));
            }
            let sql = format!("INSERT OR REPLACE INTO {name} ({columns}) SELECT {columns} FROM earlier.{name}");
            damage(table, "what was earlier", sql, &[]);
        }
        damages
    }

    /// What a disk may do to the file itself.
    fn lost_pages(&self) -> Vec<Damage> {
        let now = self.now.0[0].as_ref().unwrap();
        let earlier = self.earlier.0[0].as_ref().unwrap();
        let page = u16::from_be_bytes([now[16], now[17]]) as usize;
        let mut damages = Vec::new();
        let mut damage = |name: String, change: &dyn Fn(&mut Vec<u8>)| {
            let mut copy = self.now.clone();
            change(copy.0[0].as_mut().unwrap());
            if copy != self.now {
                damages.push(Damage { name, copy });
            }
        };
        for at in (0..now.len().min(earlier.len())).step_by(page) {
            let name = format!("page {} of earlier", at / page + 1);
            damage(name, &|bytes| bytes[at..at + page].copy_from_slice(&earlier[at..at + page]));
        }
        let sectors: Vec<_> =
            (0..now.len()).step_by(SECTOR).filter(|at| now[*at..at + SECTOR].iter().any(|byte| *byte != 0)).collect();
        for at in sectors.iter().step_by(every(sectors.len().div_ceil(24))) {
            damage(format!("nothing in the sector at {at}"), &|bytes| bytes[*at..at + SECTOR].fill(0));
        }
        let pages = now.len() / page;
        for (number, first) in (0..pages).enumerate() {
            for distance in [1, 3] {
                if first + distance < pages && number % every(3) == 0 {
                    let (one, other) = (first * page, (first + distance) * page);
                    let name = format!("pages {} and {} in each other's place", first + 1, first + distance + 1);
                    damage(name, &|bytes| {
                        let (front, back) = bytes.split_at_mut(other);
                        front[one..one + page].swap_with_slice(&mut back[..page]);
                    });
                }
            }
        }
        damages
    }
}

/// A table as it is found.
struct Table {
    name: String,
    /// The columns that tell a row from the others.
    key: String,
    columns: String,
    rows: usize,
    /// What the first of the key's columns holds, where that is a name that several rows may share.
    sets: Vec<String>,
}

fn tables(connection: &Connection) -> Vec<Table> {
    let strings = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let names = strings("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
    let table = |name: String| {
        let columns = strings(&format!("SELECT name FROM pragma_table_info('{name}')"));
        let key = strings(&format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk"));
        let key = if key.is_empty() { vec!["rowid".to_owned()] } else { key };
        let sets = format!("SELECT DISTINCT {first} FROM {name} WHERE typeof({first}) = 'text'", first = key[0]);
        let sets = if key.len() > 1 { strings(&sets) } else { Vec::new() };
        let rows = connection.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get::<_, i64>(0));
        Table { key: key.join(", "), columns: columns.join(", "), rows: rows.unwrap() as usize, sets, name }
    };
    names.into_iter().map(table).collect()
}

/// Everything moves into the file itself.
fn moved_into_the_file(path: &Path) -> Copy {
    Connection::open(path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    Copy::of(path)
}

const ACCOUNTS: u64 = 30;

/// So many e-mails are parked after the first day, and after the second.
const PARKED: [usize; 2] = [3, 9];

fn ask_the_bank(folder: &Path) -> Finished {
    let mut script = "Bank.open \"it.db\", ceo_bonus: \"CEO\", email: \"outbox/\"\n".to_owned();
    script += "Bank.get_total_deposits\nBank.get_account_list\nBank.transfers\n";
    (0..ACCOUNTS).for_each(|number| script += &format!("Bank.check_balance {number}\n"));
    script += "Bank.get_total_deposits at: 50\nBank.check_balance 3, at: 90\nBank.statement 3\n";
    script += "Bank.deposit 29, 1_000_000\nBank.check_balance 29\n";
    // What handlers have kept: all bonuses have been paid, and so many e-mails could not be sent.
    script += "Bank.check_balance \"CEO\"\nBank.parked\n";
    let mut command = bank(&["--quiet", "--keep-going"]);
    command.current_dir(folder);
    run_command(command, script)
}

/// A bank that has had some time, in which every read model has rows, a bonus was paid to the last, and e-mails are
/// parked.
#[tokio::main]
async fn bank_in_a_file() -> Original {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("original.db");
    fs::write(directory.path().join("no directory"), "").unwrap();
    let outbox = directory.path().join("no directory/outbox/");
    let options = Options {
        store: StoreUrl::Sqlite(path.clone()),
        ceo_bonus: Some(account("CEO")),
        email: Some(outbox.to_str().unwrap().parse().unwrap()),
        retry: RetryPolicy { first: Duration::from_millis(1), longest: Duration::from_millis(1), attempts: 2 },
        ..Options::default()
    };
    let mut earlier = None;
    for day in 0..2 {
        let bank = Bank::open(options.clone()).await.unwrap();
        if day == 0 {
            bank.create(&account("CEO")).await.unwrap();
        }
        for number in day * ACCOUNTS / 2..(day + 1) * ACCOUNTS / 2 {
            let id = account(&number.to_string());
            let email = (number % 5 == 0).then(|| EmailAddress::new(&format!("{number}@example.org")).unwrap());
            let holder = HolderName::new(&format!("holder {number} {}", "x".repeat(30))).unwrap();
            bank.create_account(NewAccount { holder, email, ..NewAccount::from(&id) }).await.unwrap();
        }
        for number in 0..(day + 1) * ACCOUNTS / 2 {
            let (id, next) = (account(&number.to_string()), account(&((number + 1) % (ACCOUNTS / 2)).to_string()));
            bank.deposit(&id, money(200_000 * (day + 1) + number)).await.unwrap();
            bank.withdraw(&id, money(1 + number + day)).await.unwrap();
            bank.transfer(&id, &next, money(10 + number), None).await.unwrap();
        }
        // Each deposit of somebody with an address leads to an e-mail that cannot be sent.
        while bank.parked().await.unwrap().len() < PARKED[day as usize] {
            tokio::task::yield_now().await;
        }
        bank.close().await;
        let copy = moved_into_the_file(&path);
        earlier.get_or_insert(copy);
    }
    Original::new(directory, earlier.unwrap(), ask_the_bank, 1 + 1 + PARKED[1])
}

fn ask_the_library(folder: &Path) -> Finished {
    let mut script = "LibraryReadService.get_inventory\n".to_owned();
    for user in 0..8 {
        script += &format!("LibraryReadService.get_loans \"user {user}\"\n");
    }
    script += "LibraryReadService.get_inventory at: 5\n";
    let mut command = example("library_read_service", &["--quiet", "--keep-going", "--store", "it.db"]);
    command.current_dir(folder);
    run_command(command, script)
}

#[tokio::main]
async fn library_in_a_file() -> Original {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("original.db");
    let file: LibraryStore = path.to_str().unwrap().parse().unwrap();
    let mut earlier = None;
    for day in 0..2_u32 {
        let supervisor = Supervisor::new();
        let store = file.open(ClusterOptions::default(), &supervisor).await.unwrap();
        let writer = WriteService::start(store.clone(), Some(1)).await.unwrap();
        let reader = ReadService::start(store).await.unwrap();
        for book in [ELIXIR_IN_ACTION, PROGRAMMING_ELIXIR] {
            writer.handle(add(book, 4 + day)).await.unwrap();
            for user in 4 * day..4 * day + 4 {
                writer.handle(borrow(book, &format!("user {user}"))).await.unwrap();
            }
        }
        let all = reader.get_inventory(cqrs_bank::library::Isbn::FIRST, 9, None).await.unwrap();
        assert_eq!(all.len(), 2);
        writer.close().await;
        reader.close().await;
        supervisor.stop(StopReason::Closed);
        drop((writer, reader));
        let copy = moved_into_the_file(&path);
        earlier.get_or_insert(copy);
    }
    Original::new(directory, earlier.unwrap(), ask_the_library, 0)
}

#[test]
fn rows_that_a_bank_has_lost_are_noticed_or_do_no_harm() {
    let original = bank_in_a_file();
    original.all_are_noticed_or_harmless(original.lost_rows());
}

#[test]
fn pages_that_a_bank_has_lost_are_noticed_or_do_no_harm() {
    let original = bank_in_a_file();
    original.all_are_noticed_or_harmless(original.lost_pages());
}

#[test]
fn rows_that_a_library_has_lost_are_noticed_or_do_no_harm() {
    let original = library_in_a_file();
    original.all_are_noticed_or_harmless(original.lost_rows());
}

#[test]
fn pages_that_a_library_has_lost_are_noticed_or_do_no_harm() {
    let original = library_in_a_file();
    original.all_are_noticed_or_harmless(original.lost_pages());
}

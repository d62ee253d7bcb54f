//! What is typed into a program with its store in memory or in a file, and what it prints, is the same on a cluster, to the
//! byte, but for [what names the store](Names), and for the handler that publishes. This goes for the bank, for the library
//! and for a domain of one's own.
//!
//! The sessions are those of `tests/transcripts`.

use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use crate::case::Case;
use crate::program::Finished;
use crate::programs::url;
use crate::transcript::{Run, Transcript, directory, run_in, transcripts};

/// The sessions of what is held and stepped, broken and mended, tried, forked and drawn.
const MAIN: [&str; 19] = [
    "break_handlers",
    "break_handlers_file",
    "break_store",
    "diff",
    "forks",
    "forks_under_way",
    "graph",
    "graph_of_attempts",
    "graph_of_crashes_and_refusals",
    "graph_of_names",
    "held_and_read",
    "hold_and_step",
    "hold_and_step_file",
    "hold_in_a_fork",
    "seams_json",
    "seams_tell_what_happened",
    "try",
    "try_pins",
    "try_under_the_whole_trace",
];

const COLUMNS: &str = "it names columns behind the statement that opens a bank, which is longer here";
const COLUMNS_OF_HANDLERS: &str = "a table of handlers has the publisher in it, and is as wide";
const FILES: &str = "it is about files, and how they are named and opened";
const LATE: &str = "a line for which nobody waits comes as late as a commit takes";

/// Sessions that cannot be the same, and why.
const ELSEWHERE: [(&str, &str); 18] = [
    ("decimals_wrong", COLUMNS),
    ("email_targets", COLUMNS),
    ("first_mistake_stops", COLUMNS),
    ("open_strings", COLUMNS),
    ("head_and_backup", FILES),
    ("library_wrong_stores", FILES),
    // Its outbox cannot be written, as it would lie in the bank's file.
    ("parked", FILES),
    ("skipped", FILES),
    ("store_argument", FILES),
    // A tour names the file that a lesson was begun in.
    ("tour", FILES),
    ("tour_again", FILES),
    ("tour_skipped", FILES),
    ("tour_what_counts", FILES),
    ("unknown_store", FILES),
    ("break_store_eventual", LATE),
    ("release_of_one_that_retries", LATE),
    ("transfer_late", LATE),
    // The publisher is the only handler.
    ("seams_of_a_library", COLUMNS_OF_HANDLERS),
];

/// Where a program on a cluster has its replica.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replica {
    InMemory,
    InAFile,
}

/// The banks of a session, and what stands for each statement that opens one.
struct Names<'a> {
    cluster: &'a Case,
    replica: Replica,
    /// The URL of the bank in each file.
    files: Vec<(String, String)>,
    /// What is typed, and what is typed for it elsewhere.
    typed: Vec<(String, String)>,
}

impl<'a> Names<'a> {
    fn new(cluster: &'a Case, replica: Replica) -> Self {
        Self { cluster, replica, files: Vec::new(), typed: Vec::new() }
    }

    fn new_url(&self) -> String {
        url(self.cluster, &self.cluster.stream_name())
    }

    fn url_for(&mut self, file: &str) -> String {
        if let Some((_, url)) = self.files.iter().find(|(known, _)| known == file) {
            return url.clone();
        }
        let url = self.new_url();
        self.files.push((file.to_owned(), url.clone()));
        url
    }

    /// The words of a command line of a program that opens one store by itself, and is told which.
    fn command(&mut self, run: &Run) -> Vec<String> {
        let mut words = run.words();
        if let Some(store) = words.iter_mut().skip_while(|word| *word != "--store").nth(1) {
            let file = store.strip_prefix("sqlite:").unwrap_or(store);
            if file.ends_with(".db") && !file.contains('/') {
                *store = self.url_for(file);
            }
        } else if words[0] == "parking_garage" {
            words.extend(["--store".to_owned(), self.new_url()]);
        }
        words
    }

    /// The words of a command line of a bank, without the file that it names, which is answered besides: that of `--store`,
    /// or one that is open before the first statement.
    fn command_of_bank(&mut self, run: &Run) -> (Vec<String>, Option<String>) {
        let (mut words, mut store) = (Vec::new(), None);
        let mut left = run.words().into_iter();
        while let Some(word) = left.next() {
            if word == "--store" {
                store = left.next();
            } else if word == "-c" {
                let statements = left.next().unwrap();
                words.extend([word, self.statements(&statements, store.as_deref())]);
            } else if word.ends_with(".db") {
                words.push(self.url_for(&word));
            } else {
                words.push(word);
            }
        }
        (words, store)
    }

    /// What is typed on a cluster instead. A bank in memory is a new one each time.
    fn statements(&mut self, stdin: &str, store: Option<&str>) -> String {
        let mut typed = String::new();
        let mut rest = stdin;
        while let Some(start) = rest.find(OPEN) {
            typed.push_str(&rest[..start]);
            let end = rest[start..].find([';', '\n']).map_or(rest.len(), |end| start + end);
            let statement = rest[start..end].trim_end();
            let arguments = statement[OPEN.len()..].trim_start();
            let (file, options) = match arguments.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
                Some((file, options)) => (Some(file), options.trim_start_matches(',').trim_start()),
                None => (store, arguments),
            };
            let is_help = rest[..start].ends_with("help ");
            if is_help || file.is_some_and(|file| file.contains("://")) {
                typed.push_str(&rest[start..end]);
            } else {
                let url = match file {
                    Some(file) => self.url_for(file),
                    None => self.new_url(),
                };
                let replica = if self.replica == Replica::InMemory { ", replica: \":memory:\"" } else { "" };
                let comma = if options.is_empty() { "" } else { ", " };
                let instead = format!("{OPEN} {url:?}, create: true{replica}{comma}{options}");
                typed.push_str(&instead);
                typed.push_str(&rest[start + statement.len()..end]);
                self.typed.push((statement.to_owned(), instead));
            }
            rest = &rest[end..];
        }
        typed + rest
    }

    /// What was printed, as if it had been typed as it stands in the transcript.
    fn back(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (statement, instead) in &self.typed {
            text = text.replace(instead, statement);
            let in_json = |text: &str| text.replace('"', "\\\"");
            text = text.replace(&in_json(instead), &in_json(statement));
        }
        text
    }
}

const OPEN: &str = "Bank.open";

/// The handler that publishes, which only a bank on a cluster has.
const PUBLISHER: &str = "publisher";

/// What stands in JSON below each event that it has published.
const PUBLISHED: &str = r#"{"handler":"publisher","outcome":"acknowledged","attempts":1}"#;

/// Whether a line is of a sequence diagram, which numbers all who take part, the publisher among them.
fn is_of_diagram(line: &str) -> bool {
    let part = line.strip_prefix("  ").unwrap_or_default().trim_start();
    let is_numbered =
        |part: &str| part.strip_prefix('p').is_some_and(|id| id.starts_with(|next: char| next.is_ascii_digit()));
    let named = part.strip_prefix("participant ").or_else(|| part.strip_prefix("Note over "));
    is_numbered(named.unwrap_or(part)) || line.contains(r"sequenceDiagram\n")
}

/// A text without the names of stores, and without the handler that publishes.
fn without_store(text: &str) -> String {
    let only = format!("Off in this fork: {PUBLISHER}.");
    let (and_others, in_json) = (format!(", {PUBLISHER}."), format!(r#","notes":["{only}"]"#));
    let alone = format!(r#","led_to":[{PUBLISHED}]"#);
    let [first, later] = [format!("{PUBLISHED},"), format!(",{PUBLISHED}")];
    let is_left_out = |line: &str| line.starts_with(&format!("{PUBLISHER} ")) || line == only || is_of_diagram(line);
    let lines = text.lines().filter(|line| !is_left_out(line));
    let lines = lines.map(|line| {
        let mut line = line.replace(&and_others, ".");
        for in_json in [&in_json, &alone, &first, &later] {
            line = line.replace(in_json.as_str(), "");
        }
        while let Some((before, after)) = line.split_once("#Bank<") {
            line = format!("{before}#Bank{}", after.split_once('>').map_or("", |(_, after)| after));
        }
        // The prompt of a bank in a file has its name.
        if let Some(name) = line.strip_prefix("bank:")
            && let Some(end) = name.find(['(', '[', '/'])
        {
            line = format!("bank{}", &name[end..]);
        }
        line.chars().collect()
    });
    let lines = without_node(lines.collect());
    lines.into_iter().map(|line| line.into_iter().chain(['\n']).collect::<String>()).collect()
}

/// The lines of trees without what came of an event at the handler that publishes. Where that stood last below an event,
/// what stood before it does now.
fn without_node(lines: Vec<Vec<char>>) -> Vec<Vec<char>> {
    let mut left: Vec<Vec<char>> = Vec::new();
    for line in lines {
        let text: String = line.iter().collect();
        let node = text.trim_start_matches(['│', ' ']);
        if !node.trim_start_matches(['├', '└', ' ']).starts_with(&format!("{PUBLISHER}: ")) {
            left.push(line);
            continue;
        }
        let column = line.len() - node.chars().count();
        if line[column] == '├' {
            continue;
        }
        for before in left.iter_mut().rev() {
            match before.get(column) {
                Some('│') => before[column] = ' ',
                Some('├') => {
                    before[column] = '└';
                    break;
                }
                _ => break,
            }
        }
    }
    left
}

/// Runs what a transcript runs, on a cluster. Answers with what differs.
fn difference(name: &str, replica: Replica) -> Option<String> {
    let cluster = Case::with_others();
    let path = transcripts().into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).unwrap();
    let transcript = Transcript::read(&fs::read_to_string(path).unwrap());
    let (directory, mut names) = (directory(), Names::new(&cluster, replica));
    for (number, run) in (1..).zip(&transcript.runs) {
        let (words, stdin) = if run.command.starts_with("bank") {
            let (words, store) = names.command_of_bank(run);
            (words, names.statements(&run.stdin, store.as_deref()))
        } else {
            (names.command(run), run.stdin.clone())
        };
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let finished = run_in(&directory, words[0], &words[1..], &stdin);
        let Finished { stdout, stderr, exit_code } = &run.expected;
        let expected = (without_store(stdout), without_store(stderr), *exit_code);
        let now = (
            without_store(&names.back(&finished.stdout)),
            without_store(&names.back(&finished.stderr)),
            finished.exit_code,
        );
        if now != expected {
            let first = |now: &str, expected: &str| {
                let mut lines = now.lines().zip(expected.lines().chain(std::iter::repeat("(nothing)")));
                lines.find(|(now, expected)| now != expected).map(|(now, expected)| format!("{expected}\n{now}\n"))
            };
            let lines = first(&now.0, &expected.0).or_else(|| first(&now.1, &expected.1)).unwrap_or_default();
            return Some(format!(
                "{name}, run {number}:\n{lines}\nexpected:\n{}{}\nbut now:\n{}{}",
                expected.0, expected.1, now.0, now.1
            ));
        }
    }
    None
}

/// So many sessions run at once: what they do most is wait for disks.
const AT_ONCE: usize = 4;

fn are_the_same<'a>(names: impl IntoIterator<Item = &'a str>, replica: Replica) {
    let names: Vec<_> = names.into_iter().collect();
    let (left, differ) = (Mutex::new(names.into_iter()), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(name) = next() {
                    differ.lock().unwrap().extend(difference(name, replica));
                }
            });
        }
    });
    let differ = differ.into_inner().unwrap();
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}

#[test]
#[ignore = "needs nats-server"]
fn the_main_sessions_with_a_replica_in_memory() {
    are_the_same(MAIN, Replica::InMemory);
}

#[test]
#[ignore = "needs nats-server"]
fn the_main_sessions_with_a_replica_in_a_file() {
    are_the_same(MAIN, Replica::InAFile);
}

#[test]
#[ignore = "needs nats-server"]
fn all_other_sessions() {
    let paths = transcripts();
    let names: Vec<_> = paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    let apart: Vec<_> = MAIN.into_iter().chain(ELSEWHERE.map(|(name, _)| name)).collect();
    assert!(apart.iter().all(|name| names.contains(name)), "{apart:?} are sessions");
    are_the_same(names.into_iter().filter(|name| !apart.contains(name)), Replica::InMemory);
}

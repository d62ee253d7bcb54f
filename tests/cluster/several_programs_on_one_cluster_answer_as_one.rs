//! Several programs work on one bank of a cluster whose nodes are killed, suspended, sent away and cut off: one order of
//! operations explains every answer that any of them gave, and nothing that was acknowledged is lost or doubled.
//!
//! `BANK_FAULTS` sets how many faults there are, `BANK_FAULTS_SEED` what is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::judge::NEVER;
use crate::judge::bank::{Heard, judge_bank};
use crate::judge::bank_log::BankLog;
use crate::nodes::{Case, Condition, until};
use crate::programs::{closed_program, url};
use crate::random::Random;
use crate::speaker::{Speaker, Spoken};

/// So many commands are stored between one fault and the next.
const BETWEEN: u64 = 30;

/// What is done to the nodes.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill(Whom),
    Suspend(Whom, Duration),
    Stop(Whom),
    LameDuck(Whom),
    Apart(Whom, From, Condition),
}

#[derive(Clone, Copy, Debug)]
enum Whom {
    Leader,
    Follower,
    LeaderAndFollower,
    All,
}

#[derive(Clone, Copy, Debug)]
enum From {
    Everybody,
    Peers,
    Clients,
}

const SHORT: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(14);

/// What comes to pass, in this order, again and again.
const FAULTS: [Fault; 16] = [
    Fault::Kill(Whom::Leader),
    Fault::Apart(Whom::Leader, From::Everybody, Condition::Held),
    Fault::Suspend(Whom::Leader, SHORT),
    Fault::Kill(Whom::All),
    Fault::Apart(Whom::Leader, From::Peers, Condition::Held),
    Fault::Kill(Whom::Follower),
    Fault::Suspend(Whom::Leader, LONG),
    Fault::Stop(Whom::Leader),
    Fault::Apart(Whom::Leader, From::Everybody, Condition::Cut),
    Fault::Suspend(Whom::All, SHORT),
    Fault::Kill(Whom::LeaderAndFollower),
    Fault::LameDuck(Whom::Leader),
    Fault::Apart(Whom::Leader, From::Clients, Condition::Held),
    Fault::Suspend(Whom::Follower, SHORT),
    Fault::Apart(Whom::Follower, From::Everybody, Condition::Held),
    Fault::Stop(Whom::Follower),
];

/// So long a program is suspended at the most, in milliseconds.
const SUSPENDED: u64 = 3_000;

/// So many faults come to pass in an ordinary run …
const FEW: u64 = 3;

/// … and in one round, which has a log of its own.
const OF_ONE_ROUND: usize = 2;

/// The first round has two programs, and the second has four, which are killed and suspended as well; and so on.
#[test]
#[ignore = "needs nats-server"]
fn one_order_of_operations_explains_every_answer() {
    let faults = usize::try_from(setting("BANK_FAULTS", FEW)).unwrap();
    let seed = setting("BANK_FAULTS_SEED", 1);
    let all: Vec<_> = FAULTS.iter().copied().cycle().take(faults).collect();
    let cluster = Case::alone();
    for (number, faults) in all.chunks(OF_ONE_ROUND).enumerate() {
        let is_disturbed = number % 2 == 1;
        let programs = if is_disturbed { 4 } else { 2 };
        Round::new(&cluster, seed + number as u64, programs, is_disturbed).run(faults);
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// What all programs of a round share.
struct Round<'a> {
    seed: u64,
    cluster: &'a Case,
    stream: String,
    programs: usize,
    /// Whether programs are killed and suspended.
    is_disturbed: bool,
    directory: TempDir,
    is_over: AtomicBool,
    spoken: Spoken,
}

impl<'a> Round<'a> {
    fn new(cluster: &'a Case, seed: u64, programs: usize, is_disturbed: bool) -> Self {
        let stream = cluster.stream_name();
        Self {
            seed,
            cluster,
            stream,
            programs,
            is_disturbed,
            directory: tempfile::tempdir().unwrap(),
            is_over: AtomicBool::new(false),
            spoken: Spoken::default(),
        }
    }

    fn run(self, faults: &[Fault]) {
        let mut first = self.speaker(self.programs);
        first.program();
        first.left();
        thread::scope(|scope| {
            for number in 0..self.programs {
                let round = &self;
                scope.spawn(move || round.speak(round.speaker(number)));
            }
            // What panics here must not leave the speakers speaking.
            let _over = Over(&self.is_over);
            self.wait_for_commands(BETWEEN);
            for fault in faults {
                self.comes(*fault);
            }
        });
        let log = self.last_questions();
        let mut found = self.spoken.problems.lock().unwrap().clone();
        let calls = self.spoken.calls.lock().unwrap();
        found.extend(log.and_then(|log| judge_bank(&calls, &log)).err());
        let unanswered = calls.iter().filter(|call| call.returned == NEVER).count();
        let unavailable = calls.iter().filter(|call| call.heard == Heard::Refused("unavailable".to_owned())).count();
        eprintln!("{} operations, {unanswered} without an answer, {unavailable} unavailable", calls.len());
        assert!(found.is_empty(), "BANK_FAULTS_SEED={}, {} operations: {}", self.seed, calls.len(), found.join("\n"));
    }

    /// Who speaks to a program that has its replica, and what it has seen, as on a machine of its own.
    fn speaker(&self, number: usize) -> Speaker<'_> {
        let create = if number == self.programs { ", create: true" } else { "" };
        Speaker::new(&self.spoken, number, Random::new(self.seed * 100 + number as u64), move || {
            let mut program = closed_program(&self.directory.path().join(format!("program-{number}")));
            let url = url(self.cluster, &self.stream);
            match program.ask(&format!("Bank.open {url:?}{create}")) {
                Some(answer) if answer["reply"].get("ok").is_some() => Ok(program),
                Some(answer) if answer["reply"]["error"] == "unavailable" => {
                    drop(program.leave());
                    Err(None)
                }
                answer => Err(Some(format!("Bank.open: {answer:?} {:?}", program.leave()))),
            }
        })
    }

    fn speak(&self, mut speaker: Speaker<'_>) {
        let mut behind = None;
        while !self.is_over.load(Ordering::Relaxed) {
            let said = behind.take().unwrap_or_else(|| speaker.next());
            match speaker.random.below(200) {
                0..=3 if self.is_disturbed => speaker.killed(said),
                4 if self.is_disturbed => {
                    let milliseconds = speaker.random.below(SUSPENDED);
                    speaker.suspended(said, milliseconds);
                }
                5 if self.is_disturbed => speaker.left(),
                _ => behind = speaker.talk(said),
            }
        }
        speaker.left();
    }

    /// Waits until so many more commands have been stored.
    fn wait_for_commands(&self, count: u64) {
        let enough = self.spoken.stored.load(Ordering::Relaxed) + count;
        until("commands are stored", || {
            let problems = self.spoken.problems.lock().unwrap();
            assert!(problems.len() < 20, "{}", problems.join("\n"));
            (self.spoken.stored.load(Ordering::Relaxed) >= enough).then_some(())
        });
    }

    fn comes(&self, fault: Fault) {
        let leader = self.cluster.leader_of(&self.stream);
        let whom = |whom| match whom {
            Whom::Leader => vec![leader],
            Whom::Follower => vec![(leader + 1) % 3],
            Whom::LeaderAndFollower => vec![leader, (leader + 1) % 3],
            Whom::All => vec![0, 1, 2],
        };
        let nodes = |who| whom(who).into_iter().map(|node| &self.cluster.nodes[node]);
        let start = Instant::now();
        match fault {
            Fault::Kill(who) => {
                nodes(who).for_each(|node| node.kill());
                if matches!(who, Whom::LeaderAndFollower | Whom::All) {
                    nodes(who).for_each(|node| node.start());
                }
            }
            Fault::Suspend(who, time) => {
                nodes(who).for_each(|node| node.suspend());
                thread::scope(|scope| {
                    scope.spawn(|| {
                        // As long as it is suspended.
                        thread::sleep(time);
                        nodes(who).for_each(|node| node.resume());
                    });
                    self.wait_for_the_next(fault, start);
                });
            }
            Fault::Stop(who) => nodes(who).for_each(|node| node.stop()),
            Fault::LameDuck(who) => nodes(who).for_each(|node| node.lame_duck()),
            Fault::Apart(who, From::Everybody, how) => {
                whom(who).into_iter().for_each(|node| self.cluster.apart(node, how))
            }
            Fault::Apart(who, From::Peers, how) => {
                whom(who).into_iter().for_each(|node| self.cluster.apart_from_peers(node, how))
            }
            Fault::Apart(who, From::Clients, how) => {
                whom(who).into_iter().for_each(|node| self.cluster.apart_from_clients(node, how))
            }
        }
        if !matches!(fault, Fault::Suspend(..)) {
            self.wait_for_the_next(fault, start);
        }
        self.wait_for_commands(BETWEEN);
        if let Fault::LameDuck(who) = fault {
            nodes(who).for_each(|node| node.wait_for_end());
        }
        self.cluster.heal();
        self.wait_for_commands(BETWEEN);
    }

    /// Waits until commands are stored that were sent after a fault, and tells how long that took.
    fn wait_for_the_next(&self, fault: Fault, start: Instant) {
        // Each program may have had one on its way.
        self.wait_for_commands(self.programs as u64 + 1);
        eprintln!("{fault:?}: commands are stored after {:.1?}", start.elapsed());
    }

    /// When what was begun has ended: a program that knows nothing but the log is asked for everything.
    fn last_questions(&self) -> Result<BankLog, String> {
        let mut last = self.speaker(self.programs + 1);
        last.verify();
        let mut exports = 0;
        // A program that was killed has the lease until that ends by itself.
        let log = until("every transfer has ended", || {
            exports += 1;
            let exported = self.directory.path().join(format!("events-{exports}.jsonl"));
            last.program().reply(&format!("Bank.export {exported:?}"));
            let log = BankLog::exported(&exported);
            let is_half_done = log.as_ref().is_ok_and(|log| log.half_done() > 0);
            (!is_half_done).then_some(log)
        })?;
        last.ask_for_all(&log);
        last.left();
        Ok(log)
    }
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

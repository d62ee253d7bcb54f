//! Two programs work on one file at the same time, with transfers that cross: no money appears or goes, each statement
//! is done once, and each transfer ends, also when one of them is killed.
//!
//! `BANK_SECONDS` sets for how long.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::load::audit::{Settled, audit, settled};
use crate::load::shell::{Answers, Heard, Sent, Shell};
use crate::load::{Load, beginning, setting};
use crate::random::Random;

/// So many statements are said to a program before it has answered.
const AHEAD: usize = 16;

fn seconds() -> u64 {
    setting("BANK_SECONDS", 3)
}

fn until() -> Instant {
    Instant::now() + Duration::from_secs(seconds())
}

/// A file with accounts in it, and what was said to make them.
fn new_file() -> (TempDir, PathBuf, Vec<Sent>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut shell = Shell::start(&path, Answers::Strong);
    beginning().for_each(|statement| shell.say(statement));
    let sent = shell.leave().sent;
    (directory, path, sent)
}

/// Keeps a program busy until it is time, or it has enough to do.
fn work(shell: &mut Shell, load: &mut Load, until: Instant, enough: usize) {
    while Instant::now() < until && shell.answered() < enough {
        while shell.unanswered() < AHEAD {
            shell.say(load.next());
        }
        shell.hear();
    }
}

/// Answers how many events there are in the end.
async fn all_is_well(path: PathBuf, programs: Vec<Vec<Sent>>) -> usize {
    let mut half_done = usize::MAX;
    loop {
        let Settled { log, balances } = settled(&path).await;
        let audit = audit(&log, &programs);
        if audit.half_done == 0 {
            assert_eq!(audit.balances, balances);
            return log.len();
        }
        // A bank that is closed does not wait for ever, so there may be some left.
        assert!(audit.half_done < half_done, "{half_done} transfers do not end");
        half_done = audit.half_done;
    }
}

#[tokio::test]
async fn everything_said_to_both_is_done_once() {
    // What is answered at once is not done yet, and piles up.
    for (answers, enough) in [(Answers::Strong, usize::MAX), (Answers::Eventual, 100 * seconds() as usize)] {
        let (_directory, path, first) = new_file();
        let until = until();
        let heard = thread::scope(|scope| {
            let working = [1, 2].map(|number| {
                let path = &path;
                scope.spawn(move || {
                    let mut load = Load::transfers(number, number, 2);
                    let mut shell = Shell::start(path, answers);
                    work(&mut shell, &mut load, until, enough);
                    shell.leave()
                })
            });
            working.map(|program| program.join().unwrap())
        });
        for Heard { sent, problems, .. } in &heard {
            assert_eq!(problems, &[""; 0]);
            assert!(sent.len() > 2 * AHEAD, "{}", sent.len());
        }
        let said = heard.iter().map(|heard| heard.sent.len()).sum::<usize>();
        let [one, other] = heard.map(|heard| heard.sent);
        let events = all_is_well(path, vec![first, one, other]).await;
        assert_eq!(events, 3 * said + 20, "nothing that was said is left out: a transfer has three, an account two");
    }
}

#[tokio::test]
async fn one_takes_over_what_the_other_leaves_when_it_is_killed() {
    let (_directory, path, first) = new_file();
    let mut programs = vec![first];
    let (until, mut random) = (until(), Random::new(7));
    let mut loads = [1, 2].map(|number| Load::new(number, number, 2));
    let mut shells = [0, 1].map(|_| Shell::start(&path, Answers::Strong));
    let mut killed = 0;
    while Instant::now() < until || killed < 4 {
        for _ in 0..1 + random.below(100) {
            for (shell, load) in shells.iter_mut().zip(&mut loads) {
                while shell.unanswered() < AHEAD {
                    shell.say(load.next());
                }
                shell.hear();
            }
        }
        let new = Shell::start(&path, Answers::Strong);
        let old = std::mem::replace(&mut shells[killed % 2], new);
        programs.push(old.kill().sent);
        killed += 1;
    }
    programs.extend(shells.map(|shell| shell.leave().sent));
    all_is_well(path, programs).await;
}

//! The program is killed at any moment, and what it had answered is in its file: all of it, once, and whole. What it
//! had begun is finished when the file is opened again.
//!
//! `BANK_KILLS` sets how often it is killed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::in_memory::directory_in_memory;
use crate::load::audit::{Settled, audit, settled, verified_log};
use crate::load::shell::{Answers, Sent, Shell};
use crate::load::{Load, beginning, setting};
use crate::random::Random;

const SEED: u64 = 4;

/// So often the program is killed on one file. What is checked afterwards grows with the file.
const KILLS_OF_A_FILE: u64 = 4;

/// So many files at once: a good part of the time the disk is waited for.
const AT_ONCE: u64 = 6;

#[test]
fn what_was_answered_is_there_once_and_what_was_begun_is_finished() {
    let files = setting("BANK_KILLS", 100).div_ceil(KILLS_OF_A_FILE);
    let half_done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..AT_ONCE {
            let half_done = &half_done;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                for file in (thread..files).step_by(AT_ONCE as usize) {
                    half_done.fetch_add(runtime.block_on(kill_again_and_again(SEED + file)), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(half_done.into_inner() > 0, "no transfer was ever half done");
}

/// Answers how many transfers were half done when the program was killed.
async fn kill_again_and_again(seed: u64) -> usize {
    let _said = SaidOnPanic(seed);
    let directory = directory_in_memory();
    let path = directory.path().join("bank.db");
    let (mut random, mut load) = (Random::new(seed), Load::new(seed, 1, 1));
    let mut programs: Vec<Vec<Sent>> = Vec::new();

    let mut first = Shell::start(&path, Answers::Strong);
    beginning().for_each(|statement| first.say(statement));
    programs.push(first.leave().sent);
    let (mut half_done, mut events) = (0, programs[0].len());

    for _ in 0..KILLS_OF_A_FILE {
        let answers = if random.below(3) == 0 { Answers::Eventual } else { Answers::Strong };
        // The moment is so many answers after the start, and then so many turns of the processor.
        let (enough, turns) = match random.below(8) {
            0 => (0, random.below(20_000)),
            _ => (1 + random.below(300), random.below(2_000)),
        };
        let mut shell = Shell::start(&path, answers);
        for _ in 0..1 + random.below(64) {
            shell.say(load.next());
        }
        while (shell.answered() as u64) < enough {
            shell.hear();
            shell.say(load.next());
        }
        (0..turns).for_each(|_| thread::yield_now());
        let heard = shell.kill();
        assert_eq!(heard.problems, [""; 0]);
        programs.push(heard.sent);

        let log = verified_log(&path).await;
        assert!(log.len() >= events + heard.published, "{} + {} of {}", events, heard.published, log.len());
        events = log.len();
        half_done += audit(&log, &programs).half_done;
        // Or the next program finds what this one has left.
        if random.below(2) == 0 {
            let Settled { log, balances } = settled(&path).await;
            events = log.len();
            let settled = audit(&log, &programs);
            assert_eq!((settled.half_done, settled.balances), (0, balances));
        }
    }
    half_done
}

/// What is needed to see it again.
struct SaidOnPanic(u64);

impl Drop for SaidOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the seed of the file was {}", self.0);
        }
    }
}

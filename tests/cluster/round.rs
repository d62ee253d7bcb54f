//! Several programs have one bank of a cluster open, and are spoken to while something happens to it: what all of them have
//! said and heard, and whether one order of operations explains it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::case::Case;
use crate::judge::NEVER;
use crate::judge::bank::{Heard, judge_bank};
use crate::judge::bank_log::BankLog;
use crate::nodes::until;
use crate::programs::{closed_program, url};
use crate::random::Random;
use crate::speaker::{Speaker, Spoken};

/// So many commands are stored between one fault and the next.
pub(crate) const BETWEEN: u64 = 30;

/// So long a program is suspended at the most, in milliseconds.
const SUSPENDED: u64 = 3_000;

/// What all programs of a round share.
pub(crate) struct Round<'a> {
    seed: u64,
    pub(crate) cluster: &'a Case,
    pub(crate) stream: String,
    pub(crate) programs: usize,
    /// Whether programs are killed and suspended.
    is_disturbed: bool,
    directory: TempDir,
    is_over: AtomicBool,
    spoken: Spoken,
}

impl<'a> Round<'a> {
    pub(crate) fn new(cluster: &'a Case, seed: u64, programs: usize, is_disturbed: bool) -> Self {
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

    /// Lets the programs be spoken to until this has done something to the cluster, and healed it. Then judges.
    pub(crate) fn run(self, disturb: impl FnOnce(&Self)) {
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
            disturb(&self);
            self.wait_for_commands(BETWEEN);
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
    pub(crate) fn wait_for_commands(&self, count: u64) {
        let enough = self.stored() + count;
        until("commands are stored", || {
            let problems = self.spoken.problems.lock().unwrap();
            assert!(problems.len() < 20, "{}", problems.join("\n"));
            (self.stored() >= enough).then_some(())
        });
    }

    /// How many commands have been stored.
    pub(crate) fn stored(&self) -> u64 {
        self.spoken.stored.load(Ordering::Relaxed)
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

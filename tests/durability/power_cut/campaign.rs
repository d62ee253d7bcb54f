//! Cuts a record at all its moments and has what is left judged, by as many threads as there are processors.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use super::disk::{CallId, Tree};
use super::judge::{judge, real_program_goes_on};
use super::promises::Promises;
use super::record::{Call, Record, Step};
use super::replay::{Replay, is_index};
use super::states::{Thoroughness, cuts};
use crate::random::Random;

/// Of so many states one is opened by the real program too.
const REAL_PROGRAM_EVERY: usize = 50;

/// Up to so many bytes it is quicker to find out whether two states are the same than to judge both.
const SMALL: usize = 1 << 20;

/// So many states wait for a judge.
const WAITING: usize = 8;

/// What of a record is looked at, and how closely.
pub(crate) struct Campaign<'a> {
    pub(crate) record: &'a Record,
    /// What was answered before, by programs that an earlier cut has ended.
    pub(crate) earlier: &'a Promises,
    /// Syncs that are left out.
    pub(crate) omitted: BTreeSet<CallId>,
    /// The moments that are looked at.
    pub(crate) steps: RangeInclusive<usize>,
    pub(crate) thoroughness: Thoroughness,
    pub(crate) seed: u64,
}

/// A state in which a promise is broken.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) problem: String,
    pub(crate) state: String,
}

/// How many states were looked at, and one that breaks a promise.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) states: usize,
    pub(crate) broken: Option<Broken>,
}

/// What a cut has left, and what was promised before it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) tree: Tree,
    pub(crate) promises: Promises,
    /// How it came about, for people.
    pub(crate) state: String,
}

impl Campaign<'_> {
    /// Judges what the cuts leave until a promise is broken.
    pub(crate) fn run(&self) -> Outcome {
        let (cases, waiting) = sync_channel(WAITING);
        let waiting = Mutex::new(waiting);
        let (stop, judged, broken) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(None));
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(|| judge_all(&waiting, &stop, &judged, &broken));
            }
            // Nobody takes a case any more where a judge has panicked.
            self.cut_everywhere(&mut |case| !stop.load(Ordering::Relaxed) && cases.send(case).is_ok());
            drop(cases);
        });
        Outcome { states: judged.into_inner(), broken: broken.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Some of what the cuts leave: each is as likely as any other.
    pub(crate) fn sample(&self, count: usize) -> Vec<Case> {
        let (mut sample, mut seen, mut random) = (Vec::new(), 0, Random::new(self.seed));
        self.cut_everywhere(&mut |case| {
            seen += 1;
            if sample.len() < count {
                sample.push(case);
            } else if let Some(place) = sample.get_mut(random.place(seen)) {
                *place = case;
            }
            true
        });
        sample
    }

    /// Cuts just before each sync makes something safe, and at the end, as long as more is wanted.
    fn cut_everywhere(&self, wanted: &mut dyn FnMut(Case) -> bool) {
        let mut random = Random::new(self.seed);
        let mut replay = Replay::new(self.record, self.earlier, &self.omitted);
        replay.promises.closed_is_one_file = self.record.leaves_one_file();
        for (number, step) in self.record.steps.iter().enumerate() {
            if number > *self.steps.end() {
                return;
            }
            let looked_at = self.steps.contains(&number) && replay.makes_safe(*step);
            if looked_at && !self.cut(&replay, number, &mut random, wanted) {
                return;
            }
            replay.step(*step);
        }
        self.cut(&replay, self.record.steps.len(), &mut random, wanted);
    }

    /// Answers whether more is wanted.
    fn cut(&self, replay: &Replay<'_>, step: usize, random: &mut Random, wanted: &mut dyn FnMut(Case) -> bool) -> bool {
        let mut seen = HashSet::new();
        cuts(&replay.disk, self.thoroughness, random).into_iter().all(|cut| {
            let mut tree = cut.leaves(&replay.disk);
            tree.0.retain(|path, _| !is_index(path));
            let is_new = tree.bytes() > SMALL || seen.insert(fingerprint(&tree));
            let state = || format!("{}: the cut leaves {cut}", self.moment(step));
            !is_new || wanted(Case { tree, promises: replay.promises.clone(), state: state() })
        })
    }

    fn moment(&self, step: usize) -> String {
        match self.record.steps.get(step) {
            Some(Step::Began(id) | Step::Ended(id)) => {
                let before: Vec<_> = self.record.calls[..*id].iter().rev().take(3).map(Call::to_string).collect();
                format!("before call {id}, {}, is done (before it: {})", self.record.calls[*id], before.join("; "))
            }
            None => "at the end".to_owned(),
        }
    }
}

fn fingerprint(tree: &Tree) -> u64 {
    let mut hasher = DefaultHasher::new();
    tree.hash(&mut hasher);
    hasher.finish()
}

fn judge_all(waiting: &Mutex<Receiver<Case>>, stop: &AtomicBool, judged: &AtomicUsize, broken: &Mutex<Option<Broken>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let place = place.unwrap();
    loop {
        let case = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Case { tree, promises, state }) = case else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let number = judged.fetch_add(1, Ordering::Relaxed);
        let directory = place.path().join(number.to_string());
        fs::create_dir(&directory).unwrap();
        tree.write_to(&directory);
        let mut verdict = runtime.block_on(judge(&directory, &promises));
        if verdict.is_ok() && number.is_multiple_of(REAL_PROGRAM_EVERY) {
            fs::remove_dir_all(&directory).unwrap();
            fs::create_dir(&directory).unwrap();
            tree.write_to(&directory);
            verdict = real_program_goes_on(&directory);
        }
        if let Err(problem) = verdict {
            stop.store(true, Ordering::Relaxed);
            *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Broken { problem, state });
        }
        fs::remove_dir_all(&directory).unwrap();
    }
}

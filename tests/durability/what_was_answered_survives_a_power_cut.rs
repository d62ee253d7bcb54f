//! Whatever a power cut leaves of what was not synced, what was answered before it is there: the file opens without
//! anybody's consent to a loss, and is whole. What was synced, and when, is told by the real program's system calls.
//!
//! `BANK_CUTS` sets how many times as much is looked at.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::power_cut::campaign::{Campaign, Case, Outcome};
use crate::power_cut::disk::Tree;
use crate::power_cut::omission::{Syncs, each_sync, taken_together};
use crate::power_cut::promises::Promises;
use crate::power_cut::record::{Call, Record, Step};
use crate::power_cut::scenario::{self, Round};
use crate::power_cut::states::Thoroughness;

const SEED: u64 = 11;

const EVERYTHING: RangeInclusive<usize> = 0..=usize::MAX;

/// How many times as much is looked at as in every run of the tests.
fn times() -> usize {
    std::env::var("BANK_CUTS").map_or(1, |times| times.parse().expect("BANK_CUTS is a number"))
}

fn thoroughness(calls: usize, mixes: usize) -> Thoroughness {
    Thoroughness { calls: calls * times(), mixes: mixes * times() }
}

fn of_a_new_bank(programs: usize, rounds: &[Round]) -> Record {
    Record::of(Tree::default(), programs, rounds)
}

/// Looks at what cuts at these steps of a record leave. Answers how many states that were.
fn nothing_is_lost(
    record: &Record,
    earlier: &Promises,
    steps: RangeInclusive<usize>,
    thoroughness: Thoroughness,
) -> usize {
    let campaign = Campaign { record, earlier, omitted: BTreeSet::new(), steps, thoroughness, seed: SEED };
    let Outcome { states, broken } = campaign.run();
    if let Some(broken) = broken {
        panic!("{}\nthe state: {}\nthe seed was {SEED}", broken.problem, broken.state);
    }
    states
}

fn none_of_it_is_lost(record: &Record, thoroughness: Thoroughness) {
    let states = nothing_is_lost(record, &Promises::default(), EVERYTHING, thoroughness);
    println!("{states} states of {} system calls", record.calls.len());
    assert!(states > 200, "{states} states were looked at");
}

#[test]
#[ignore = "needs strace"]
fn of_one_program_nothing_is_lost() {
    none_of_it_is_lost(&of_a_new_bank(1, &scenario::one_program()), thoroughness(6, 3));
}

#[test]
#[ignore = "needs strace"]
fn of_two_programs_on_one_file_nothing_is_lost() {
    none_of_it_is_lost(&of_a_new_bank(2, &scenario::two_programs()), thoroughness(4, 2));
}

#[test]
#[ignore = "needs strace"]
fn e_mails_and_the_key_for_pins_are_not_lost_while_the_bank_is_not() {
    none_of_it_is_lost(&of_a_new_bank(1, &scenario::beside_the_bank()), thoroughness(4, 2));
}

#[test]
#[ignore = "needs strace"]
fn copies_of_a_bank_in_use_are_whole_and_stay() {
    none_of_it_is_lost(&of_a_new_bank(2, &scenario::backup()), thoroughness(4, 2));
}

#[test]
#[ignore = "needs strace"]
fn a_second_cut_while_the_first_is_recovered_from_loses_nothing_either() {
    let record = of_a_new_bank(1, &scenario::one_program());
    let first = Campaign {
        record: &record,
        earlier: &Promises::default(),
        omitted: BTreeSet::new(),
        steps: EVERYTHING,
        thoroughness: thoroughness(2, 4),
        seed: SEED,
    };
    let mut states = 0;
    for Case { tree, promises, state } in first.sample(4 * times()) {
        println!("{state}");
        let record = Record::of(tree, 1, &scenario::after_a_cut());
        states += nothing_is_lost(&record, &promises, EVERYTHING, thoroughness(2, 2));
    }
    println!("{states} states");
    assert!(states > 50, "{states} states were looked at");
}

/// The step at which the write-ahead log begins anew.
fn begins_anew(record: &Record) -> usize {
    let log = format!("{}-wal", scenario::FILE);
    let begins = |step: &Step| match step {
        Step::Began(id) => matches!(
            &record.calls[*id],
            // Zeros are room for what comes.
            Call::Write { file, at: Some(0), data } if file.path.as_os_str() == log.as_str() && data[0] != 0
        ),
        Step::Ended(_) => false,
    };
    let beginnings: Vec<_> = (0..record.steps.len()).filter(|number| begins(&record.steps[*number])).collect();
    *beginnings.get(1).expect("the log is long enough to begin anew")
}

/// The last syncs of the file before a step, one after the other.
fn syncs_of_the_file(record: &Record, before: usize) -> Vec<Syncs> {
    let mut syncs = each_sync(record);
    syncs.retain(|syncs| *syncs.steps.start() < before && syncs.of_file(record, scenario::FILE));
    syncs.split_off(syncs.len().saturating_sub(2))
}

#[test]
#[ignore = "needs strace"]
fn a_log_that_moves_into_the_file_loses_nothing_on_its_way() {
    let record = of_a_new_bank(1, &scenario::long_log());
    let anew = begins_anew(&record);
    let syncs = syncs_of_the_file(&record, anew);
    let from = *syncs[0].steps.start();
    let states = nothing_is_lost(&record, &Promises::default(), from..=anew + 40, thoroughness(2, 2));
    println!("{states} states");

    let last = syncs.last().unwrap();
    let broken = last.without(&record, anew + 40 - *last.steps.start(), thoroughness(2, 2), SEED);
    let broken = broken.unwrap_or_else(|| panic!("{} is not needed", last.what));
    println!("without {}: {}", last.what, broken.problem);
}

/// Without a sync that an answer stands on, a cut breaks a promise.
#[test]
#[ignore = "needs strace"]
fn each_answer_that_promises_something_stands_on_a_sync() {
    let record = of_a_new_bank(1, &scenario::one_program());
    let alone = each_sync(&record);
    let together = taken_together(&alone);
    // Only in a longer run is it worth the time to know what stands on nothing too.
    let (every_sync, steps) = (times() > 1, if times() > 1 { usize::MAX } else { 80 });
    for answer in record.told[0].promising(record.leaves_one_file()) {
        let statement = &record.told[0].statements[*answer.end()];
        let mut needed = 0;
        for syncs in alone.iter().chain(&together).filter(|syncs| answer.contains(&syncs.answered)) {
            if needed > 0 && !every_sync {
                break;
            }
            let broken = syncs.without(&record, steps, thoroughness(4, 2), SEED);
            needed += usize::from(broken.is_some());
            let problem = broken.map_or_else(|| "nothing is lost".to_owned(), |broken| broken.problem);
            println!("{statement}, without {}: {problem}", syncs.what);
        }
        assert!(needed > 0, "{statement} is answered, and no sync of those before it is needed for that");
    }
}

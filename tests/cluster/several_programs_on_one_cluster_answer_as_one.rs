//! Several programs work on one bank of a cluster whose nodes are killed, suspended, sent away and cut off: one order of
//! operations explains every answer that any of them gave, and nothing that was acknowledged is lost or doubled.
//!
//! `BANK_FAULTS` sets how many faults there are, one after the other, `BANK_STORM_SECONDS` how long they come without a
//! pause, and `BANK_FAULTS_SEED` what is asked.

use std::thread;
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::nodes::{Condition, NODES};
use crate::random::Random;
use crate::round::{BETWEEN, Round};

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

/// So many seconds a storm has in an ordinary run.
const SHORT_STORM: u64 = 10;

/// So many faults come to pass in an ordinary run …
const FEW: u64 = 3;

/// … and in one round, which has a log of its own.
const OF_ONE_ROUND: usize = 2;

/// Two programs, in every other round.
#[test]
#[ignore = "needs nats-server"]
fn one_order_of_operations_explains_every_answer() {
    rounds(2, false);
}

/// Four programs, in the rounds between.
#[test]
#[ignore = "needs nats-server"]
fn one_order_of_operations_explains_every_answer_of_programs_that_are_killed_as_well() {
    rounds(4, true);
}

fn rounds(programs: usize, are_disturbed: bool) {
    let faults = usize::try_from(setting("BANK_FAULTS", FEW)).unwrap();
    let seed = setting("BANK_FAULTS_SEED", 1);
    let all: Vec<_> = FAULTS.iter().copied().cycle().take(faults).collect();
    let cluster = Case::alone();
    let rounds = (0..).zip(all.chunks(OF_ONE_ROUND));
    for (number, faults) in rounds.skip(usize::from(are_disturbed)).step_by(2) {
        Round::new(&cluster, seed + number, programs, are_disturbed).run(|round| {
            faults.iter().for_each(|fault| comes(round, *fault));
        });
    }
}

/// Each node is killed, suspended, cut off and well again at any time, whatever happens to the others, while four programs
/// are killed and suspended as well.
#[test]
#[ignore = "needs nats-server"]
fn a_storm_of_faults_loses_and_doubles_nothing() {
    let time = Duration::from_secs(setting("BANK_STORM_SECONDS", SHORT_STORM));
    let seed = setting("BANK_FAULTS_SEED", 1);
    let cluster = Case::alone();
    Round::new(&cluster, seed, 4, true).run(|round| storm(round, time, Random::new(seed)));
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

fn comes(round: &Round<'_>, fault: Fault) {
    let leader = round.cluster.leader_of(&round.stream);
    let whom = |whom| match whom {
        Whom::Leader => vec![leader],
        Whom::Follower => vec![(leader + 1) % 3],
        Whom::LeaderAndFollower => vec![leader, (leader + 1) % 3],
        Whom::All => vec![0, 1, 2],
    };
    let nodes = |who| whom(who).into_iter().map(|node| &round.cluster.nodes[node]);
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
                wait_for_the_next(round, fault, start);
            });
        }
        Fault::Stop(who) => nodes(who).for_each(|node| node.stop()),
        Fault::LameDuck(who) => nodes(who).for_each(|node| node.lame_duck()),
        Fault::Apart(who, From::Everybody, how) => {
            whom(who).into_iter().for_each(|node| round.cluster.apart(node, how))
        }
        Fault::Apart(who, From::Peers, how) => {
            whom(who).into_iter().for_each(|node| round.cluster.apart_from_peers(node, how))
        }
        Fault::Apart(who, From::Clients, how) => {
            whom(who).into_iter().for_each(|node| round.cluster.apart_from_clients(node, how))
        }
    }
    if !matches!(fault, Fault::Suspend(..)) {
        wait_for_the_next(round, fault, start);
    }
    round.wait_for_commands(BETWEEN);
    if let Fault::LameDuck(who) = fault {
        nodes(who).for_each(|node| node.wait_for_end());
    }
    round.cluster.heal();
}

/// Waits until commands are stored that were sent after a fault, and tells how long that took.
fn wait_for_the_next(round: &Round<'_>, fault: Fault, start: Instant) {
    // Each program may have had one on its way.
    round.wait_for_commands(round.programs as u64 + 1);
    eprintln!("{fault:?}: commands are stored after {:.1?}", start.elapsed());
}

/// What is done to one node in a storm.
#[derive(Clone, Copy, Debug)]
enum NodeFault {
    Killed,
    Suspended,
    Apart(From, Condition),
}

const STORM: [NodeFault; 6] = [
    NodeFault::Killed,
    NodeFault::Suspended,
    NodeFault::Apart(From::Everybody, Condition::Held),
    NodeFault::Apart(From::Everybody, Condition::Cut),
    NodeFault::Apart(From::Peers, Condition::Held),
    NodeFault::Apart(From::Clients, Condition::Cut),
];

/// The longest time until something else happens, in milliseconds: some elections come to their end by then.
const LULL: u64 = 4_000;

/// For so long, one node after the other fails or is well again, whatever the others do.
fn storm(round: &Round<'_>, time: Duration, mut random: Random) {
    let (begun, before) = (Instant::now(), round.stored());
    let (mut is_well, mut faults) = ([true; NODES], 0);
    while begun.elapsed() < time {
        let number = random.place(NODES);
        let (cluster, node) = (round.cluster, &round.cluster.nodes[number]);
        if is_well[number] {
            faults += 1;
            match STORM[random.place(STORM.len())] {
                NodeFault::Killed => node.kill(),
                NodeFault::Suspended => node.suspend(),
                NodeFault::Apart(From::Everybody, how) => cluster.apart(number, how),
                NodeFault::Apart(From::Peers, how) => cluster.apart_from_peers(number, how),
                NodeFault::Apart(From::Clients, how) => cluster.apart_from_clients(number, how),
            }
        } else {
            node.start();
            node.resume();
            cluster.apart(number, Condition::Open);
        }
        is_well[number] = !is_well[number];
        // This waits for nothing: in a storm nobody does.
        thread::sleep(Duration::from_millis(random.below(LULL)));
    }
    eprintln!("{faults} faults in {:.0?}: {} commands are stored meanwhile", begun.elapsed(), round.stored() - before);
    round.cluster.heal();
}

//! How long nothing is stored when the leader is gone.

use std::time::{Duration, Instant};

use crate::nodes::{Cluster, Condition};
use crate::report::{Bar, Unit, print_table};
use crate::store::{Program, Replica, fill};

const ROUNDS: usize = 3;

const LIMIT: Duration = Duration::from_secs(12);

#[derive(Clone, Copy, Debug)]
enum Fault {
    Killed,
    Suspended,
    CutOff,
}

const FAULTS: [(Fault, &str); 3] = [
    (Fault::Killed, "the leader is killed"),
    (Fault::Suspended, "the leader is suspended"),
    (Fault::CutOff, "the leader is cut off from everybody"),
];

/// Measures, prints, and answers with the bars.
pub(crate) async fn run() -> Vec<Bar> {
    let cluster = Cluster::start();
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for (fault, name) in FAULTS {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(measure(&cluster, fault).await);
        }
        times.sort_unstable();
        let longest = times[ROUNDS - 1];
        rows.push([name.to_owned(), format!("{:.1?}", times[0]), format!("{longest:.1?}")]);
        let share = longest.as_secs_f64() / LIMIT.as_secs_f64();
        bars.push(Bar::at_most(format!("writes again when {name}, against 12 s"), 1.0, share, Unit::Times));
    }
    print_table(["stored again after", "shortest", "longest"], &rows);
    bars
}

/// The time from the fault until an event is stored that was sent after it.
async fn measure(cluster: &Cluster, fault: Fault) -> Duration {
    let stream = cluster.stream_name();
    let program = Program::open(&format!("nats://{}/{stream}", cluster.servers()), Replica::File).await;
    fill(&program.store, "before", 16, 1_000).await;
    let leader = cluster.leader_of(&stream);
    match fault {
        Fault::Killed => cluster.nodes[leader].kill(),
        Fault::Suspended => cluster.nodes[leader].suspend(),
        Fault::CutOff => cluster.apart(leader, Condition::Held),
    }
    let start = Instant::now();
    fill(&program.store, "after", 1, 1).await;
    let took = start.elapsed();
    drop(program);
    cluster.heal();
    took
}

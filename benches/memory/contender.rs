//! The contenders, each run in a process of its own.
//!
//! So none inherits a heap that another has left behind: whether memory is fresh or used, together or
//! scattered, makes a difference that is larger than some that are to be measured.

use std::fmt;
use std::num::NonZeroU32;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::workload::Workload;
use crate::{bank_in_flight, bank_sequential, bare_actors, cqrs_es_peer, plain_loop};

/// Who runs the workload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The limit.
    PlainLoop,
    /// The limit of the shape.
    BareActors,
    /// This bank, one command after the other.
    BankSequential,
    /// This bank, with many commands on their way.
    BankInFlight,
    /// The peer.
    CqrsEs,
}

impl Contender {
    pub(crate) const ALL: [Self; 5] =
        [Self::PlainLoop, Self::BareActors, Self::BankSequential, Self::BankInFlight, Self::CqrsEs];

    fn run(self, workload: Workload) -> Duration {
        match self {
            Self::PlainLoop => plain_loop::run(workload),
            Self::BareActors => bare_actors::run(workload),
            Self::BankSequential => bank_sequential::run(workload),
            Self::BankInFlight => bank_in_flight::run(workload),
            Self::CqrsEs => cqrs_es_peer::run(workload),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PlainLoop => "plain loop",
            Self::BareActors => "bare tokio actors, sequential",
            Self::BankSequential => "bank, sequential",
            Self::BankInFlight => "bank, 256 in flight",
            Self::CqrsEs => "cqrs-es 0.5",
        })
    }
}

/// One contender on one workload.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) contender: Contender,
    /// The workload's three numbers.
    pub(crate) accounts: NonZeroU32,
    pub(crate) history: usize,
    pub(crate) commands: usize,
}

impl Run {
    /// Runs it in a new process; answers with the nanoseconds that a command took.
    pub(crate) fn nanoseconds_each(self) -> f64 {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--bench", "--run", &self.contender.to_string()])
            .args([self.accounts.to_string(), self.history.to_string(), self.commands.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let answer = String::from_utf8_lossy(&child.stderr);
        match answer.trim().parse() {
            Ok(nanoseconds) if child.status.success() => nanoseconds,
            _ => panic!("the process that runs the {} failed: {}\n{answer}", self.contender, child.status),
        }
    }

    /// What that process does. It answers on its standard error, for some contenders print.
    pub(crate) fn run_here(self) {
        let elapsed = self.contender.run(Workload::new(self.accounts, self.history, self.commands));
        eprintln!("{}", elapsed.as_nanos() as f64 / self.commands as f64);
    }
}

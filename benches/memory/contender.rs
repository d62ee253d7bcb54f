//! The contenders, each run in a process of its own.
//!
//! So none inherits a heap that another has left behind: whether memory is fresh or used, together or
//! scattered, makes a difference that is larger than some that are to be measured.

use std::fmt;
use std::num::NonZeroU32;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::bank_deposits::{self, Handlers, Pace};
use crate::bank_with_seams::{self, Seams};
use crate::workload::Workload;
use crate::{bank_in_flight, bank_sequential, bank_transfers, bare_actors, cqrs_es_peer, plain_loop};

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
    /// This bank, deposits only.
    Deposits(Pace, Handlers),
    /// This bank, deposits only, after its seams were used or not.
    Seams(Pace, Seams),
    /// This bank, transfers only, one after the other.
    Transfers,
}

impl Contender {
    /// Those that run the workload as it is.
    pub(crate) const WHOLE: [Self; 5] =
        [Self::PlainLoop, Self::BareActors, Self::BankSequential, Self::BankInFlight, Self::CqrsEs];

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let of_handlers = |pace| Handlers::ALL.map(|handlers| Self::Deposits(pace, handlers));
        let deposits = Pace::ALL.into_iter().flat_map(of_handlers);
        let with_seams = Pace::ALL.into_iter().flat_map(|pace| Seams::ALL.map(|seams| Self::Seams(pace, seams)));
        let mut all = Self::WHOLE.into_iter().chain(deposits).chain(with_seams).chain([Self::Transfers]);
        all.find(|contender| contender.to_string() == name)
    }

    fn run(self, workload: Workload) -> Duration {
        match self {
            Self::PlainLoop => plain_loop::run(workload),
            Self::BareActors => bare_actors::run(workload),
            Self::BankSequential => bank_sequential::run(workload),
            Self::BankInFlight => bank_in_flight::run(workload),
            Self::CqrsEs => cqrs_es_peer::run(workload),
            Self::Deposits(pace, handlers) => bank_deposits::run(workload, pace, handlers),
            Self::Seams(pace, seams) => bank_with_seams::run(workload, pace, seams),
            Self::Transfers => bank_transfers::run(workload),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::PlainLoop => "plain loop",
            Self::BareActors => "bare tokio actors, sequential",
            Self::BankSequential => "bank, sequential",
            Self::BankInFlight => "bank, 256 in flight",
            Self::CqrsEs => "cqrs-es 0.5",
            Self::Deposits(pace, handlers) => return write!(f, "deposits, {pace}{handlers}"),
            Self::Seams(pace, seams) => return write!(f, "deposits, {pace}, {seams}"),
            Self::Transfers => "transfers, sequential",
        };
        f.write_str(name)
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

//! What the benchmark is asked to do: `cargo bench --bench memory -- [PART…] [--commands N]`.

use lexopt::prelude::*;

use crate::contender::{Contender, Run};

/// A part of the benchmark that can run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The plain loop, this bank and the peer on the same workload.
    Throughput,
    /// This bank and the peer on an account with 10,000 events.
    History,
    /// This bank on an account with 1,000,000 events and on one with 10.
    Flat,
    /// A transfer against a deposit.
    Transfer,
    /// Deposits with all handlers on.
    Handlers,
    /// Deposits where every seam was used.
    Seams,
    /// The program, fed a script.
    Script,
}

impl Part {
    const ALL: [Self; 7] =
        [Self::Throughput, Self::History, Self::Flat, Self::Transfer, Self::Handlers, Self::Seams, Self::Script];

    fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::History => "history",
            Self::Flat => "flat",
            Self::Transfer => "transfer",
            Self::Handlers => "handlers",
            Self::Seams => "seams",
            Self::Script => "script",
        }
    }

    fn named(name: &str) -> Result<Self, lexopt::Error> {
        let part = Self::ALL.into_iter().find(|part| part.name() == name);
        part.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no part {name:?}; the parts are {names}").into()
        })
    }
}

/// What to do.
pub(crate) enum Task {
    /// Say how to run it: this is no benchmark but, for instance, `cargo test --all-targets`.
    Explain,
    /// Measure this bank.
    Measure {
        /// Which parts, in this order.
        parts: Vec<Part>,
        /// On so many commands.
        commands: usize,
    },
    /// Be the process in which one contender runs.
    Run(Run),
}

impl Task {
    /// Reads the arguments of this process.
    pub(crate) fn from_arguments() -> Result<Self, lexopt::Error> {
        let mut is_benchmark = false;
        let mut parts = Vec::new();
        let mut commands = 1_000_000;
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                // `cargo bench` says so, `cargo test` does not.
                Long("bench") => is_benchmark = true,
                Long("commands") => commands = arguments.value()?.parse()?,
                Long("run") => {
                    let name = arguments.value()?.string()?;
                    return Ok(Self::Run(Run {
                        contender: Contender::named(&name).ok_or_else(|| format!("there is no contender {name:?}"))?,
                        accounts: arguments.value()?.parse()?,
                        history: arguments.value()?.parse()?,
                        commands: arguments.value()?.parse()?,
                    }));
                }
                Value(name) => parts.push(Part::named(&name.string()?)?),
                unexpected => return Err(unexpected.unexpected()),
            }
        }
        if parts.is_empty() {
            parts.extend(Part::ALL);
        }
        Ok(if is_benchmark { Self::Measure { parts, commands } } else { Self::Explain })
    }
}

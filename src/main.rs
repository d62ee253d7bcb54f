//! `bank`: the shell on the bank.

use std::process::ExitCode;

use cqrs_bank::bank::Store;
use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::program::{Opening, Program};

const PROGRAM: Program = Program {
    name: "bank",
    about: "An event-sourced bank at a prompt.",
    store: ("URL", "what Bank.open opens when it names none: memory"),
    kept: "bank",
    refusal: "no_account",
    late: " (Bank.consistency :eventual)",
    history: "history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |Opening { store, seed, trace }: Opening<Store>| {
        Ok(BankFunctions::new(store.unwrap_or_default(), seed, trace))
    })
}

//! The program `bank`: the shell with the bank as its domain.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod key_file;

use std::process::ExitCode;

use cqrs_bank::bank::{Options, PinOptions, StoreUrl};
use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::program::{Opening, Program, state_directory};

const PROGRAM: Program = Program {
    name: "bank",
    about: "An event-sourced bank at a prompt.",
    store: ("URL", "what Bank.open opens by default, instead of a bank in memory"),
    domain: "bank",
    example_refusal: "no_account",
    late_trace_after: Some("Bank.consistency :eventual"),
    environment: "\nBANK_PIN_SECRET is the secret that PINs are verified with; without it, the first PIN creates a key file.",
    history: "history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |Opening { store, foreign, seed, user, trace }: Opening<StoreUrl>| {
        let pins = PinOptions { secret: key_file::pin_secret_source(state_directory()), ..PinOptions::default() };
        let options = Options { foreign, seed, user, pins, ..Options::from(store.unwrap_or_default()) };
        Ok(BankFunctions::new(options, trace))
    })
}

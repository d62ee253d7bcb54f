//! `bank`: the shell on the bank.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod pin_secret;

use std::process::ExitCode;

use cqrs_bank::bank::{Options, PinOptions, StoreUrl};
use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::program::{Opening, Program, state_directory};

const PROGRAM: Program = Program {
    name: "bank",
    about: "An event-sourced bank at a prompt.",
    store: ("URL", "what Bank.open opens when it names none: memory"),
    kept: "bank",
    refusal: "no_account",
    late: Some("Bank.consistency :eventual"),
    environment: "\nBANK_PIN_SECRET is the secret that PINs are kept with; without it, a key file is made when the first PIN is used.",
    history: "history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |Opening { store, seed, trace }: Opening<StoreUrl>| {
        let pins = PinOptions { secret: pin_secret::source(state_directory()), ..PinOptions::default() };
        let options = Options { seed, pins, ..Options::from(store.unwrap_or_default()) };
        Ok(BankFunctions::new(options, trace))
    })
}

//! The program `bank`: the shell with the bank as its domain.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod key_file;

use std::process::ExitCode;

use cqrs_bank::bank::{ClusterOptions, Options, PinOptions, StoreUrl};
use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::program::{CannotOpen, Opening, Program, state_directory};

const PROGRAM: Program = Program {
    name: "bank",
    about: "An event-sourced bank at a prompt.",
    store: (
        "URL",
        "what Bank.open opens by default: a file such as bank.db or sqlite:bank.db, which is\n                      \
         made if there is none, or memory, as without the flag",
    ),
    domain: "bank",
    example_refusal: "no_account",
    late_trace_after: Some("Bank.consistency :eventual"),
    examples: EXAMPLES,
    environment: "\nBANK_PIN_SECRET, of at least 16 bytes, is the secret that PINs are verified with; without it, the first PIN\ncreates a key file.",
    history: "history",
};

const EXAMPLES: &str = "  bank                                            a prompt; Bank.open opens a bank in memory
  bank --store bank.db                            a prompt; Bank.open opens the file
  bank bank.db                                    a prompt on that file, which is open
  bank bank.db -c 'Bank.check_balance \"Wolfman\"'  one question
  bank bank.db --quiet --strict payday.bank       a script that ends where something is refused
  bank bank.db --json -c Bank.events              the log, for other programs
  bank --dev-cluster ./nats                       three NATS servers on this machine, for a bank on a cluster";

fn main() -> ExitCode {
    PROGRAM.run(async |Opening { store, opens_at_once, foreign, seed, user, trace }: Opening<StoreUrl>| {
        let pins = PinOptions { secret: key_file::pin_secret_source(state_directory()), ..PinOptions::default() };
        let cluster = ClusterOptions { directory: state_directory(), ..ClusterOptions::default() };
        let store = store.unwrap_or_default();
        let options = Options { store, cluster, foreign, seed, user, pins, ..Options::default() };
        let tour = state_directory().map(|state| state.join("tour"));
        let mut functions = BankFunctions::new(options, trace).keeping_tour_in(tour);
        if opens_at_once {
            functions.open_default().await.map_err(|error| CannotOpen::Failed(error.to_string()))?;
        }
        Ok(functions)
    })
}

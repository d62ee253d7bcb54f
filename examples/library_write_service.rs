//! The library's write service at a prompt: `cargo run --example library_write_service -- --store memory`.
//!
//! It takes commands and answers no question; `library_read_service` does that, on the same store.

use std::process::ExitCode;

use cqrs_bank::engine::supervisor::Supervisor;
use cqrs_bank::library::{WriteService, open_store};
use cqrs_bank::shell::library_functions::WriteFunctions;
use cqrs_bank::shell::program::{CannotOpen, Opening, Program};

const PROGRAM: Program = Program {
    name: "library_write_service",
    about: "The command side of a library, at a prompt.",
    store: ("FILE", "where both services keep the library: memory"),
    kept: "library",
    refusal: "no_copy_left",
    late: "",
    history: "library_history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |opening: Opening<String>| {
        let supervisor = Supervisor::new();
        let store = open_store(opening.needed_store()?, &supervisor).await;
        let store = store.map_err(|error| CannotOpen::Failed(error.to_string()))?;
        let service = WriteService::start(store, supervisor, opening.seed);
        Ok(WriteFunctions::new(service, opening.trace))
    })
}

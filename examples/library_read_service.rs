//! The library's read service at a prompt: `cargo run --example library_read_service -- --store memory`.
//!
//! It answers questions and takes no command; `library_write_service` does that, on the same store.

use std::process::ExitCode;

use cqrs_bank::engine::supervisor::Supervisor;
use cqrs_bank::library::{ReadService, open_store};
use cqrs_bank::shell::library_functions::ReadFunctions;
use cqrs_bank::shell::program::{CannotOpen, Opening, Program};

const PROGRAM: Program = Program {
    name: "library_read_service",
    about: "The query side of a library, at a prompt.",
    store: ("FILE", "where both services keep the library: memory"),
    kept: "library",
    refusal: "invalid_isbn",
    late: "",
    history: "library_history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |opening: Opening<String>| {
        let supervisor = Supervisor::new();
        let store = open_store(opening.needed_store()?, &supervisor).await;
        let store = store.map_err(|error| CannotOpen::Failed(error.to_string()))?;
        Ok(ReadFunctions::new(ReadService::start(store, supervisor)))
    })
}

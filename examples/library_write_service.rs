//! The library's write service at a prompt: `cargo run --example library_write_service -- --store library.db`.
//!
//! It takes commands only; `library_read_service` answers questions, on the same store.

use std::process::ExitCode;

use cqrs_bank::engine::store::ClusterOptions;
use cqrs_bank::library::{LibraryStore, WriteOptions, WriteService};
use cqrs_bank::shell::library_functions::WriteFunctions;
use cqrs_bank::shell::program::{CannotOpen, Opening, Program, state_directory};

const PROGRAM: Program = Program {
    name: "library_write_service",
    about: "The command side of a library, at a prompt.",
    store: ("STORE", "where both services keep the library, such as library.db; whoever comes first makes it"),
    domain: "library",
    example_refusal: "no_copy_left",
    late_trace_after: None,
    examples: "  library_write_service --store library.db           a prompt for commands
  library_write_service library.db --strict new.txt  a script that ends where something is refused",
    environment: "",
    history: "library_history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |opening: Opening<LibraryStore>| {
        let library = opening.needed_store()?.clone();
        let cluster = ClusterOptions { directory: state_directory(), ..ClusterOptions::default() };
        let Opening { foreign, seed, user, trace, .. } = opening;
        let service = WriteService::open_with(&library, WriteOptions { foreign, seed, user, cluster }).await;
        let service = service.map_err(|error| CannotOpen::Failed(error.to_string()))?;
        Ok(WriteFunctions::new(&service, trace))
    })
}

//! The library's read service at a prompt: `cargo run --example library_read_service -- --store library.db`.
//!
//! It answers questions only; `library_write_service` takes commands, on the same store.

use std::process::ExitCode;

use cqrs_bank::engine::store::ClusterOptions;
use cqrs_bank::library::{LibraryStore, ReadOptions, ReadService};
use cqrs_bank::shell::library_functions::ReadFunctions;
use cqrs_bank::shell::program::{CannotOpen, Opening, Program, state_directory};

const PROGRAM: Program = Program {
    name: "library_read_service",
    about: "The query side of a library, at a prompt.",
    store: ("STORE", "where both services keep the library, such as library.db; whoever comes first makes it"),
    domain: "library",
    example_refusal: "invalid_isbn",
    late_trace_after: None,
    examples: "  library_read_service --store library.db                             a prompt for questions
  library_read_service library.db -c LibraryReadService.get_inventory  one question",
    environment: "",
    history: "library_history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |opening: Opening<LibraryStore>| {
        let cluster = ClusterOptions { directory: state_directory(), ..ClusterOptions::default() };
        let options = ReadOptions { foreign: opening.foreign, cluster };
        let service = ReadService::open_with(opening.needed_store()?, options).await;
        let service = service.map_err(|error| CannotOpen::Failed(error.to_string()))?;
        Ok(ReadFunctions::new(service))
    })
}

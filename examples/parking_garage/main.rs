//! A parking garage: a whole domain with its own prompt. Run it with `cargo run --example parking_garage`.
//!
//! Read it in this order. [`lot`] and [`ticket`] are the aggregates, which decide on commands. [`garage`] builds an
//! application from them, with a projection, a process manager and an event handler. [`prompt`] adds functions to call
//! by name. `tests.rs` tests everything: `cargo test --test parking_garage`.

#![allow(unreachable_pub, clippy::enum_variant_names, reason = "these items would be public in a crate")]

mod garage;
mod lot;
mod prompt;
mod ticket;

use std::process::ExitCode;

use cqrs_bank::engine::StoreUrl;
use cqrs_bank::shell::program::{Opening, Program};

use self::prompt::GarageFunctions;

const PROGRAM: Program = Program {
    name: "parking_garage",
    about: "A parking garage, at a prompt. Receipts are written to the directory `receipts`.",
    store: ("FILE", "where the garage is kept; in memory without it"),
    domain: "garage",
    example_refusal: "full",
    late_trace_after: None,
    examples: "  parking_garage                                       a garage in memory
  parking_garage --store garage.db                     one in a file
  parking_garage garage.db -c 'Garage.free \"north\"'  one question",
    environment: "",
    history: "garage_history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |opening: Opening<StoreUrl>| {
        let garage = garage::builder(opening.store.clone().unwrap_or_default(), "receipts");
        Ok(GarageFunctions::new(opening.start(garage).await?, opening.trace))
    })
}

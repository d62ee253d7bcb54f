//! A parking garage: a domain of one's own, at a prompt of its own: `cargo run --example parking_garage`.
//!
//! It takes ten minutes to read, in this order. A [`lot`] has places, a [`ticket`] is one stay there: these two decide. The
//! [`garage`] makes an application of them, with a projection, a process manager and an event handler. The [`prompt`]
//! gives it functions to be called by name, and `tests.rs` tries it all: `cargo test --test parking_garage`.

#![allow(unreachable_pub, reason = "what would be public in a crate of its own is called so here")]

mod garage;
mod lot;
mod prompt;
mod ticket;

use std::process::ExitCode;

use cqrs_bank::engine::StoreUrl;
use cqrs_bank::shell::program::{CannotOpen, Opening, Program};

use self::prompt::GarageFunctions;

const PROGRAM: Program = Program {
    name: "parking_garage",
    about: "A parking garage, at a prompt. Receipts come into the directory `receipts`.",
    store: ("FILE", "where the garage is kept; in memory without it"),
    kept: "garage",
    refusal: "full",
    late: None,
    environment: "",
    history: "garage_history",
};

fn main() -> ExitCode {
    PROGRAM.run(async |opening: Opening<StoreUrl>| {
        let garage = garage::builder(opening.store.unwrap_or_default(), "receipts").seed(opening.seed);
        let garage = garage.start().await.map_err(|error| CannotOpen::Failed(error.to_string()))?;
        Ok(GarageFunctions::new(garage, opening.trace))
    })
}

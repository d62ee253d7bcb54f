//! An event-sourced bank at a prompt, on an engine that knows no bank.
//!
//! ```
//! use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl};
//! use cqrs_bank::engine::{DomainEvent as _, Position};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bank = Bank::open(StoreUrl::Memory).await?;
//! let wolfman = AccountId::new("Wolfman")?;
//! bank.create(&wolfman).await?;
//! bank.deposit(&wolfman, Money::new(100)?).await?;
//! assert_eq!(bank.check_balance(&wolfman).await?.minor_units(), 100);
//!
//! // The log has all of it, and the answer of any moment.
//! for event in bank.events(Position::new(1), 10).await? {
//!     println!("{} {}", event.position, event.data.title());
//! }
//! bank.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Where to read on:
//!
//! * to use the bank: [`bank::Bank`],
//! * to write a domain of your own: [`engine::Application`], [`engine::domain::Aggregate`], and
//!   `examples/parking_garage`, a whole domain that is written to be read,
//! * to give it a prompt: [`shell::application_functions`],
//! * to understand how it works: [`engine`], and `docs/architecture.md` in the repository.
//!
//! # How it works
//!
//! A command is a request that can be refused; an event is a fact that stays. Accounts decide on commands
//! from their own events alone, what they decide is stored as new events, and every answer is read from
//! projections of those events. A statement takes one way through the house:
//!
//! ```text
//! text ─▶ shell ─▶ command ─▶ command handler ─▶ aggregate ─▶ events ─▶ event store ─▶ subscription ─┐
//!           ▲                        ▲                                                                   │
//!           │                        └── commands ◀── process managers ◀────────────────────────────────┤
//!           │                                               e-mail ◀── event handlers ◀─────────────────┤
//!           └─────────────────── reply ◀── query ◀── projections ◀──────────────────────────────────────┘
//! ```
//!
//! Imports point one way too, `main → shell → {bank, library} → engine`, and a test holds that:
//!
//! * [`engine`]: event sourcing for any domain. The command handler, the event stores (in memory, or one SQLite file),
//!   subscriptions, projections, event handlers, process managers, and given/when/then for aggregates of one's own.
//! * [`bank`]: what an account decides and what the bank knows. Start at [`bank::Bank`].
//! * [`library`]: a second domain, of books, whose command side and query side are two services.
//! * [`shell`]: statements in, replies and traces out, at a terminal or from a script.
//!
//! # The words
//!
//! In code and messages alike:
//!
//! * An **aggregate** is the consistency boundary that decides. `execute` and `apply` are pure.
//! * A **stream** is the ordered events of one aggregate, a **version** an event's number in it, from 1.
//! * A **position** is an event's number in the whole store, in commit order.
//! * An **event handler** gets each event at least once, in order, and acknowledges it. A **projection** is a handler
//!   that builds a read model; a **process manager** is one that sends commands.
//! * An event that a handler kept failing on is **parked**: set aside where it can be seen and retried.
//! * A **subscription** is everything after a checkpoint, then live. The broadcast channel behind it only saves
//!   reads; the store is the truth.
//! * **Strong** consistency waits until a command's events have been seen by all projections, and by those handlers that
//!   ask to be waited for: process managers do, an event handler says so by [`AWAITED`](engine::EventHandler::AWAITED).
//!   **Eventual** consistency waits for nobody.
//! * A **correlation id** names the conversation that an event belongs to, a **causation id** what caused it.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(
    not(all(feature = "bank", feature = "library", feature = "shell", feature = "sqlite")),
    allow(dead_code, unused_imports, reason = "what serves a part that is left out stays where it is")
)]

#[cfg(feature = "bank")]
pub mod bank;
pub mod engine;
#[cfg(feature = "library")]
pub mod library;
mod printable;
#[cfg(feature = "shell")]
pub mod shell;

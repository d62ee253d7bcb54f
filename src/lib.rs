//! An event-sourced bank at a prompt, on an engine for any domain.
//!
#![cfg_attr(feature = "bank", doc = "```")]
#![cfg_attr(not(feature = "bank"), doc = "```ignore")]
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
//! // The log holds every event.
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
//!   `examples/parking_garage`, a whole domain as an example,
//! * to give it a prompt: [`shell::application_functions`],
//! * to understand how it works: [`engine`], and `docs/architecture.md` in the repository.
//!
//! # How it works
//!
//! A command is a request that can be refused; an event is a fact that never changes. Accounts decide on commands from
//! their own events alone, their decisions are stored as new events, and queries read projections of those events. Every
//! statement takes the same path:
//!
//! ```text
//! text ─▶ shell ─▶ command ─▶ command handler ─▶ aggregate ─▶ events ─▶ event store ─▶ feed ─┐
//!           ▲                        ▲                                                       │
//!           │                        └── commands ◀── process managers ◀─────────────────────┤
//!           │                                               e-mail ◀── event handlers ◀──────┤
//!           └─────────────────── reply ◀── query ◀── projections ◀───────────────────────────┘
//! ```
//!
//! Imports point one way too, `main → shell → {bank, library} → engine`, and a test checks that:
//!
//! * [`engine`]: event sourcing for any domain. The command handler, the event stores (in memory, or one SQLite file),
//!   subscriptions, projections, event handlers, process managers, and given/when/then tests for aggregates.
//! * [`bank`]: accounts, transfers, and the read models of the bank. Start at [`bank::Bank`].
//! * [`library`]: a second domain, of books, whose command side and query side are two services.
//! * [`shell`]: statements in, replies and traces out, at a terminal or from a script.
//!
//! # Terms
//!
//! In code and messages alike:
//!
//! * An **aggregate** is a consistency boundary: it decides on commands. `execute` and `apply` are pure.
//! * A **stream** holds the events of one aggregate in order, a **version** is an event's number in it, from 1.
//! * A **position** is an event's number in the whole store, in commit order.
//! * An **event handler** gets each event at least once, in order, and acknowledges it. A **projection** is a handler
//!   that builds a read model; a **process manager** is one that sends commands.
//! * A handler **parks** an event on which it kept failing: the event is set aside for a person to retry or skip.
//! * A **subscription** delivers all events after a checkpoint, then new ones as they are committed. Its broadcast channel
//!   only saves reads; the store is the truth.
//! * **Strong** consistency waits until all projections have seen a command's events, and so have all process managers and
//!   the event handlers that set [`AWAITED`](engine::EventHandler::AWAITED). **Eventual** consistency does not wait.
//! * A **correlation id** identifies the conversation of an event, a **causation id** the message that caused it.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(
    not(all(feature = "bank", feature = "library", feature = "shell", feature = "sqlite")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "without a feature, code that only this feature uses remains"
    )
)]

#[cfg(feature = "bank")]
pub mod bank;
pub mod engine;
#[cfg(feature = "library")]
pub mod library;
mod printable;
#[cfg(feature = "shell")]
pub mod shell;

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
//! In code and messages alike. At the prompt, `help event` and so on explain them.
//!
#![doc = include_str!("glossary.md")]
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

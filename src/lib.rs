//! An event-sourced bank.

pub mod bank;
pub mod engine;
pub mod shell;

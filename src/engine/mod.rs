//! Event sourcing, for any domain: the engine names no account and no book.
//!
//! A command travels through the modules in this order:
//!
//! 1. [`command_handler`] takes it from a bounded queue, loads the [`aggregate`] and lets it decide,
//! 2. the [`store`] appends the events at the version the decision was made on, or answers with a conflict,
//! 3. a [`subscription`] hands the committed events to every handler, first the past and then what happens,
//! 4. a [`projection`] folds them into a read model that answers queries, an [`event_handler`] does something about
//!    them, a [`process_manager`] answers them with commands,
//! 5. [`checkpoints`] tell a caller that wants to read its own write when that has happened, and [`catch_up`] one that
//!    wants to read what others have written.
//!
//! [`supervisor`] watches the tasks all of this runs in, [`trace`] is the line each of them prints when it
//! does its part, [`blocking`] is where work goes that would hold the others up, [`disk`] makes files that are there whole
//! or not at all, and [`testing`] lets an aggregate be tried without any of it.

pub mod aggregate;
pub mod blocking;
pub mod catch_up;
pub mod checkpoints;
pub mod clock;
pub mod command_handler;
mod conversations;
pub mod disk;
pub mod event;
pub mod event_handler;
pub mod fingerprint;
pub mod id_source;
pub mod lease;
mod metadata;
pub mod moment;
pub mod process_manager;
pub mod projection;
mod queue;
pub mod store;
pub mod subscription;
pub mod supervisor;
pub mod testing;
pub mod trace;
mod waiting;

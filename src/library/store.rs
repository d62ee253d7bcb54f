//! The store that both services share.

use thiserror::Error;

use super::BookEvent;
use crate::engine::store::memory::MemoryStore;
use crate::engine::supervisor::Supervisor;

/// The store of a library that a program has opened.
pub type BookStore = MemoryStore<BookEvent>;

/// Why a store could not be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// The name is of no known kind.
    #[error("{name:?} names no store that this program has: memory is the only one so far")]
    UnsupportedStore {
        /// What was given.
        name: String,
    },
}

/// Opens the store that a name names: `memory`, for as long as the process lives. Its tasks belong to `supervisor`.
///
/// # Errors
///
/// [`OpenError`]: what stands in the way.
pub async fn open_store(name: &str, supervisor: &Supervisor) -> Result<BookStore, OpenError> {
    match name {
        "memory" => Ok(MemoryStore::start(supervisor)),
        _ => Err(OpenError::UnsupportedStore { name: name.to_owned() }),
    }
}

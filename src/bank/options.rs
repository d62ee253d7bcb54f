//! How a bank is opened.

use std::fmt;
use std::str::FromStr;

use super::OpenError;
use crate::engine::command_handler::Limits;

/// Where a bank keeps its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Store {
    /// In memory, for as long as the process lives.
    #[default]
    Memory,
}

/// The store that a URL names.
impl FromStr for Store {
    type Err = OpenError;

    fn from_str(url: &str) -> Result<Self, OpenError> {
        match url {
            "memory" => Ok(Self::Memory),
            _ => Err(OpenError::UnsupportedStore { url: url.to_owned() }),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
        }
    }
}

/// How a bank is opened; the default is a new bank in memory.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where it keeps its events.
    pub store: Store,
    /// Derives ids and times from this number, so that two runs are the same to the byte.
    pub seed: Option<u64>,
    /// How much it holds at once.
    pub limits: Limits,
}

impl From<Store> for Options {
    fn from(store: Store) -> Self {
        Self { store, ..Self::default() }
    }
}

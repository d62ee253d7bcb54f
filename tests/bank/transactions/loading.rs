//! What tests that load files need.

use std::fs;
use std::path::{Path, PathBuf};

use cqrs_bank::bank::{Bank, Currency, LoadOptions, Loaded, Options, Verification};
use tempfile::TempDir;

/// A bank with decimals.
pub(crate) async fn euro_bank(options: impl Into<Options>) -> Bank {
    let bank = Bank::open(options).await.unwrap();
    bank.choose_currency(Currency::with_code("EUR").unwrap()).await.unwrap();
    bank
}

/// Accounts that are missing are created.
pub(crate) fn creating() -> LoadOptions {
    LoadOptions { create: true, ..LoadOptions::default() }
}

/// A folder for the files of a test.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("transactions.csv");
        fs::write(&path, text).unwrap();
        path
    }
}

pub(crate) async fn load(bank: &Bank, path: &Path, options: LoadOptions) -> Loaded {
    bank.load(path, options, |_, _, _| {}).await.unwrap()
}

/// Whether verification finds nothing wrong.
pub(crate) async fn is_whole(bank: &Bank) -> bool {
    matches!(bank.verify(|_, _| {}).await, Ok(Verification::Whole(_)))
}

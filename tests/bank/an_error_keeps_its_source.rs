//! The chain of sources holds each error once, down to the error of the system or SQLite, so that a caller can find the
//! cause without parsing messages.

use std::error::Error;
use std::io;
use std::path::Path;

use cqrs_bank::bank::{
    Bank, CommandFailure, DepositError, ExportError, ImportError, OpenError, Options, Refusal, Unavailable,
};
use cqrs_bank::engine::command_handler::CommandError;
use cqrs_bank::engine::domain::Aggregate;
use cqrs_bank::engine::runtime::{StopReason, StoreFailure, StoreFailureKind};
use cqrs_bank::engine::store::{OpenStoreError, StoreError};

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The one error of the type in the chain.
fn found<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> &'a T {
    let mut found = chain(error).filter_map(|error| error.downcast_ref::<T>());
    let one = found.next().unwrap_or_else(|| panic!("{error:?}"));
    assert!(found.next().is_none(), "{error:?}");
    one
}

#[test]
fn a_refusal_is_found_and_so_is_what_the_store_said() {
    let refused = CommandError::Refused(Refusal::NoAccount);
    assert_eq!(found::<Refusal>(&refused), &Refusal::NoAccount);
    let refused = CommandFailure::Refused(Refusal::NoAccount);
    assert_eq!(found::<Refusal>(&refused), &Refusal::NoAccount);
    assert_eq!(refused.to_string(), Refusal::NoAccount.to_string());

    let full: StoreFailure = io::Error::from(io::ErrorKind::StorageFull).into();
    let store = StoreError::OutcomeUnknown(full);
    let failed = DepositError::from(Unavailable::from(store.clone()));
    assert_eq!(failed.to_string(), store.to_string());
    assert_eq!(found::<StoreError>(&failed), &store);
    assert_eq!(found::<StoreFailure>(&failed).kind(), StoreFailureKind::DiskFull);
    assert_eq!(found::<io::Error>(&failed).kind(), io::ErrorKind::StorageFull);

    let stopped = DepositError::from(Unavailable::Stopped(store.into()));
    assert!(matches!(found::<StopReason>(&stopped), StopReason::StoreFailed { message } if message.is_disk_full()));
    assert_eq!(found::<io::Error>(&stopped).kind(), io::ErrorKind::StorageFull);

    let full = io::Error::from(io::ErrorKind::StorageFull).into();
    let half = ImportError::Stopped { path: "log.jsonl".into(), imported: 1, events: 2, reason: full };
    assert!(found::<StoreFailure>(&half).is_disk_full());
    assert_eq!(found::<io::Error>(&half).kind(), io::ErrorKind::StorageFull);
}

#[tokio::test]
async fn what_the_system_said_of_a_file_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let too_long = directory.path().join("a".repeat(300));
    let error = Bank::open(Options { store: too_long.to_str().unwrap().parse().unwrap(), ..Options::default() });
    let error = error.await.err().unwrap();
    assert!(matches!(error, OpenError::File(OpenStoreError::Failed { .. })), "{error:?}");
    assert!(error.to_string().ends_with(&found::<io::Error>(&error).to_string()), "{error}");

    let bank = Bank::open(Options::default()).await.unwrap();
    let error = bank.export(&directory.path().join("none/log"), |_, _| {}).await.unwrap_err();
    assert!(matches!(error, ExportError::File { .. }), "{error:?}");
    assert_eq!(found::<io::Error>(&error).kind(), io::ErrorKind::NotFound);
}

#[tokio::test]
async fn what_sqlite_said_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let open =
        |path: &Path| Bank::open(Options { store: path.to_str().unwrap().parse().unwrap(), ..Options::default() });
    open(&path).await.unwrap().close().await;
    // A file with a bank's header and no content.
    let mut file = std::fs::read(&path).unwrap();
    file[100..].fill(7);
    std::fs::write(&path, file).unwrap();
    let error = open(&path).await.err().unwrap();
    let OpenError::File(OpenStoreError::Damaged { reason, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(reason.kind(), StoreFailureKind::Damaged);
    assert_eq!(reason.to_string(), format!("SQLite: {}", found::<rusqlite::Error>(&error)));
}

#[test]
fn a_refusal_goes_from_thread_to_thread() {
    fn is_shared<A: Aggregate<Refusal: Send + Sync>>() {}
    is_shared::<cqrs_bank::bank::Account>();
    let boxed: Box<dyn Error + Send + Sync> = CommandError::Refused(Refusal::NoAccount).into();
    assert_eq!(found::<Refusal>(boxed.as_ref()), &Refusal::NoAccount);
}

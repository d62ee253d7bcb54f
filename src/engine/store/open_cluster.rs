//! Opens a store on a cluster: its log, and the file that is its replica.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cluster_options::ClusterOptions;
use super::cluster_url::ClusterUrl;
use super::codec::StoredEvent;
use super::commit_log::LogError;
use super::memory::MemoryStore;
use super::nats::{JetStreamLog, JetStreamOptions};
use super::open_cluster_error::OpenClusterError;
use super::open_error::OpenStoreError;
use super::sqlite::{SqliteOptions, SqliteStore};
use super::url::StoreUrl;
use super::{PUBLISHED_CAPACITY, Store, StoreError};
use crate::engine::disk::{directory_of, with_suffix};
use crate::engine::log::Position;
use crate::engine::runtime::{StoreFailure, Supervisor};

/// Opens the store, and waits until its replica holds what the log does.
///
/// # Errors
///
/// Returns [`OpenClusterError`] if the log or the replica cannot be used.
pub(in crate::engine) async fn open_cluster<E: StoredEvent>(
    url: &ClusterUrl,
    options: ClusterOptions,
    accept_loss: bool,
    foreign: bool,
    supervisor: &Supervisor,
) -> Result<Store<E>, OpenClusterError> {
    let ClusterOptions { create, unsafe_cluster, replica, directory } = options;
    let file = replica.as_ref().and_then(StoreUrl::path).map(Path::to_owned);
    let beside = file.as_deref().map(|file| directory_of(file).to_owned());
    let witnesses =
        directory.map(|directory| directory.join("clusters")).or(beside).ok_or(OpenClusterError::NoPlace)?;
    let options = JetStreamOptions { create, unsafe_cluster, accept_loss, domain: E::DOMAIN, witnesses };
    let log = Arc::new(JetStreamLog::open(url, options, supervisor).await?);
    let not_caught_up = |error: StoreError| match error {
        StoreError::Unavailable(reason) => OpenClusterError::Unreachable { url: url.to_string(), reason },
        error => OpenClusterError::Failed(StoreFailure::new(error.to_string())),
    };
    if replica == Some(StoreUrl::Memory) {
        let store = MemoryStore::start_replica(supervisor, PUBLISHED_CAPACITY, log).await;
        let store = store.map_err(|error| OpenClusterError::Replica(OpenStoreError::Log(error)))?;
        store.catch_up().await.map_err(not_caught_up)?;
        return Ok(store.into());
    }
    let path = file.unwrap_or_else(|| log.witness().with_extension("db"));
    let opened = open_replica(path.clone(), foreign, log.clone(), supervisor).await;
    let store = match opened {
        Err(OpenStoreError::Log(LogError::WentBack { seen, .. })) if accept_loss => {
            set_aside(&path, seen)?;
            open_replica(path, foreign, log, supervisor).await
        }
        opened => opened,
    };
    let store = store.map_err(OpenClusterError::Replica)?;
    store.catch_up().await.map_err(not_caught_up)?;
    Ok(store.into())
}

async fn open_replica<E: StoredEvent>(
    path: PathBuf,
    foreign: bool,
    log: Arc<JetStreamLog>,
    supervisor: &Supervisor,
) -> Result<SqliteStore<E>, OpenStoreError> {
    let (watched, failed_at) = (supervisor.clone(), path.clone());
    // The log can tell again what the file has lost.
    let options = SqliteOptions { accept_loss: true, foreign, ..SqliteOptions::default() };
    let opened = supervisor.runtime().blocking(move || SqliteStore::open_replica(&path, options, log, &watched)).await;
    opened.map_err(|error| OpenStoreError::Failed { path: failed_at, reason: error.to_string().into() })?
}

/// Keeps a replica whose end the log has lost under another name: it may be the last one to know these events.
fn set_aside(path: &Path, seen: Position) -> Result<(), OpenClusterError> {
    let aside = with_suffix(path, &format!(".until-{seen}"));
    let moved = if aside.exists() { Err(std::io::ErrorKind::AlreadyExists.into()) } else { fs::rename(path, &aside) };
    moved.map_err(|error| OpenClusterError::Failed(StoreFailure::from(error)))?;
    tracing::warn!(
        "{}: the log has lost events that this replica holds; it is now {}",
        path.display(),
        aside.display()
    );
    Ok(())
}

//! Starts an application: opens its store and starts all its parts.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use super::builder::Builder;
use super::categories::check_categories;
use super::projection_history::ProjectionHistories;
use super::read::Models;
use super::starting::{KindParts, Parts, StoreSource};
use super::upkeep::{refuse_unfinished_import, trust_only, verify_foreign_log};
use super::{Application, Base, Inner, Seams, StartError};
use crate::engine::command_handler::{CommandHandlers, Decisions};
use crate::engine::event_handler::HandlerContext;
use crate::engine::event_handler::lease::Lease;
use crate::engine::feed::Feed;
use crate::engine::feed::checkpoints::{Checkpoints, Consistency};
use crate::engine::log::Metadata;
use crate::engine::runtime::{StopReason, Supervisor, time_and_ids};
#[cfg(feature = "sqlite")]
use crate::engine::store::StoreError;
use crate::engine::store::codec::{StoredEvent, check_types};
use crate::engine::store::memory::MemoryStore;
#[cfg(feature = "nats")]
use crate::engine::store::open_cluster;
#[cfg(feature = "sqlite")]
use crate::engine::store::sqlite::{SqliteOptions, SqliteStore};
use crate::engine::store::{ClusterOptions, EventStore as _, Store, StoreUrl};

impl<E: StoredEvent> Builder<E> {
    /// Opens the store, starts all parts, and waits until the projections have caught up with the log.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the application did not start. Whatever had started is stopped again.
    pub async fn start(self) -> Result<Application<E>, StartError> {
        let builder = self;
        #[cfg(feature = "nats")]
        let builder = builder.publishing();
        check_categories(&builder.categories)?;
        check_types::<E>()?;
        for (number, name) in builder.names.iter().enumerate() {
            if builder.names[..number].contains(name) {
                return Err(StartError::NameTaken { name });
            }
        }
        let supervisor = Supervisor::new();
        supervisor.runtime().check()?;
        // Also stops what has started if this future is dropped.
        let mut stop = StopUnlessStarted(Some(supervisor.clone()));
        let started = builder.start_in(supervisor.clone()).await;
        match &started {
            Ok(_) => stop.0 = None,
            Err(_) => {
                drop(stop);
                supervisor.ended().await;
            }
        }
        started
    }

    async fn start_in(self, supervisor: Supervisor) -> Result<Application<E>, StartError> {
        let Self { store, cluster, accept_loss, foreign, seed, user, limits, retry, kinds, .. } = self;
        let Self {
            projections, process_managers, handlers: handlers_to_start, observers, upkeep, longest_chain, ..
        } = self;
        let Self { parts, when_asked, time_and_ids: given, decisions, .. } = self;
        let (url, store, is_shared) = match store? {
            StoreSource::Url(url) => {
                (url.clone(), open_store(&url, cluster, accept_loss, foreign, &supervisor).await?, false)
            }
            StoreSource::Open(store) => (store.url(), store, true),
        };
        let upkeep = Arc::new(upkeep);
        let (lease_store, lease_upkeep) = (store.clone(), upkeep.clone());
        let on_late_acquisition = move || {
            let (store, upkeep) = (lease_store.clone(), lease_upkeep.clone());
            async move { upkeep.taken_over(&store).await }
        };
        let lease = Lease::new(&store, &supervisor, on_late_acquisition);
        let unfinished_import = async || match refuse_unfinished_import(&store, &url, accept_loss, &lease).await {
            // What a foreign store says about imports is dropped, so it need not be readable.
            Err(StartError::Unreadable(_)) if foreign => Ok(()),
            checked => checked,
        };
        // A store that is refused stays as it is, and acquiring the lease changes it.
        if !accept_loss {
            unfinished_import().await?;
        }
        let foreign_log = match foreign {
            true => verify_foreign_log(&store, &url, &upkeep, &process_managers).await?,
            false => None,
        };
        if accept_loss || foreign || !handlers_to_start.is_empty() {
            lease.want(&store).await?;
        }
        let mut give_up = GiveUpUnlessStarted(Some(lease.clone()));
        // The last holder of the lease may have died in the middle of an import.
        unfinished_import().await?;
        if let Some(log) = foreign_log {
            trust_only(log, &store, &url, &lease).await?;
        }
        let (clock, ids) = match given {
            Some(given) => given,
            None => time_and_ids(seed, store.end().await?),
        };
        let snapshot_every = limits.snapshot_every.get();
        let mut commands = CommandHandlers::default();
        let decisions = decisions.unwrap_or_else(Decisions::of_refused_answers);
        for start in kinds {
            let (store, clock, decisions) = (store.clone(), clock.clone(), Some(decisions.clone()));
            commands = start(commands, KindParts { store, clock, limits, supervisor: &supervisor, decisions });
        }

        let checkpoints = Checkpoints::of(&supervisor);
        let mut feed = Feed::new(checkpoints.clone());
        if is_shared {
            feed.end_with_store();
        }
        let models = Models::default();
        projections.into_iter().for_each(|add| add(&mut feed, &models));
        observers.into_iter().for_each(|observer| feed.observe(observer));
        match when_asked {
            true => feed.wait_to_be_asked(store.end().await?),
            false => feed.restore(&store).await?,
        }

        let context = HandlerContext {
            store: store.clone(),
            checkpoints: checkpoints.clone(),
            clock: clock.clone(),
            lease: lease.clone(),
            retry,
            supervisor: supervisor.clone(),
        };
        let mut handlers = Vec::new();
        for start in handlers_to_start {
            let parts = Parts { commands: &commands, models: &models, upkeep: &upkeep, longest_chain };
            handlers.push(start(&context, parts, &mut feed).await?);
        }
        let end = store.end().await?;
        let feed = feed.start(store.clone(), &supervisor);
        // The first question already sees everything stored before the start.
        if !when_asked {
            tokio::select! {
                () = checkpoints.projections_have_seen(end) => {}
                _ = supervisor.stopped() => {}
            }
        }
        give_up.0 = None;
        let seams = Seams::new(checkpoints.clone(), models.marks());
        let inner = Inner {
            url,
            base: Arc::new(Base { store, checkpoints, supervisor }),
            commands,
            decisions,
            models,
            histories: ProjectionHistories::default(),
            feed,
            handlers: Mutex::new(handlers),
            ids,
            seed,
            sender: sender(user.as_deref()),
            clock,
            retry,
            limits,
            longest_chain,
            lease,
            upkeep,
            parts: Mutex::new(parts),
            snapshot_every,
            changing: Arc::default(),
            seams,
            closing: AtomicBool::new(false),
        };
        Ok(Application { inner: Arc::new(inner), consistency: Consistency::Strong })
    }
}

/// Opens the store at a URL. It ends with the supervisor.
#[cfg_attr(
    not(feature = "nats"),
    allow(unused_variables, clippy::unused_async, reason = "only opening a file or a cluster needs them")
)]
pub(crate) async fn open_store<E: StoredEvent>(
    url: &StoreUrl,
    cluster: ClusterOptions,
    accept_loss: bool,
    foreign: bool,
    supervisor: &Supervisor,
) -> Result<Store<E>, StartError> {
    match url {
        StoreUrl::Memory => Ok(MemoryStore::start(supervisor).into()),
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite(path) => {
            let (path, watched) = (path.clone(), supervisor.clone());
            let options = SqliteOptions { accept_loss, foreign, ..SqliteOptions::default() };
            let opened = supervisor.runtime().blocking(move || SqliteStore::open(&path, options, &watched)).await;
            let store = opened.map_err(|not_done| StoreError::Failed(not_done.to_string().into()))??;
            Ok(store.into())
        }
        #[cfg(feature = "nats")]
        StoreUrl::Nats(url) => Ok(open_cluster(url, cluster, accept_loss, foreign, supervisor).await?),
    }
}

/// Metadata whose details all commands from outside share, so that no command has to make them.
fn sender(user: Option<&str>) -> Metadata {
    let nobody = Metadata::from_outside(Uuid::nil());
    user.map_or(nobody.clone(), |user| nobody.with_user(user))
}

struct StopUnlessStarted(Option<Supervisor>);

impl Drop for StopUnlessStarted {
    fn drop(&mut self) {
        if let Some(supervisor) = &self.0 {
            supervisor.stop(StopReason::Closed);
        }
    }
}

/// Releases the lease after a failed start, so that the next one, perhaps with other options, can take it.
struct GiveUpUnlessStarted(Option<Lease>);

impl Drop for GiveUpUnlessStarted {
    fn drop(&mut self) {
        if let Some(lease) = &self.0 {
            lease.give_up();
        }
    }
}

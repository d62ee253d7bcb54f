//! Opening a bank: the store, and everything that runs on it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::any_store::AnyStore;
use super::email::ThankYouEmail;
use super::handle::Inner;
use super::import;
use super::pin_checker::PinChecker;
use super::{Account, AccountEvent, Bank, CeoBonus, OpenError, Options, Store, TransferProcess};
use crate::engine::blocking::blocking;
use crate::engine::checkpoints::{Checkpoints, Consistency};
use crate::engine::command_handler::CommandHandler;
use crate::engine::event_handler::{self, EventHandler, HandlerControl, Surroundings};
use crate::engine::id_source::time_and_ids;
use crate::engine::lease::Lease;
use crate::engine::process_manager::{Process, ProcessManager};
use crate::engine::projection::Projections;
use crate::engine::store::memory::MemoryStore;
use crate::engine::store::sqlite::{SqliteOptions, SqliteStore};
use crate::engine::store::{EventStore, StoreError};
use crate::engine::supervisor::{StopReason, Supervisor};

impl Bank {
    /// Opens a bank.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: what stands in the way.
    pub async fn open(options: impl Into<Options>) -> Result<Self, OpenError> {
        let options = options.into();
        let supervisor = Supervisor::new();
        // What was started before something stood in the way does not go on.
        let mut stop = StopUnlessOpen(Some(supervisor.clone()));
        let opened = Self::open_with(options, supervisor.clone()).await;
        match &opened {
            Ok(_) => stop.0 = None,
            Err(_) => {
                drop(stop);
                supervisor.ended().await;
            }
        }
        opened
    }

    async fn open_with(options: Options, supervisor: Supervisor) -> Result<Self, OpenError> {
        match &options.store {
            Store::Memory => {
                let store = MemoryStore::start(&supervisor);
                assemble(options, store, supervisor).await
            }
            Store::Sqlite(path) => {
                let (path, watched) = (path.clone(), supervisor.clone());
                let sqlite = SqliteOptions { accept_loss: options.accept_loss, ..SqliteOptions::default() };
                let opening = move || SqliteStore::open(&path, sqlite, &watched);
                let opened = blocking(opening).await;
                let store = opened.map_err(|not_done| StoreError::Failed(not_done.to_string()))??;
                assemble(options, store, supervisor).await
            }
        }
    }
}

struct StopUnlessOpen(Option<Supervisor>);

impl Drop for StopUnlessOpen {
    fn drop(&mut self) {
        if let Some(supervisor) = &self.0 {
            supervisor.stop(StopReason::Closed);
        }
    }
}

/// Starts everything that runs on a store, in the order in which a command passes through it.
async fn assemble<S>(options: Options, store: S, supervisor: Supervisor) -> Result<Bank, OpenError>
where
    S: EventStore<AccountEvent> + Into<AnyStore>,
{
    let Options { store: kind, seed, limits, pins, ceo_bonus, email, retry, accept_loss } = options;
    let taken_over = store.clone();
    let lease = Lease::start(&store, &supervisor, move || import::stop_at_half(taken_over.clone())).await?;
    let mut give_up = GiveUpUnlessOpen(Some(lease.clone()));
    import::refuse_half(&store, &kind, accept_loss, &lease).await?;
    let (clock, ids) = time_and_ids(seed, store.end().await?);
    let snapshot_every = limits.snapshot_every.get();
    let commands = CommandHandler::start(store.clone(), clock.clone(), limits, &supervisor);

    let checkpoints = Checkpoints::new();
    let mut projections = Projections::new(checkpoints.clone());
    let (balances, accounts) = (projections.add(), projections.add());
    let (total_deposits, transfers) = (projections.add(), projections.add());
    projections.restore(&store).await?;

    let surroundings = Surroundings {
        store: store.clone(),
        checkpoints: checkpoints.clone(),
        clock: clock.clone(),
        lease: lease.clone(),
        retry,
        supervisor: supervisor.clone(),
    };
    let mut handlers = vec![start_process(TransferProcess, &commands, &surroundings, &mut projections).await?];
    if let Some(account) = ceo_bonus {
        import::start_after_imported(&store, CeoBonus::NAME, CeoBonus::STARTS, true).await?;
        let bonus = CeoBonus::new(account);
        handlers.push(start_process(bonus, &commands, &surroundings, &mut projections).await?);
    }
    if let Some(target) = email {
        let handler = ThankYouEmail::new(target, accounts.clone());
        start_after_imported(&store, &handler).await?;
        handlers.push(event_handler::start(move || handler.clone(), &surroundings, &mut projections).await?);
    }
    let end = store.end().await?;
    let projections = projections.start(store.clone(), &supervisor);
    // Whoever asks gets no answer from before what is known already.
    tokio::select! {
        () = checkpoints.projections_have_passed(end) => {}
        _ = supervisor.stopped() => {}
    }

    let pins = PinChecker::new(pins, seed);
    let inner = Inner {
        kind,
        store: store.into(),
        commands,
        checkpoints,
        balances,
        accounts,
        total_deposits,
        transfers,
        pins,
        handlers: Mutex::new(handlers),
        ids,
        snapshot_every,
        supervisor,
        projections,
        clock,
        retry,
        lease,
        importing: Arc::default(),
        closing: AtomicBool::new(false),
    };
    give_up.0 = None;
    Ok(Bank { inner: Arc::new(inner), consistency: Consistency::Strong })
}

/// Whoever opens the store next, with other options say, finds nobody who has the right to run its handlers.
struct GiveUpUnlessOpen(Option<Lease>);

impl Drop for GiveUpUnlessOpen {
    fn drop(&mut self) {
        if let Some(lease) = &self.0 {
            lease.give_up();
        }
    }
}

async fn start_after_imported<H: EventHandler<AccountEvent>>(
    store: &impl EventStore<AccountEvent>,
    _: &H,
) -> Result<(), StoreError> {
    import::start_after_imported(store, H::NAME, H::STARTS, H::FOLDS).await
}

async fn start_process<P, S>(
    policy: P,
    commands: &CommandHandler<Account>,
    surroundings: &Surroundings<S>,
    projections: &mut Projections<AccountEvent>,
) -> Result<HandlerControl, StoreError>
where
    P: ProcessManager<Aggregate = Account>,
    S: EventStore<AccountEvent>,
{
    let Surroundings { store, checkpoints, .. } = surroundings;
    let process = Process::new(policy, commands.clone(), store.clone(), checkpoints.clone());
    event_handler::start(move || process.clone(), surroundings, projections).await
}

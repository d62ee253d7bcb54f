//! Moves the write-ahead log into the file, concurrently with the writer.
//!
//! A thread with its own connection moves pages while the writer appends more, so the thread alone would never finish.
//! When few pages are left, the writer moves them itself between two commits, and SQLite restarts the write-ahead log.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;

/// The number of new pages that triggers a move: 4 MiB.
const MOVE_EVERY: u32 = 1_024;

/// The number of pages from which the writer helps to restart the log: 16 MiB.
const RESTART_FROM: u32 = 4_096;

/// State shared by the writer and the checkpointer.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct WalCheckpoints {
    pages: AtomicU32,
    moved: AtomicU32,
    few_pages_left: AtomicBool,
    wake: SyncSender<()>,
}

impl WalCheckpoints {
    pub(in crate::engine::store::sqlite) fn new() -> (Arc<Self>, Receiver<()>) {
        // One pending wake-up is enough.
        let (wake, woken) = sync_channel(1);
        let checkpoints =
            Self { pages: AtomicU32::new(0), moved: AtomicU32::new(0), few_pages_left: AtomicBool::new(false), wake };
        (Arc::new(checkpoints), woken)
    }

    /// Notifies the checkpointer of each commit.
    pub(in crate::engine::store::sqlite) fn watch(self: &Arc<Self>, writing: &mut Connection) -> rusqlite::Result<()> {
        let checkpoints = self.clone();
        writing.wal_hook(Some(move |_: &mut Wal, pages: c_int| {
            let pages = u32::try_from(pages).unwrap_or(0);
            if pages < checkpoints.pages.swap(pages, Ordering::Relaxed) {
                checkpoints.moved.store(0, Ordering::Relaxed);
            }
            if pages.saturating_sub(checkpoints.moved.load(Ordering::Relaxed)) >= MOVE_EVERY {
                // An error means that the checkpointer is already awake, or has ended.
                let _ = checkpoints.wake.try_send(());
            }
            Ok(())
        }))
    }

    /// The number of pages in the log after the last commit.
    pub(in crate::engine::store::sqlite) fn pages(&self) -> u32 {
        self.pages.load(Ordering::Relaxed)
    }

    /// The writer's part, between two commits.
    pub(in crate::engine::store::sqlite) fn finish(&self, writing: &Connection) {
        if self.few_pages_left.swap(false, Ordering::Relaxed) {
            // If this fails, the next call moves more pages.
            let _ = move_pages(writing);
            self.moved.store(0, Ordering::Relaxed);
        }
    }
}

/// The checkpointer's thread: moves pages whenever it is woken, until the writer ends.
pub(in crate::engine::store::sqlite) fn serve(
    checkpoints: &Weak<WalCheckpoints>,
    connection: Connection,
    woken: &Receiver<()>,
) {
    while woken.recv().is_ok() {
        let Some(checkpoints) = checkpoints.upgrade() else { return };
        match move_pages(&connection) {
            Ok((pages, moved)) => {
                checkpoints.moved.store(moved, Ordering::Relaxed);
                if pages >= RESTART_FROM {
                    checkpoints.few_pages_left.store(true, Ordering::Relaxed);
                }
            }
            // Another process is moving pages.
            Err(_) => checkpoints.moved.store(checkpoints.pages.load(Ordering::Relaxed), Ordering::Relaxed),
        }
    }
}

fn move_pages(connection: &Connection) -> rusqlite::Result<(u32, u32)> {
    let (pages, moved) = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)?;
    tracing::debug!(pages, moved, "checkpoint of the write-ahead log");
    Ok((u32::try_from(pages).unwrap_or(0), u32::try_from(moved).unwrap_or(0)))
}

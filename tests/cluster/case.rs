//! The clusters of this test program. They run until it ends, and each test has one of them, for itself or with others.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread;

use serde_json::json;

use crate::nodes::Cluster;

/// What takes longest is an election, in which nobody has anything to do: so many tests may each wait for one at once.
const CLUSTERS: usize = 3;

static PLACES: [Place; CLUSTERS] = [const { Place::new() }; CLUSTERS];

/// A cluster, from the first test that has it on.
struct Place {
    running: Mutex<Option<Arc<Cluster>>>,
    /// Held by all who only use it, or by the one who damages it.
    in_use: RwLock<()>,
}

/// A cluster, for one test.
pub(crate) struct Case {
    place: &'static Place,
    cluster: Arc<Cluster>,
    held: Held,
    /// Deleted in the end: what nobody needs any more would cost the nodes as much as before.
    streams: Mutex<Vec<String>>,
}

enum Held {
    WithOthers { _use: RwLockReadGuard<'static, ()> },
    Alone { _use: RwLockWriteGuard<'static, ()> },
}

impl Place {
    const fn new() -> Self {
        Self { running: Mutex::new(None), in_use: RwLock::new(()) }
    }

    fn running(&self) -> Arc<Cluster> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get_or_insert_with(|| Arc::new(Cluster::start())).clone()
    }

    /// Another one is started for the next test.
    fn end(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Case {
    /// For a test that leaves nodes and connections as they are.
    pub(crate) fn with_others() -> Self {
        let [first, ..] = &PLACES;
        let found = PLACES.iter().find_map(|place| Some((place, free(place.in_use.try_read())?)));
        let (place, _use) =
            found.unwrap_or_else(|| (first, first.in_use.read().unwrap_or_else(PoisonError::into_inner)));
        Self::of(place, Held::WithOthers { _use })
    }

    /// For a test that does something to nodes or connections.
    pub(crate) fn alone() -> Self {
        let [.., last] = &PLACES;
        let found = PLACES.iter().rev().find_map(|place| Some((place, free(place.in_use.try_write())?)));
        let (place, _use) =
            found.unwrap_or_else(|| (last, last.in_use.write().unwrap_or_else(PoisonError::into_inner)));
        Self::of(place, Held::Alone { _use })
    }

    fn of(place: &'static Place, held: Held) -> Self {
        let cluster = place.running();
        cluster.wait_until_well();
        Self { place, cluster, held, streams: Mutex::default() }
    }

    /// A name that no other test has.
    pub(crate) fn stream_name(&self) -> String {
        let name = self.cluster.stream_name();
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        name
    }
}

impl Deref for Case {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        let is_alone = matches!(self.held, Held::Alone { .. });
        if thread::panicking() {
            if is_alone {
                self.place.end();
            }
            return;
        }
        if is_alone {
            self.cluster.heal();
        }
        for name in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            for stream in [format!("KV_{name}_handlers"), format!("{name}-kept"), name] {
                self.cluster.ask(&format!("$JS.API.STREAM.DELETE.{stream}"), &json!({}));
            }
        }
    }
}

/// What was tried to lock, unless somebody has it. A test that failed has left nothing else behind.
fn free<T>(tried: Result<T, TryLockError<T>>) -> Option<T> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

//! The forks of an application at a prompt, and which of them calls go to.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::fork_name::{FORK, MAIN};
use crate::engine::application::Application;
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::Parameter;

/// The most forks at once.
pub(super) const MOST_FORKS: usize = 64;

/// The forks of an application. Cheap to clone; all clones are the same forks.
pub struct Forks<E: 'static> {
    state: Arc<RwLock<State<E>>>,
}

struct State<E: 'static> {
    forks: Vec<Fork<E>>,
    /// The name of the fork that calls go to.
    current: Option<String>,
    /// How many there have been.
    made: u64,
}

/// A fork.
pub(super) struct Fork<E: 'static> {
    pub(super) name: String,
    /// What it was made of: another fork, or [`MAIN`].
    pub(super) of: String,
    pub(super) at: Position,
    /// From main to this one: the number of each fork, and where it begins.
    pub(super) path: Vec<(u64, Position)>,
    pub(super) application: Application<E>,
}

impl<E: StoredEvent> Clone for Fork<E> {
    fn clone(&self) -> Self {
        let Self { name, of, at, path, application } = self;
        let (name, of, path, application) = (name.clone(), of.clone(), path.clone(), application.clone());
        Self { name, of, at: *at, path, application }
    }
}

impl<E: 'static> Fork<E> {
    /// Its number, which no other fork has, whatever their names.
    pub(super) fn number(&self) -> Option<u64> {
        self.path.last().map(|(number, _)| *number)
    }

    /// The number of the fork that it was made of; `None` for main.
    pub(super) fn parent(&self) -> Option<u64> {
        self.path.iter().nth_back(1).map(|(number, _)| *number)
    }
}

impl<E: 'static> Default for Forks<E> {
    fn default() -> Self {
        Self { state: Arc::new(RwLock::new(State { forks: Vec::new(), current: None, made: 0 })) }
    }
}

impl<E: 'static> Clone for Forks<E> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone() }
    }
}

impl<E: 'static> fmt::Debug for Forks<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names("", usize::MAX)).finish()
    }
}

impl<E: 'static> Forks<E> {
    /// The name of the fork that calls go to; `None` for the application itself.
    pub fn current_name(&self) -> Option<String> {
        self.read().current.clone()
    }

    /// The first `limit` names of forks that begin with `prefix`, and that of the application itself.
    pub fn names(&self, prefix: &str, limit: usize) -> Vec<String> {
        let state = self.read();
        let names = std::iter::once(MAIN).chain(state.forks.iter().map(|fork| fork.name.as_str()));
        names.filter(|name| name.starts_with(prefix)).take(limit).map(str::to_owned).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, State<E>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State<E>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names for a parameter that names a fork; `None` for any other.
    pub fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Option<Vec<String>> {
        (parameter.name == FORK.name).then(|| self.names(prefix, limit))
    }
}

impl<E: StoredEvent> Forks<E> {
    /// The fork that calls go to; `None` for the application itself.
    pub fn current(&self) -> Option<Application<E>> {
        Some(self.current_fork()?.application)
    }

    pub(super) fn current_fork(&self) -> Option<Fork<E>> {
        let state = self.read();
        let current = state.current.as_ref()?;
        state.forks.iter().find(|fork| fork.name == *current).cloned()
    }

    pub(super) fn named(&self, name: &str) -> Option<Fork<E>> {
        self.read().forks.iter().find(|fork| fork.name == name).cloned()
    }

    pub(super) fn all(&self) -> Vec<Fork<E>> {
        self.read().forks.clone()
    }

    /// Adds a fork of the current one, or of main, and goes on with it.
    pub(super) fn add(&self, name: &str, at: Position, application: Application<E>) {
        let parent = self.current_fork();
        let mut state = self.write();
        state.made += 1;
        let number = state.made;
        let (of, mut path) = parent.map_or_else(|| (MAIN.to_owned(), Vec::new()), |parent| (parent.name, parent.path));
        path.push((number, at));
        state.forks.push(Fork { name: name.to_owned(), of, at, path, application });
        state.current = Some(name.to_owned());
    }

    pub(super) fn go_to(&self, name: Option<&str>) {
        self.write().current = name.map(str::to_owned);
    }

    pub(super) fn remove(&self, name: &str) -> Option<Fork<E>> {
        let mut state = self.write();
        let index = state.forks.iter().position(|fork| fork.name == name)?;
        Some(state.forks.remove(index))
    }

    /// Ends all forks. Calls go to the application itself again.
    pub async fn end_all(&self) {
        let forks = {
            let mut state = self.write();
            state.current = None;
            std::mem::take(&mut state.forks)
        };
        for fork in forks {
            fork.application.close().await;
        }
    }
}

/// The last position that two histories have in common, from their paths; `None` if they are the same one.
pub(super) fn common_end(one: &[(u64, Position)], other: &[(u64, Position)]) -> Option<Position> {
    let common = one.iter().zip(other).take_while(|(one, other)| one.0 == other.0).count();
    one[common..].iter().chain(&other[common..]).map(|(_, at)| *at).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_part_where_the_first_of_them_leaves_the_other() {
        let path =
            |forks: &[(u64, u64)]| -> Vec<_> { forks.iter().map(|(id, at)| (*id, Position::new(*at))).collect() };
        let common = |one: &[(u64, u64)], other: &[(u64, u64)]| {
            let [one_way, other_way] = [common_end(&path(one), &path(other)), common_end(&path(other), &path(one))];
            assert_eq!(one_way, other_way);
            one_way.map(Position::get)
        };
        assert_eq!(common(&[], &[]), None);
        assert_eq!(common(&[(1, 3)], &[(1, 3)]), None);
        assert_eq!(common(&[], &[(1, 3)]), Some(3));
        assert_eq!(common(&[(1, 3)], &[(2, 5)]), Some(3));
        assert_eq!(common(&[(1, 3)], &[(1, 3), (2, 5)]), Some(5));
        assert_eq!(common(&[], &[(1, 3), (2, 2)]), Some(2), "the second fork leaves main before the first does");
        assert_eq!(common(&[(1, 3), (2, 7)], &[(1, 3), (3, 5), (4, 9)]), Some(5));
    }
}

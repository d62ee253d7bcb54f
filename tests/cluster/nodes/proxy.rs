//! What stands between two ends of a connection, and can cut it, hold it up or slow it down.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What is read at once, in bytes.
const PIECE: usize = 1 << 16;

/// How many pieces may be on the way.
const ON_THE_WAY: usize = 1_024;

/// What becomes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Open,
    /// They stay, and nothing comes through until they are open again: as if a network had lost its packets.
    Held,
    /// They are closed, and new ones are too.
    Cut,
}

/// A port that leads to another.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    to: u16,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    condition: Condition,
    delay: Duration,
    connections: Vec<Weak<Connection>>,
    has_ended: bool,
}

/// Both ends.
struct Connection {
    from: TcpStream,
    to: TcpStream,
}

impl Proxy {
    /// A free port that leads to this one.
    pub(crate) fn to(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state =
            State { condition: Condition::Open, delay: Duration::ZERO, connections: Vec::new(), has_ended: false };
        let shared = Arc::new(Shared { to, state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Some(thread::spawn({
            let shared = shared.clone();
            move || shared.accept(&listener)
        }));
        Self { port, shared, accepting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn set(&self, condition: Condition) {
        let mut state = self.shared.state();
        state.condition = condition;
        if condition == Condition::Cut {
            state.close_all();
        }
        self.shared.changed.notify_all();
    }

    /// From now on everything arrives so much later, in each direction. It may be as much at once as before.
    pub(crate) fn delay(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.has_ended = true;
        state.close_all();
        self.shared.changed.notify_all();
        drop(state);
        // Wakes who accepts.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        self.accepting.take().map(JoinHandle::join);
    }
}

impl State {
    fn close_all(&mut self) {
        self.connections.drain(..).filter_map(|connection| connection.upgrade()).for_each(|connection| {
            let _ = connection.from.shutdown(Shutdown::Both);
            let _ = connection.to.shutdown(Shutdown::Both);
        });
    }

    fn lets_through(&self) -> bool {
        self.condition == Condition::Open && !self.has_ended
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while let Ok((from, _)) = listener.accept() {
            if self.state().has_ended {
                return;
            }
            // A node that does not run refuses, and so does its proxy.
            let Ok(to) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.to)) else { continue };
            let _ = (from.set_nodelay(true), to.set_nodelay(true));
            let connection = Arc::new(Connection { from, to });
            let mut state = self.state();
            if state.condition == Condition::Cut {
                continue;
            }
            state.connections.retain(|connection| connection.strong_count() > 0);
            state.connections.push(Arc::downgrade(&connection));
            drop(state);
            for is_request in [true, false] {
                let (piece, pieces) = sync_channel(ON_THE_WAY);
                let (reading, writing) = (self.clone(), self.clone());
                let (one, other) = (connection.clone(), connection.clone());
                thread::spawn(move || reading.read(&one, is_request, &piece));
                thread::spawn(move || writing.write(&other, is_request, &pieces));
            }
        }
    }

    fn read(&self, connection: &Connection, is_request: bool, piece: &SyncSender<(Instant, Vec<u8>)>) {
        let mut from = if is_request { &connection.from } else { &connection.to };
        let mut bytes = vec![0; PIECE];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let due = Instant::now() + self.state().delay;
            if piece.send((due, bytes[..count].to_vec())).is_err() {
                return;
            }
        }
    }

    fn write(&self, connection: &Connection, is_request: bool, pieces: &Receiver<(Instant, Vec<u8>)>) {
        let mut to = if is_request { &connection.to } else { &connection.from };
        for (due, bytes) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let waits = |state: &mut State| state.condition == Condition::Held && !state.has_ended;
            let state = self.changed.wait_while(self.state(), waits).unwrap_or_else(PoisonError::into_inner);
            let lets_through = state.lets_through();
            drop(state);
            if !lets_through || to.write_all(&bytes).is_err() {
                break;
            }
        }
        // What one end has closed is closed at the other. After a failure both are, so that nobody goes on reading.
        let _ = to.shutdown(Shutdown::Both);
    }
}

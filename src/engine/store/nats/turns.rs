//! Who was not first asks the others for a turn. They would be first again and again: each knows of its own commit before
//! anybody else does, and can offer the next one sooner.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::connection::Connection;

#[derive(Debug)]
pub(super) struct Turns {
    connection: Arc<Connection>,
    /// Tells this program from the others.
    own: Bytes,
    asked: Arc<Mutex<Option<Instant>>>,
    hearing: JoinHandle<()>,
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.hearing.abort();
    }
}

impl Turns {
    /// Starts to hear the others, on this runtime. Where that is not allowed, they wait for longer.
    pub(super) fn start(connection: Arc<Connection>) -> Self {
        let (own, asked) = (Bytes::from(Uuid::new_v4().simple().to_string()), Arc::default());
        let hearing = tokio::spawn(hear(connection.clone(), own.clone(), Arc::clone(&asked)));
        Self { connection, own, asked, hearing }
    }

    /// Asks for a turn. That is no more than a wish: one that gets lost is told again, at the next conflict.
    pub(super) fn ask(&self) -> impl Future<Output = ()> + Send + 'static {
        let (connection, own) = (self.connection.clone(), self.own.clone());
        async move { drop(connection.client.publish(connection.turn_subject(), own).await) }
    }

    /// When another program asked for one.
    pub(super) fn asked_at(&self) -> Option<Instant> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hear(connection: Arc<Connection>, own: Bytes, asked: Arc<Mutex<Option<Instant>>>) {
    let Ok(mut messages) = connection.client.subscribe(connection.turn_subject()).await else { return };
    while let Some(message) = std::future::poll_fn(|context| std::pin::Pin::new(&mut messages).poll_next(context)).await
    {
        if message.payload != own {
            *asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

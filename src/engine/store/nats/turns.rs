//! Who was not first asks the others for a turn. They would be first again and again: each knows of its own commit before
//! anybody else does, and can offer the next one sooner.

use std::str::from_utf8;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_core::Stream as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::connection::Connection;

/// How many programs are told apart, and for how long. Whoever still waits asks again.
const MOST: usize = 64;
const REMEMBERED_FOR: Duration = Duration::from_secs(1);

/// Which programs have asked, and when last.
type Asked = Arc<Mutex<Vec<(Uuid, Instant)>>>;

#[derive(Debug)]
pub(super) struct Turns {
    connection: Arc<Connection>,
    asked: Asked,
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
        let asked = Asked::default();
        let hearing = tokio::spawn(hear(connection.clone(), Arc::clone(&asked)));
        Self { connection, asked, hearing }
    }

    /// Asks for a turn. That is no more than a wish: one that gets lost is told again, at the next conflict.
    pub(super) fn ask(&self, writer: Uuid) -> impl Future<Output = ()> + Send + 'static {
        let connection = self.connection.clone();
        let name = writer.simple().to_string();
        async move { drop(connection.client.publish(connection.turn_subject(), name.into()).await) }
    }

    /// Who has asked for one of late, this program among them.
    pub(super) fn asked(&self) -> Vec<(Uuid, Instant)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn hear(connection: Arc<Connection>, asked: Asked) {
    let Ok(mut messages) = connection.client.subscribe(connection.turn_subject()).await else { return };
    while let Some(message) = std::future::poll_fn(|context| std::pin::Pin::new(&mut messages).poll_next(context)).await
    {
        let writer = from_utf8(&message.payload).ok().and_then(|name| Uuid::parse_str(name).ok());
        let Some(writer) = writer else { continue };
        let (now, mut asked) = (Instant::now(), asked.lock().unwrap_or_else(PoisonError::into_inner));
        asked.retain(|(known, at)| *known != writer && now - *at < REMEMBERED_FOR);
        if asked.len() < MOST {
            asked.push((writer, now));
        }
    }
}

//! The lease to run handlers: a message that goes by itself unless its holder renews it. Whatever is stored under the lease
//! renews it in the same step, so that a holder who has lost it stores nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Records;
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::HandlersLease;
use crate::engine::store::nats::batch::Message;
use crate::engine::store::nats::requests::Unanswered;

/// How long the lease lives that nobody renews, in seconds. An election takes 4 to 9 s.
const LIVES_FOR: u64 = 12;

/// How long before that the holder gives it up: clocks differ, and messages take their time.
const MARGIN: Duration = Duration::from_secs(2);

/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// How long a lease that somebody else holds is not asked for.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// How long to wait before the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// What the lease's message says.
#[derive(Debug, Serialize, Deserialize)]
struct Text {
    /// `None` for a lease that was given up.
    holder: Option<Uuid>,
    /// Tells one write from another.
    write: Uuid,
}

/// What this program knows of the lease.
#[derive(Debug, Default)]
pub(super) enum Lease {
    /// It never had it.
    #[default]
    Never,
    Held(Held),
    Lost,
}

#[derive(Debug)]
pub(super) struct Held {
    /// The place of its last message.
    revision: u64,
    /// Until when nobody else can have it.
    until: Instant,
    lost: watch::Sender<bool>,
}

impl Records {
    /// Tries to acquire the lease.
    pub(in crate::engine::store::nats) async fn acquire(&self) -> Result<Option<HandlersLease>, StoreError> {
        let mut lease = self.lease.lock().await;
        if matches!(&*lease, Lease::Held(held) if held.until > Instant::now() && !*held.lost.borrow()) {
            return Ok(None);
        }
        {
            let mut asked = self.asked.lock().await;
            if asked.is_some_and(|asked: Instant| asked.elapsed() < ASK_EVERY) {
                return Ok(None);
            }
            *asked = Some(Instant::now());
        }
        let found = self.last(&self.lease_subject()).await.map_err(|unanswered| unavailable(&unanswered))?;
        let revision = match found {
            None => 0,
            Some((revision, payload)) => match serde_json::from_slice::<Text>(&payload) {
                // Somebody holds it. An earlier lease of this program ends by itself too.
                Ok(Text { holder: Some(_), .. }) => return Ok(None),
                // Given up, or only the mark of one that has gone.
                Ok(Text { holder: None, .. }) | Err(_) => revision,
            },
        };
        let begun = Instant::now();
        let message = self.lease_message(Some(self.holder), Uuid::new_v4(), revision);
        let revision = match self.connection.store(vec![message]).await {
            Ok(revision) => revision,
            Err(Unanswered::Refused(_)) => return Ok(None),
            Err(unanswered) => return Err(unavailable(&unanswered)),
        };
        let (lost, losing) = watch::channel(false);
        let (holding, released) = oneshot::channel();
        *lease = Lease::Held(Held { revision, until: begun + live_for(), lost });
        drop(lease);
        tokio::spawn(self.clone().keep(revision, losing.clone(), released));
        Ok(Some(HandlersLease::renewed(losing, holding)))
    }

    /// Renews the lease until it is lost or given up.
    async fn keep(self, begun: u64, losing: watch::Receiver<bool>, mut released: oneshot::Receiver<()>) {
        tracing::debug!("the lease to run handlers begins at {begun}");
        while !*losing.borrow() {
            tokio::select! {
                biased;
                // The expected error: the holder is dropped.
                _ = &mut released => return self.give_up().await,
                () = sleep(RENEW_EVERY) => {
                    // What is wrong is noted by it.
                    let _ = self.store_under_lease(Vec::new()).await;
                }
            }
        }
    }

    /// Gives up the lease, so that others need not wait until it goes by itself.
    pub(in crate::engine::store::nats) async fn give_up(&self) {
        let mut lease = self.lease.lock().await;
        if let Lease::Held(held) = std::mem::replace(&mut *lease, Lease::Lost) {
            held.lost.send_replace(true);
            let message = self.lease_message(None, Uuid::new_v4(), held.revision);
            // If this fails, the lease goes by itself.
            let _ = self.connection.store(vec![message]).await;
        }
    }

    /// Stores messages and renews the lease, in one step; without a lease if this program never had it.
    pub(super) async fn store_under_lease(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let mut lease = self.lease.lock().await;
        let held = match &mut *lease {
            Lease::Lost => return Err(StoreError::LeaseLost),
            Lease::Never => return self.store_anyway(messages).await,
            Lease::Held(held) => held,
        };
        // The same for all attempts: whichever of them is stored, the messages are.
        let write = Uuid::new_v4();
        loop {
            let begun = Instant::now();
            if begun > held.until {
                break;
            }
            let renewal = self.lease_message(Some(self.holder), write, held.revision);
            let all = [renewal].into_iter().chain(messages.iter().cloned()).collect();
            match self.connection.store(all).await {
                Ok(revision) => {
                    (held.revision, held.until) = (revision, begun + live_for());
                    return Ok(());
                }
                Err(unanswered) => tracing::debug!("the lease is not renewed yet: {unanswered}"),
            }
            // Refused, or of unknown outcome: what stands there tells.
            match self.last(&self.lease_subject()).await {
                Ok(Some((revision, payload))) => match serde_json::from_slice::<Text>(&payload) {
                    Ok(text) if text.write == write => {
                        (held.revision, held.until) = (revision, begun + live_for());
                        return Ok(());
                    }
                    _ if revision != held.revision => break,
                    _ => {}
                },
                Ok(None) => break,
                Err(_) => {}
            }
            sleep(RETRY_AFTER).await;
        }
        held.lost.send_replace(true);
        *lease = Lease::Lost;
        Err(StoreError::LeaseLost)
    }

    fn lease_message(&self, holder: Option<Uuid>, write: Uuid, after: u64) -> Message {
        // It can be written as JSON.
        let payload = serde_json::to_vec(&Text { holder, write }).unwrap_or_default();
        let lives_for = Some(if holder.is_some() { LIVES_FOR } else { 1 });
        Message { subject: self.lease_subject(), payload: payload.into(), after: Some(after), lives_for }
    }
}

fn live_for() -> Duration {
    Duration::from_secs(LIVES_FOR).saturating_sub(MARGIN)
}

pub(super) fn unavailable(unanswered: &Unanswered) -> StoreError {
    StoreError::Unavailable(unanswered.to_string())
}

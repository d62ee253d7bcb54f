//! The event handler that publishes each event for others, on the cluster that keeps the log.

use std::fmt;
use std::sync::Arc;

use super::Builder;
use super::starting::StoreSource;
use super::upkeep::KnownHandler;
use crate::engine::event_handler::{self, EventHandler, Failure, NackAction, StartFrom};
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::{StoredEvent, data_to_show};
use crate::engine::store::commit_log::{CommitLog, NotPublished, Publication};
use crate::engine::store::{StoreError, StoreUrl};

/// Publishes each event as a message, with its data as JSON and everything else in headers. What an event hides is left out.
///
/// Whoever is subscribed gets each event at least once, and recognises it by the header `Nats-Msg-Id`.
#[derive(Clone)]
struct Publisher {
    log: Arc<dyn CommitLog>,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("log", &self.log.name()).finish()
    }
}

impl<E: StoredEvent> EventHandler<E> for Publisher {
    const NAME: &'static str = "publisher";
    const START: StartFrom = StartFrom::Origin;
    const MAY_REPEAT: bool = true;

    fn filter(&self) -> impl Fn(&RecordedEvent<E>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<E>) -> Result<(), Failure> {
        let Some(cluster) = self.log.cluster() else { return Ok(()) };
        let park = |reason: String| Failure::retry(reason).with_action(NackAction::Park);
        let publication = publication(event).ok_or_else(|| park("it cannot be written as JSON".to_owned()))?;
        cluster.publish(publication).await.map_err(|error| match error {
            // The event is not at fault.
            NotPublished::Unavailable(reason) => Failure::retry(reason).with_action(NackAction::Untried),
            NotPublished::Refused(reason) => Failure::retry(reason),
            NotPublished::TooLarge(reason) => park(reason),
        })
    }
}

fn publication<E: StoredEvent>(event: &RecordedEvent<E>) -> Option<Publication> {
    let RecordedEvent { position, stream, version, time, metadata, data } = event;
    let payload = data_to_show(data, None)?.get().as_bytes().to_vec();
    let mut headers = vec![
        // The same each time, and of no other event.
        ("Nats-Msg-Id", format!("{}.{version}", metadata.command_id)),
        ("Event-Type", data.event_type().to_owned()),
        ("Schema-Version", data.schema_version().to_string()),
        ("Position", position.to_string()),
        ("Stream", in_one_line(stream.as_str())),
        ("Version", version.to_string()),
        ("Time", time.to_string()),
        ("Command-Id", metadata.command_id.to_string()),
        ("Correlation-Id", metadata.correlation_id().to_string()),
        ("Causation-Id", metadata.causation_id().to_string()),
    ];
    headers.extend(metadata.user().map(|user| ("User", in_one_line(user))));
    headers.extend(metadata.process().map(|process| ("Process", in_one_line(process))));
    if !metadata.has_effects() {
        headers.push(("Effects", "none".to_owned()));
    }
    Some(Publication { stream: stream.as_str().to_owned(), headers, payload })
}

/// A text as a JSON string, which no line break ends.
fn in_one_line(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<E: StoredEvent> Builder<E> {
    /// Adds the publisher, if the store is on a cluster.
    pub(super) fn publishing(mut self) -> Self {
        if !matches!(self.store, Ok(StoreSource::Url(StoreUrl::Nats(_)))) {
            return self;
        }
        self.names.push(<Publisher as EventHandler<E>>::NAME);
        self.handlers.push(Box::new(|context, parts, feed| {
            Box::pin(async move {
                parts.upkeep.before_handler(&context.store, KnownHandler::event_handler::<Publisher>()).await?;
                let log = context.store.cluster_log().ok_or_else(|| StoreError::Failed("it has no log".into()))?;
                let publisher = Publisher { log: log.clone() };
                Ok(event_handler::start(move || publisher.clone(), context, feed).await?)
            })
        }));
        self
    }
}

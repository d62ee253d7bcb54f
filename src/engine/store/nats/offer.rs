//! Offers an entry until it is known what stands at its place.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::api::{Acknowledged, ApiError};
use super::connection::Connection;
use super::end;
use super::requests::{Unanswered, read};
use crate::engine::store::commit_log::{LogError, Offered, Replicated};

/// How long an entry is offered that nobody has received. An election takes 4 to 9 s.
const OFFER_FOR: Duration = Duration::from_secs(15);

/// How long to ask what stands at the place of an entry that somebody may have received.
const ASK_FOR: Duration = Duration::from_secs(30);

/// How long to wait before the next attempt: at first as long as another program's entry may be on its way to its place, and
/// then twice as long each time …
const FIRST_RETRY_AFTER: Duration = Duration::from_millis(1);

/// … up to this.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Offers an entry for the place after the entry `after`. A log that has lost what was `seen` is no log any more.
pub(super) async fn offer(
    connection: &Connection,
    seen: Replicated,
    after: u64,
    entry: Bytes,
) -> Result<Offered, LogError> {
    let begun = Instant::now();
    // Whether somebody may have received it, so that it may stand there now or later.
    let (mut is_received, mut retry_after) = (false, FIRST_RETRY_AFTER);
    let reason = loop {
        let reason = match publish(connection, after, entry.clone()).await {
            // Anywhere else it is void, and something else stands there.
            Ok(sequence) => return Ok(if sequence == after + 1 { Offered::Accepted } else { Offered::Conflict }),
            Err(Unanswered::Refused(refusal)) if is_conflict(&refusal) => {
                if !is_received && refusal.last_sequence().is_some_and(|last| last > after) {
                    return Ok(Offered::Conflict);
                }
                match end::standing_at(connection, after + 1).await {
                    Ok(Some(standing)) => {
                        return Ok(if standing == entry { Offered::Accepted } else { Offered::Conflict });
                    }
                    // The server's word alone is no conflict.
                    Ok(None) => {
                        end::check_seen(connection, seen).await.or_else(unless_unavailable)?;
                        refusal.to_string()
                    }
                    Err(unanswered) => unanswered.to_string(),
                }
            }
            Err(unanswered) => {
                is_received |= matches!(unanswered, Unanswered::NoAnswer(_));
                unanswered.to_string()
            }
        };
        if begun.elapsed() > if is_received { ASK_FOR } else { OFFER_FOR } {
            break reason;
        }
        tracing::debug!("the entry after {after} is offered again: {reason}");
        sleep(retry_after).await;
        retry_after = RETRY_AFTER.min(2 * retry_after);
        // What is not sent cannot come to stand there later.
        while !is_received && begun.elapsed() < OFFER_FOR && connection.info().await.is_err() {
            sleep(RETRY_AFTER).await;
        }
    };
    Ok(if is_received { Offered::Unknown(reason) } else { Offered::NotOffered(reason) })
}

async fn publish(connection: &Connection, after: u64, entry: Bytes) -> Result<u64, Unanswered> {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Sequence", after.to_string());
    let message = connection.send(connection.subject(), headers, entry).await?;
    read(&message).map(|Acknowledged { seq }| seq)
}

fn is_conflict(refusal: &ApiError) -> bool {
    matches!(refusal.err_code, ApiError::WRONG_LAST_SEQUENCE | ApiError::WRONG_LAST_SEQUENCE_CONSTANT)
}

fn unless_unavailable(error: LogError) -> Result<(), LogError> {
    match error {
        LogError::Unavailable(_) => Ok(()),
        error => Err(error),
    }
}

//! Waiting until a bank has nothing more to do.

use cqrs_bank::bank::{AccountEvent, Bank};
use cqrs_bank::engine::feed::checkpoints::HandlerState;
use cqrs_bank::engine::log::{Position, RecordedEvent};

/// Waits until every handler has seen everything, and nothing has come of it any more.
pub(crate) async fn at_rest(bank: &Bank) {
    let mut seen = None;
    loop {
        let handlers = bank.handlers().await.unwrap();
        let at_end = handlers
            .iter()
            .all(|handler| handler.behind == 0 && handler.status.condition.state != HandlerState::RunningElsewhere);
        let end = handlers.iter().map(|handler| handler.status.checkpoint).max();
        if at_end && seen == end {
            return;
        }
        seen = end.filter(|_| at_end);
        tokio::task::yield_now().await;
    }
}

/// Everything that has happened.
pub(crate) async fn log(bank: &Bank) -> Vec<RecordedEvent<AccountEvent>> {
    bank.events(Position::START, usize::MAX).await.unwrap()
}

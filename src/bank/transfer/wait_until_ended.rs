//! Waiting for a transfer that another process carries out.

use tokio::time::Instant;

use super::process::TransferProcess;
use crate::bank::account::{AccountEvent, TransferId};
use crate::engine::application::{Base, Receipt, Seen};
use crate::engine::feed::checkpoints::{Consistency, HandlerState};
use crate::engine::log::Position;
use crate::engine::process_manager::ProcessManager as _;
use crate::engine::store::subscription::Subscription;

/// Waits until the transfer begun by a command has ended, if another process runs the transfers. Its end then appears
/// in the log only: no local handler knows of it.
pub(in crate::bank) async fn wait_until_transfer_has_ended(
    bank: &Base<AccountEvent>,
    consistency: Consistency,
    transfer_id: TransferId,
    receipt: Receipt<AccountEvent>,
) -> Receipt<AccountEvent> {
    let is_reserved = receipt.events().first().is_some_and(
        |event| matches!(&event.data, AccountEvent::MoneyReserved(outgoing) if outgoing.transfer_id == transfer_id),
    );
    let skips_wait = !is_reserved || consistency == Consistency::Eventual || !receipt.lagging().is_empty();
    if skips_wait || !runs_elsewhere(bank) {
        return receipt;
    }
    let (up_to, deadline) = (receipt.seen_up_to(), receipt.deadline());
    let max_wait = deadline.saturating_duration_since(Instant::now());
    let end = bank.supervisor.timeout(max_wait, position_of_end(bank, transfer_id, up_to)).await.flatten();
    let (up_to, lagging) = match end {
        Some(end) => (end, bank.wait_until_seen(end, deadline).await),
        None => (up_to, vec![TransferProcess::NAME]),
    };
    receipt.and_seen(Seen { up_to, lagging, deadline: Some(deadline) })
}

fn runs_elsewhere(bank: &Base<AccountEvent>) -> bool {
    let handlers = bank.checkpoints.handlers();
    handlers.iter().any(|handler| {
        handler.name == TransferProcess::NAME && handler.condition.state == HandlerState::RunningElsewhere
    })
}

/// Follows the log to the event that ends a transfer, and returns its position.
async fn position_of_end(bank: &Base<AccountEvent>, transfer_id: TransferId, after: Position) -> Option<Position> {
    let mut log = Subscription::after(bank.store.clone(), after);
    loop {
        let events = log.next().await.ok()?;
        if let Some(end) = events.iter().find(|event| event.data.ends(transfer_id)) {
            return Some(end.position);
        }
    }
}

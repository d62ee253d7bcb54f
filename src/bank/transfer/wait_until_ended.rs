//! Waiting for a transfer that another process carries out.

use tokio::time::Instant;

use super::process::TransferProcess;
use crate::bank::account::{AccountEvent, TransferId};
use crate::engine::application::{Base, Receipt, Seen};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Position;
use crate::engine::process_manager::ProcessManager as _;
use crate::engine::store::subscription::Subscription;

/// Whether the transfer that a command began is still to end. It has ended if a process here runs the transfers.
pub(in crate::bank) fn is_to_end_elsewhere(
    bank: &Base<AccountEvent>,
    consistency: Consistency,
    transfer_id: TransferId,
    receipt: &Receipt<AccountEvent>,
) -> bool {
    let has_begun = receipt.events().first().is_some_and(
        |event| matches!(&event.data, AccountEvent::MoneyReserved(outgoing) if outgoing.transfer_id == transfer_id),
    );
    let is_waited_for = consistency == Consistency::Strong && receipt.lagging().is_empty();
    has_begun && is_waited_for && bank.checkpoints.runs_elsewhere(TransferProcess::NAME)
}

/// Waits for the end of a transfer that another process carries out. It appears in the log only: no handler here knows
/// of it.
pub(in crate::bank) async fn wait_until_ended_elsewhere(
    bank: &Base<AccountEvent>,
    transfer_id: TransferId,
    receipt: Receipt<AccountEvent>,
) -> Receipt<AccountEvent> {
    let (up_to, deadline) = (receipt.seen_up_to(), receipt.deadline());
    let max_wait = deadline.saturating_duration_since(Instant::now());
    let end = bank.supervisor.timeout(max_wait, position_of_end(bank, transfer_id, up_to)).await.flatten();
    let (up_to, lagging) = match end {
        Some(end) => (end, bank.wait_until_seen(end, deadline).await),
        None => (up_to, vec![TransferProcess::NAME]),
    };
    receipt.and_seen(Seen { up_to, lagging, deadline: Some(deadline) })
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

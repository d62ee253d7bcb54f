//! What a reversal reverses.

use uuid::Uuid;

use crate::bank::{Bank, Unavailable};
use crate::engine::log::Position;
use crate::engine::store::EventStore as _;

/// How many commands are looked up in one request.
const MAX_LOOKED_UP: usize = 1_024;

impl Bank {
    /// The positions of what commands have booked, in the order of the ids: of a transfer, where it was reserved. `None` for
    /// a command that booked nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the log could not be read.
    pub async fn positions_of_bookings(&self, command_ids: Vec<Uuid>) -> Result<Vec<Option<Position>>, Unavailable> {
        let mut positions = Vec::with_capacity(command_ids.len());
        for some in command_ids.chunks(MAX_LOOKED_UP) {
            let read = self.store().read_commands(some.to_vec()).await;
            for events in self.or_unavailable(read).await? {
                let booking =
                    events.as_ref().and_then(|events| events.iter().find(|event| event.data.movement().is_some()));
                positions.push(booking.map(|event| event.position));
            }
        }
        Ok(positions)
    }
}

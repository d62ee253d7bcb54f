//! Where a held handler stops, and what is asked of it there.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::engine::seams::{Seam, Stepped};

/// What is asked of a handler at its seam. Each is answered once it is so.
#[derive(Debug)]
pub(in crate::engine) enum SeamRequest {
    Hold { reply: oneshot::Sender<()> },
    Step { events: u64, reply: oneshot::Sender<Stepped> },
    Release { reply: oneshot::Sender<()> },
    Break { seam: Arc<Seam>, reply: oneshot::Sender<()> },
    Mend { reply: oneshot::Sender<()> },
}

/// Where a held handler stops before each event it wants.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// How many more events may pass.
    pub(super) left: u64,
    passed: u64,
    /// Who waits for them.
    pub(super) reply: Option<oneshot::Sender<Stepped>>,
}

impl Gate {
    /// Lets no further event pass, and says how many have.
    pub(super) fn shut(&mut self) {
        if let Some(reply) = self.reply.take() {
            // A caller that is gone needs no reply.
            let _ = reply.send(Stepped { events: self.passed });
        }
        (self.left, self.passed) = (0, 0);
    }

    /// Notes that an event has passed.
    pub(super) fn pass(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            self.passed += 1;
            if self.left == 0 {
                self.shut();
            }
        }
    }
}

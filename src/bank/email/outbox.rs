//! The outbox: a directory with one `.eml` file for each e-mail.

use std::path::PathBuf;

use super::Message;
use crate::engine::disk::replace_file;
use crate::engine::event_handler::Failure;
use crate::engine::runtime::blocking;

/// The directory that e-mails are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outbox(pub(super) PathBuf);

impl Outbox {
    /// Writes an e-mail atomically. Writing it again replaces the file with the same content.
    pub(super) async fn put(&self, message: Message) -> Result<(), Failure> {
        let path = self.0.join(format!("{}.eml", message.name));
        let shown = self.0.display();
        match blocking(move || replace_file(&path, &message.content)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::retry(format!("{shown} cannot be written to: {error}"))),
            Err(error) => Err(Failure::retry(format!("{shown} was not written to: {error}"))),
        }
    }
}

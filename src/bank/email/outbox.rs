//! The outbox: a directory with one `.eml` file for each e-mail.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Message;
use crate::engine::disk::{create_anew, create_private_directory, rename_anew, sync_name};
use crate::engine::event_handler::Failure;
use crate::engine::runtime::blocking;

/// The directory that e-mails are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outbox(pub(super) PathBuf);

impl Outbox {
    /// Writes an e-mail atomically. Writing it again replaces the file with the same content.
    pub(super) async fn put(&self, message: Message) -> Result<(), Failure> {
        let directory = self.0.clone();
        let shown = self.0.display();
        match blocking(move || write(&directory, &message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::retry(format!("{shown} cannot be written to: {error}"))),
            Err(error) => Err(Failure::retry(format!("{shown} was not written to: {error}"))),
        }
    }
}

fn write(directory: &Path, message: &Message) -> io::Result<()> {
    create_private_directory(directory)?;
    let unfinished = directory.join(format!(".{}.unfinished", message.name));
    let mut file = create_anew(&unfinished)?;
    file.write_all(&message.content)?;
    file.sync_all()?;
    let finished = directory.join(format!("{}.eml", message.name));
    rename_anew(&unfinished, &finished)?;
    // Without this, a power cut could lose the renamed file's name.
    sync_name(&finished)
}

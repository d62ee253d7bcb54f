//! Exporting the log to a file, one event per line, and writing other new files.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::{Application, ExportError, Unavailable};
use crate::engine::disk::{NewFile, Placed};
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::companion_names::ending_of_companion;
use crate::engine::store::event_line::write_line;
use crate::engine::store::{EventStore as _, LogPages};

impl<E: StoredEvent> Application<E> {
    /// Writes all events, each as a JSON object on its own line, to a new file that only its owner may read. The file
    /// appears under its name once all of it is on the disk, and is durable when this returns. `tell` is called now and
    /// then with the numbers of events written and to be written. Returns the number of events.
    ///
    /// # Errors
    ///
    /// [`ExportError`]: why no file was written.
    pub async fn export(&self, path: &Path, mut tell: impl FnMut(u64, u64) + Send) -> Result<u64, ExportError> {
        let failed = |error| failed(path, error);
        check_name(path)?;
        let end = self.store().end().await;
        let end = self.or_unavailable(end).await?;
        let mut file = self.new_file(path).await?;
        let (mut pages, mut events) = (LogPages::up_to(self.store(), end), 0);
        while let Some(page) = self.or_unavailable(pages.next().await).await? {
            let lines = lines(&page).map_err(failed)?;
            file = self.blocking_io(move || file.file().write_all(&lines).map(|()| file)).await.map_err(failed)?;
            events += page.len() as u64;
            tell(pages.position().get(), end.get());
        }
        self.put(file, path).await?;
        Ok(events)
    }

    /// Writes what was read of this application to a new file that only its owner may read. The file appears under its name
    /// once all of it is on the disk, and is durable when this returns.
    ///
    /// # Errors
    ///
    /// [`ExportError`]: why no file was written.
    pub async fn write_new_file(&self, path: &Path, content: Vec<u8>) -> Result<(), ExportError> {
        check_name(path)?;
        let file = self.new_file(path).await?;
        let written = self.blocking_io(move || file.file().write_all(&content).map(|()| file)).await;
        self.put(written.map_err(|error| failed(path, error))?, path).await
    }

    async fn new_file(&self, path: &Path) -> Result<NewFile, ExportError> {
        let target = path.to_owned();
        self.blocking_io(move || NewFile::beside(&target, &[])).await.map_err(|error| failed(path, error))
    }

    /// Puts a file in place, if the log that it was read from is still there.
    async fn put(&self, file: NewFile, path: &Path) -> Result<(), ExportError> {
        self.in_place().await.map_err(Unavailable::from)?;
        let target = path.to_owned();
        match self.blocking_io(move || file.put(&target)).await.map_err(|error| failed(path, error))? {
            Placed::Here => Ok(()),
            Placed::AnotherIsThere => Err(ExportError::FileExists { path: path.to_owned() }),
            Placed::NotSupported(lacks) => Err(ExportError::File {
                path: path.to_owned(),
                reason: format!("the file system does not support this: {lacks}").into(),
            }),
        }
    }

    async fn blocking_io<R>(&self, work: impl FnOnce() -> io::Result<R> + Send + 'static) -> io::Result<R>
    where
        R: Send + 'static,
    {
        self.supervisor().runtime().blocking(work).await.map_err(io::Error::other)?
    }
}

fn failed(path: &Path, error: io::Error) -> ExportError {
    ExportError::File { path: path.to_owned(), reason: error.into() }
}

fn check_name(path: &Path) -> Result<(), ExportError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(ExportError::FileExists { path: path.to_owned() });
    }
    match ending_of_companion(path) {
        Some(ending) => Err(ExportError::ReservedName { path: path.to_owned(), ending }),
        None => Ok(()),
    }
}

fn lines<E: StoredEvent>(events: &[RecordedEvent<E>]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    events.iter().try_for_each(|event| write_line(event, &mut lines))?;
    Ok(lines)
}

//! Writing the log to a file, an event on a line.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::errors::ExportError;
use super::{AccountEvent, Bank};
use crate::engine::blocking::blocking;
use crate::engine::directory::sync_name;
use crate::engine::event::{Batch, Position};
use crate::engine::store::MAX_READ;
use crate::engine::store::event_line::write_line;

/// What the file is called while it is written.
const UNFINISHED: &str = ".part";

impl Bank {
    /// Writes all events there are, each as a JSON object on a line of its own, to a new file that only its owner may
    /// read. Its name appears when all of it is on the disk, and is on the disk too when this answers. `tell` hears now
    /// and then how many events of how many are written. Answers how many there are.
    ///
    /// # Errors
    ///
    /// [`ExportError`]: why there is no such file.
    pub async fn export(&self, path: &Path, mut tell: impl FnMut(u64, u64) + Send) -> Result<u64, ExportError> {
        let failed = |error: io::Error| ExportError::File { path: path.to_owned(), reason: error.to_string() };
        if fs::symlink_metadata(path).is_ok() {
            return Err(ExportError::FileExists { path: path.to_owned() });
        }
        let end = self.event_store().end().await;
        let end = self.or_unavailable(end).await?;
        let unfinished = Unfinished::create(path)?;
        let mut file = unfinished.open().map_err(failed)?;
        let (mut position, mut events) = (Position::START, 0);
        while position < end {
            let page = self.event_store().read_all(position, MAX_READ).await;
            let page = self.or_unavailable(page).await?;
            let known = page.partition_point(|event| event.position <= end);
            let Some(last) = page[..known].last() else { break };
            position = last.position;
            let lines = lines(&page, known).map_err(failed)?;
            file = on_the_disk(file, move |file| file.write_all(&lines)).await.map_err(failed)?;
            events += known as u64;
            tell(position.get(), end.get());
        }
        on_the_disk(file, |file| file.sync_all()).await.map_err(failed)?;
        unfinished.finish(path)?;
        Ok(events)
    }
}

async fn on_the_disk(
    mut file: File,
    work: impl FnOnce(&mut File) -> io::Result<()> + Send + 'static,
) -> io::Result<File> {
    let done = blocking(move || work(&mut file).map(|()| file));
    done.await.map_err(io::Error::other)?
}

fn lines(page: &Batch<AccountEvent>, count: usize) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    page[..count].iter().try_for_each(|event| write_line(event, &mut lines))?;
    Ok(lines)
}

/// A file that is being written. It goes away unless it is finished.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn create(path: &Path) -> Result<Self, ExportError> {
        let mut name = path.as_os_str().to_owned();
        name.push(UNFINISHED);
        let unfinished = PathBuf::from(name);
        match private().create_new(true).open(&unfinished) {
            Ok(_) => Ok(Self { path: unfinished }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(ExportError::FileExists { path: unfinished })
            }
            Err(error) => Err(ExportError::File { path: path.to_owned(), reason: error.to_string() }),
        }
    }

    fn open(&self) -> io::Result<File> {
        private().open(&self.path)
    }

    /// Gives the file its name, unless another has got it meanwhile, and gets the name onto the disk too.
    fn finish(self, path: &Path) -> Result<(), ExportError> {
        let linked = fs::hard_link(&self.path, path).and_then(|()| sync_name(path));
        linked.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::FileExists { path: path.to_owned() },
            _ => ExportError::File { path: path.to_owned(), reason: error.to_string() },
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Whoever finds it can tell by its name what it is.
        let _ = fs::remove_file(&self.path);
    }
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

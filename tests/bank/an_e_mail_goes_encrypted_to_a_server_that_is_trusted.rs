//! With TLS, an e-mail goes only to a server with a trusted certificate that accepts the credentials. The reason for a
//! failure is shown, but never the password.

#![cfg(feature = "smtp")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::mail_server::MailServer;
use crate::mail_server::tls::{Begins, Certificate};
use crate::program::{bank, wait};

/// Longer than anything takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(60);

/// User and password as sent: separated by zero bytes, in base64.
const SIGN_IN: &str = "AUTH PLAIN AGpvc2gAY2FuYXJ5";
const PASSWORD: &str = "canary";

#[tokio::test]
async fn it_arrives_where_the_credentials_are_taken() {
    let directory = TempDir::new().unwrap();
    let certificate = Certificate::of("127.0.0.1", directory.path());
    let encrypted = ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"];
    for (begins, before) in [(Begins::AtOnce, &[][..]), (Begins::Later, &["EHLO", "STARTTLS"])] {
        let mut server = MailServer::start_encrypted(&certificate, begins, SIGN_IN).await;
        let mut shell = Shell::open(&url(begins, PASSWORD, server.port), &certificate.certificate);
        shell.ask("Bank.deposit 1, 100");
        assert!(server.came_whole().await, "part by part");
        assert!(server.mail().await.content.contains("deposit of 100 into"), "{begins:?}");
        let heard = server.heard().await;
        let commands: Vec<_> = heard.iter().map(|line| line.split([' ', ':']).next().unwrap()).collect();
        assert_eq!(commands, [before, &encrypted].concat(), "nothing else is said before it is encrypted");
        assert!(heard.contains(&SIGN_IN.to_owned()), "{heard:?}");
        assert_eq!(shell.ask("Bank.parked"), Value::Array(Vec::new()));
        shell.leave();
    }
}

#[tokio::test]
async fn it_is_parked_where_they_are_refused() {
    let directory = TempDir::new().unwrap();
    let certificate = Certificate::of("127.0.0.1", directory.path());
    for begins in [Begins::AtOnce, Begins::Later] {
        let mut server = MailServer::start_encrypted(&certificate, begins, "AUTH PLAIN of somebody else").await;
        let mut shell = Shell::open(&url(begins, PASSWORD, server.port), &certificate.certificate);
        shell.ask("Bank.deposit 1, 100");
        assert!(server.heard().await.contains(&SIGN_IN.to_owned()), "it was tried");
        let parked = shell.until("Bank.parked", |parked| parked.get(0).cloned());
        let reason = "the server refused the credentials (535)";
        assert_eq!((&parked["reason"], &parked["attempts"]), (&reason.into(), &1.into()));
        let handler = shell.handler();
        assert_eq!((&handler["last_error"], &handler["parked"]), (&reason.into(), &1.into()));
        let shown = format!("{parked} {handler} {}", shell.leave());
        assert!(shown.contains(reason) && !shown.contains(PASSWORD) && !shown.contains("AGpvc2gA"), "{shown}");
    }
}

#[tokio::test]
async fn nothing_is_told_to_a_server_that_nobody_vouches_for() {
    let directory = TempDir::new().unwrap();
    let own = Certificate::of("127.0.0.1", directory.path());
    let stranger = Certificate::of("stranger.test", directory.path());
    for (its, trusted, problem) in [
        // Another certificate is trusted.
        (&own, &stranger, "UnknownIssuer"),
        // The certificate is trusted, but belongs to another name.
        (&stranger, &stranger, "not valid for name \"127.0.0.1\""),
    ] {
        for (begins, before) in [(Begins::AtOnce, 0), (Begins::Later, 2)] {
            let mut server = MailServer::start_encrypted(its, begins, SIGN_IN).await;
            let mut shell = Shell::open(&url(begins, PASSWORD, server.port), &trusted.certificate);
            shell.ask("Bank.deposit 1, 100");
            let heard = server.heard().await;
            assert_eq!(heard.len(), before, "{heard:?}");
            let handler = shell
                .until("Bank.handlers", |handlers| mail(handlers).filter(|handler| !handler["last_error"].is_null()));
            let error = handler["last_error"].as_str().unwrap();
            assert!(error.contains("certificate") && error.contains(problem), "{error}");
            assert!(!handler["next_attempt"].is_null(), "somebody may mend it: {handler}");
            let shown = format!("{handler} {}", shell.kill());
            assert!(!shown.contains(PASSWORD), "{shown}");
        }
    }
}

fn url(begins: Begins, password: &str, port: u16) -> String {
    match begins {
        Begins::AtOnce => format!("smtps://josh:{password}@127.0.0.1:{port}"),
        Begins::Later => format!("smtp://josh:{password}@127.0.0.1:{port}?tls=required"),
    }
}

fn mail(handlers: &Value) -> Option<Value> {
    handlers.as_array().unwrap().iter().find(|handler| handler["handler"] == "thank-you e-mail").cloned()
}

/// The program, with an account whose holder has an e-mail address.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    log: JoinHandle<String>,
}

impl Shell {
    /// Trusts one certificate only, through the usual variable.
    fn open(url: &str, trusted: &Path) -> Self {
        let mut command = bank(&["--json"]);
        command.env("SSL_CERT_FILE", trusted).env_remove("SSL_CERT_DIR");
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut shell = Self { child, input, output, log };
        shell.ask(&format!("Bank.open email: \"{url}\""));
        shell.ask("Bank.create 1, \"Josh\", email: \"josh@example.org\"");
        shell
    }

    fn ask(&mut self, statement: &str) -> Value {
        writeln!(self.input, "{statement}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        answer["reply"].take()
    }

    /// Polls until a condition holds.
    fn until(&mut self, statement: &str, wanted: impl Fn(&Value) -> Option<Value>) -> Value {
        let begun = Instant::now();
        loop {
            let reply = self.ask(statement);
            if let Some(found) = wanted(&reply) {
                return found;
            }
            assert!(begun.elapsed() < HANG, "{statement}: {reply}");
        }
    }

    fn handler(&mut self) -> Value {
        mail(&self.ask("Bank.handlers")).unwrap()
    }

    /// Lets the program end, and returns its log.
    fn leave(self) -> String {
        drop(self.input);
        assert_eq!(wait(self.child), Some(0));
        self.log.join().unwrap()
    }

    /// Likewise, but at once: a waiting e-mail would delay the end.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log.join().unwrap()
    }
}

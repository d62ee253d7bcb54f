//! A mail server in its own process, scripted by the test for each connection.
//!
//! The process is this test program, started again for its test `serve`. It reports in lines of JSON.

pub(crate) mod tls;

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{self, Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{env, thread};

use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::tls::{Begins, Certificate, Line};

/// Longer than anything takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(60);

/// The variable with the server's script, one line per connection.
const PLAN: &str = "MAIL_SERVER_PLAN";

/// The variable with the only sign-in the server accepts, as the client sends it. Without it, the server accepts any.
const SIGN_IN: &str = "MAIL_SERVER_SIGN_IN";

/// A running server, killed on drop.
pub(crate) struct MailServer {
    process: Child,
    reports: mpsc::UnboundedReceiver<Value>,
    pub(crate) port: u16,
}

/// A mail that the server accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) content: String,
}

impl MailServer {
    /// Starts a server. A plan is a step and the action there, such as `RCPT 550 no such mailbox`, `DATA drop` or `END
    /// silence`, with `
    /// ` for a new line in a reply. The first plan is for the first connection; connections without a plan succeed.
    pub(crate) async fn start(plans: &[&str]) -> Self {
        Self::start_with(plans, []).await
    }

    /// Starts a server with TLS that accepts one sign-in only, such as `AUTH PLAIN AGpvc2gAY2FuYXJ5`.
    pub(crate) async fn start_encrypted(certificate: &Certificate, begins: Begins, sign_in: &str) -> Self {
        let variables = certificate.variables(begins);
        Self::start_with(&[], variables.into_iter().chain([(SIGN_IN, sign_in.to_owned())])).await
    }

    async fn start_with(plans: &[&str], variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "mail_server::serve", "--ignored", "--nocapture"])
            .env(PLAN, plans.join("\n"))
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (to_test, reports) = mpsc::unbounded_channel();
        thread::spawn(move || {
            // The test framework prints lines too.
            for report in stdout.lines().map_while(Result::ok).filter(|line| line.starts_with('{')) {
                if to_test.send(serde_json::from_str(&report).unwrap()).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { process, reports, port: 0 };
        server.port = server.next("port").await.as_u64().unwrap().try_into().unwrap();
        server
    }

    /// The next accepted mail.
    pub(crate) async fn mail(&mut self) -> Mail {
        let mail = self.next("mail").await;
        let text = |name: &str| mail[name].as_str().unwrap().to_owned();
        Mail { from: text("from"), to: text("to"), content: text("content") }
    }

    /// Whether the next mail arrives in one read, including its end.
    pub(crate) async fn came_whole(&mut self) -> bool {
        self.next("came_whole").await.as_bool().unwrap()
    }

    /// Waits until the server has carried out the plan of a connection, and returns the plan.
    pub(crate) async fn planned(&mut self) -> String {
        self.next("planned").await.as_str().unwrap().to_owned()
    }

    /// All that the client sends in the next connection.
    pub(crate) async fn heard(&mut self) -> Vec<String> {
        let heard = self.next("heard").await;
        heard.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }

    /// The next report of this kind. Earlier reports are skipped.
    async fn next(&mut self, kind: &str) -> Value {
        loop {
            let report = timeout(HANG, self.reports.recv()).await.expect("the server has something to tell");
            let mut report = report.expect("the server runs");
            if let Some(value) = report.as_object_mut().unwrap().remove(kind) {
                return value;
            }
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // The server may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "it is the server that the other tests start"]
fn serve() {
    let Ok(plans) = env::var(PLAN) else { return };
    // The test may end without sending anything.
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tls, sign_in) = (tls::told(), env::var(SIGN_IN).ok());
    report(&json!({ "port": listener.local_addr().unwrap().port() }));
    let mut plans: VecDeque<&str> = plans.lines().collect();
    for connection in listener.incoming() {
        let plan = plans.pop_front().unwrap_or_default();
        let (step, action) = plan.split_once(' ').unwrap_or((plan, ""));
        let connection = connection.unwrap();
        let (line, tls) = match &tls {
            Some((config, Begins::AtOnce)) => (Line::encrypted(connection, config), None),
            Some((config, Begins::Later)) => (Line::Plain(connection), Some(config)),
            None => (Line::Plain(connection), None),
        };
        let mut conversation = Conversation {
            client: BufReader::new(line),
            tls,
            sign_in: sign_in.as_deref(),
            step,
            action,
            heard: Vec::new(),
            from: String::new(),
            to: String::new(),
        };
        // A client that disconnects is not a failure of the server.
        let _ = conversation.hold();
        report(&json!({ "heard": conversation.heard }));
    }
}

/// Begins on a new line, whatever the test framework has printed.
fn report(report: &Value) {
    println!("\n{report}");
    io::stdout().flush().unwrap();
}

struct Conversation<'a> {
    client: BufReader<Line>,
    /// The extensions offered before TLS.
    tls: Option<&'a Arc<ServerConfig>>,
    sign_in: Option<&'a str>,
    step: &'a str,
    action: &'a str,
    heard: Vec<String>,
    from: String,
    to: String,
}

impl Conversation<'_> {
    fn hold(&mut self) -> io::Result<()> {
        self.answer("CONNECT", "220 mail.test")?;
        loop {
            let line = self.read_line()?;
            self.heard.push(line.clone());
            let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match command.as_str() {
                "EHLO" if self.tls.is_some() => self.answer("EHLO", "250-mail.test\r\n250 STARTTLS")?,
                "EHLO" => self.answer("EHLO", "250-mail.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN")?,
                "STARTTLS" => {
                    self.answer("STARTTLS", "220 go ahead")?;
                    if let Some(config) = self.tls.take() {
                        self.client = BufReader::new(self.client.get_ref().encrypt(config)?);
                    }
                }
                "AUTH" if self.sign_in.is_some_and(|sign_in| sign_in != line) => {
                    self.answer("AUTH", &format!("535 what is {line}?"))?;
                }
                "AUTH" => self.answer("AUTH", "235 welcome")?,
                "MAIL" => {
                    self.from = line;
                    self.answer("MAIL", "250 ok")?;
                }
                "RCPT" => {
                    self.to = line;
                    self.answer("RCPT", "250 ok")?;
                }
                "DATA" => {
                    self.answer("DATA", "354 go on")?;
                    if self.step != "DATA" {
                        self.take_mail()?;
                    }
                }
                "QUIT" => {
                    self.answer("QUIT", "221 bye")?;
                    return Ok(());
                }
                _ => self.say("500 what?")?,
            }
        }
    }

    fn take_mail(&mut self) -> io::Result<()> {
        let mut content = String::new();
        // The content of one read, which the client sent in one write.
        let came_whole = self.client.fill_buf()?.ends_with(b"\r\n.\r\n");
        report(&json!({ "came_whole": came_whole }));
        loop {
            let line = self.read_line()?;
            if line == "." {
                break;
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
            content.push('\n');
        }
        let refused = self.step == "END" && self.action.starts_with(['4', '5']);
        if !refused {
            report(&json!({ "mail": { "from": self.from, "to": self.to, "content": content } }));
        }
        self.answer("END", "250 taken")
    }

    /// Carries out the plan for a step, or the usual action.
    fn answer(&mut self, step: &str, usual: &str) -> io::Result<()> {
        if step != self.step {
            return self.say(usual);
        }
        let done = match self.action {
            "drop" => Err(io::ErrorKind::ConnectionAborted.into()),
            // Until the client gives up.
            "silence" => self.client.read_to_end(&mut Vec::new()).and(Err(io::ErrorKind::TimedOut.into())),
            words => self.say(&words.replace("\\n", "\r\n")),
        };
        report(&json!({ "planned": format!("{step} {}", self.action) }));
        done
    }

    fn say(&mut self, words: &str) -> io::Result<()> {
        self.client.get_mut().write_all(format!("{words}\r\n").as_bytes())
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.client.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

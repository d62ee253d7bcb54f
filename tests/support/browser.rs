//! A browser that is driven by its keyboard, over the pipe of the [DevTools](https://chromedevtools.github.io/devtools-protocol)
//! protocol.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// So that a browser that hangs fails the test.
const HANG: Duration = Duration::from_secs(60);

/// What a browser needs to show a page without a screen.
pub(crate) const WITHOUT_A_SCREEN: [&str; 5] =
    ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];

/// The browser: Chromium, or what the environment names.
pub(crate) fn name() -> String {
    std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned())
}

/// A page in a browser.
pub(crate) struct Browser {
    child: Child,
    requests: File,
    messages: Receiver<Value>,
    /// The page's session with the browser.
    session: Option<String>,
    sent: u64,
    /// What the page has complained about.
    pub(crate) errors: Vec<Value>,
    _directory: TempDir,
}

impl Browser {
    /// Opens a page, and waits until it is there.
    pub(crate) fn open(url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [requests, answers] = ["requests", "answers"].map(|name| directory.path().join(name));
        assert!(Command::new("mkfifo").args([&requests, &answers]).status().unwrap().success());
        // The browser reads requests from descriptor 3, and writes answers to descriptor 4.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec 3<"$1" 4>"$2"; shift 2; exec "$@""#, "sh"]).args([&requests, &answers]);
        command.arg(name()).args(WITHOUT_A_SCREEN).arg("--remote-debugging-pipe");
        command.arg(format!("--user-data-dir={}", directory.path().join("profile").display()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let requests = OpenOptions::new().write(true).open(requests).unwrap();
        let mut answers = BufReader::new(File::open(answers).unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser =
            Self { child, requests, messages, session: None, sent: 0, errors: Vec::new(), _directory: directory };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, json!({}));
        }
        browser.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
        browser.call("Page.navigate", json!({"url": url}));
        while browser.next()["method"] != "Page.loadEventFired" {}
        browser
    }

    /// Presses and releases a key, by its name.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "PageUp" => (33, ""),
            "PageDown" => (34, ""),
            "End" => (35, ""),
            "Home" => (36, ""),
            "ArrowLeft" => (37, ""),
            "ArrowUp" => (38, ""),
            "ArrowRight" => (39, ""),
            "ArrowDown" => (40, ""),
            _ => panic!("no key is called {key}"),
        };
        for kind in [if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let pressed = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", pressed);
        }
    }

    /// Goes from one thing to the next until one has the focus of which this is so: a condition on `focused`.
    pub(crate) fn tab_to(&mut self, condition: &str) {
        for _ in 0..40 {
            self.press("Tab");
            if self.value(&format!("(focused => {condition})(document.activeElement)")) == true {
                return;
            }
        }
        panic!("nothing that the Tab key comes to has {condition}");
    }

    /// Follows the link that has the focus to another place in the page, and waits until the page has gone there: a
    /// browser does so some time after the key.
    pub(crate) fn follow_link(&mut self) {
        self.value(
            "void (followed = new Promise(there => addEventListener('hashchange', () => there(), { once: true })))",
        );
        self.press("Enter");
        self.value("followed");
    }

    /// The value of an expression in the page, or what it promises.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let evaluated = self.call("Runtime.evaluate", parameters);
        assert_eq!(evaluated.get("exceptionDetails"), None, "{expression}");
        evaluated["result"]["value"].clone()
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut request = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            request["sessionId"] = session.as_str().into();
        }
        self.requests.write_all(format!("{request}\0").as_bytes()).unwrap();
        loop {
            let message = self.next();
            if message["id"] == self.sent {
                assert_eq!(message.get("error"), None, "{method}");
                return message["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let message = self.messages.recv_timeout(HANG).expect("the browser answers");
        if ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"]
            .iter()
            .any(|it| message["method"] == *it)
        {
            self.errors.push(message["params"].clone());
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

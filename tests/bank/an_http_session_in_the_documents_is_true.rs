//! The `curl` session in the documentation shows the HTTP service's real responses.

use std::process::Command;

use crate::documents::document;
use crate::http_service::{Request, Service};
use crate::program::run_command;

/// The request of a `curl` command, with its arguments split as a shell does.
fn asked(arguments: &str) -> Request {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("printf '%s\\n' {arguments}")]);
    let printed = run_command(shell, "").stdout;
    let mut arguments = printed.lines();
    let (mut method, mut path, mut body, mut header) = (None, None, None, None);
    while let Some(argument) = arguments.next() {
        match argument {
            "-X" => method = arguments.next(),
            "-d" => body = arguments.next(),
            "-H" => header = arguments.next().unwrap().split_once(": "),
            url => path = Some(url.strip_prefix("localhost:8080").unwrap()),
        }
    }
    let path = path.unwrap();
    let request = match body {
        Some(body) => Request::post(path, body),
        None => Request::new(method.unwrap_or("GET"), path),
    };
    header.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[tokio::test]
async fn each_answer_is_what_stands_there() {
    let document = document("docs/rust-and-http.md").text;
    let session = document.split("# cargo run --example http_service -- bank.db 127.0.0.1:8080\n").nth(1).unwrap();
    let session = session.split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::on_file(&folder.path().join("bank.db"));
    let requests: Vec<_> = session.lines().filter_map(|line| line.strip_prefix("$ curl ")).collect();
    assert!(!requests.is_empty());
    let mut answered = String::new();
    for arguments in requests {
        let answer = service.ask(&asked(arguments)).await;
        answered.push_str(&format!("$ curl {arguments}\n{}\n", answer.body));
    }
    assert_eq!(answered, session);
}

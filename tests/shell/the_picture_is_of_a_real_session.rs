//! The README's picture, `docs/session.svg`, shows what the program prints, and the way that a statement takes.
//!
//! `UPDATE_TRANSCRIPTS=1 cargo test --test shell the_picture` draws it again.

use std::fmt::Write as _;
use std::fs;

use crate::documents::{document, root};
use crate::program::run;

const PICTURE: &str = "docs/session.svg";
const TYPED: &str =
    "Bank.open\nBank.create \"Wolfman\"\nBank.deposit \"Wolfman\", 100\nBank.check_balance \"Wolfman\"\n";

/// The way of a statement, and how each step looks in the session.
const FLOW: [(&str, &str); 6] = [
    ("shell", "typed"),
    ("command handler", "command"),
    ("aggregate", "command"),
    ("event store", "event"),
    ("projections, handlers", "handled"),
    ("query", "reply"),
];

const STYLE: &str = "\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d7dae0}\
.prompt{fill:#7f848e}.typed{fill:#ffffff;font-weight:bold}.command{fill:#61afef}.event{fill:#e5c07b}\
.handled{fill:#98c379}.reply{fill:#d7dae0}rect.step{fill:none;stroke:#4b5263;rx:6}path{stroke:#4b5263;fill:none}";

const LINE: usize = 20;
const TOP: usize = 34;
const WIDTH: usize = 720;
const FLOW_X: usize = 470;

#[test]
fn the_picture_is_of_a_real_session() {
    let printed = run(&["--echo"], TYPED).stdout;
    let drawn = picture(&printed);
    let path = root().join(PICTURE);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), drawn, "UPDATE_TRANSCRIPTS=1 draws it again");
    assert!(document("README.md").text.contains(&format!("]({PICTURE})")), "the README shows it");
}

fn picture(session: &str) -> String {
    let height = TOP + LINE * session.lines().count();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" role=\"img\">\n\
         <title>A session at the prompt, and the way of a statement</title>\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#21252b\"/>\n"
    );
    for (index, line) in session.lines().enumerate() {
        let y = TOP + LINE * index;
        let spans = match line.split_once("> ") {
            Some((prompt, statement)) if prompt.starts_with("bank(") => {
                span("prompt", &format!("{prompt}> ")) + &span("typed", statement)
            }
            _ => span(class_of(line), line),
        };
        writeln!(svg, "<text x=\"20\" y=\"{y}\" xml:space=\"preserve\">{spans}</text>").unwrap();
    }
    draw_flow(&mut svg, height);
    svg + "</svg>\n"
}

/// A box for each step, from top to bottom.
fn draw_flow(svg: &mut String, height: usize) {
    let step = (height - TOP / 2) / FLOW.len();
    for (index, (name, class)) in FLOW.into_iter().enumerate() {
        let y = TOP / 2 + step * index;
        writeln!(svg, "<rect class=\"step\" x=\"{FLOW_X}\" y=\"{y}\" width=\"225\" height=\"32\"/>").unwrap();
        writeln!(svg, "<text x=\"{}\" y=\"{}\">{}</text>", FLOW_X + 16, y + 21, span(class, name)).unwrap();
        if index + 1 < FLOW.len() {
            let (x, from, to) = (FLOW_X + 112, y + 32, y + step);
            writeln!(svg, "<path d=\"M{x} {from}V{to}m-5 -6l5 6l5 -6\"/>").unwrap();
        }
    }
}

fn class_of(line: &str) -> &'static str {
    match line {
        _ if line.starts_with("Command ") => "command",
        _ if line.starts_with("Event Handler: ") => "handled",
        _ if line.starts_with("Event ") => "event",
        _ if line.starts_with([':', '{']) || line.bytes().all(|byte| byte.is_ascii_digit()) => "reply",
        _ => "handled",
    }
}

fn span(class: &str, text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<tspan class=\"{class}\">{escaped}</tspan>")
}

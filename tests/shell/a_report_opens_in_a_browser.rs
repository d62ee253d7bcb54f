//! The page of a report works where it is meant to: in a browser.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::browser::{self, Browser, WITHOUT_A_SCREEN};
use crate::page::Page;
use crate::program::{bank, run_command};

/// A page in a browser, after its script has run.
struct Shown {
    document: String,
    messages: String,
}

fn shown(directory: &Path, fragment: &str) -> Shown {
    let profile = tempfile::tempdir().unwrap();
    let page = format!("file://{}#{fragment}", directory.join("lesson.html").display());
    let mut command = Command::new(browser::name());
    command
        .args(WITHOUT_A_SCREEN)
        .args(["--virtual-time-budget=2000", "--dump-dom", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(page);
    let finished = run_command(command, "");
    assert_eq!(finished.exit_code, Some(0), "{}", finished.stderr);
    Shown { document: finished.stdout, messages: finished.stderr }
}

impl Shown {
    /// What stands between the tags of an element with an id.
    fn inside(&self, id: &str, end: &str) -> &str {
        let (_, from) = self.document.split_once(&format!("id=\"{id}\"")).expect(id);
        from.split_once('>').unwrap().1.split_once(end).unwrap().0
    }

    /// The rows of the states that are to be seen.
    fn states(&self) -> BTreeMap<String, String> {
        let rows = self.inside("states", "</table>").split("<tr").skip(2).filter(|row| !row.starts_with(" hidden"));
        let rows = rows.filter(|row| !row.split('>').next().unwrap().contains("hidden"));
        let text = |row: &str, cell: &str| row.split_once(cell).unwrap().1.split('<').next().unwrap().to_owned();
        rows.map(|row| (text(row, "<th scope=\"row\">"), text(row, "<td class=\"amount\">"))).collect()
    }

    fn assert_without_errors(&self) {
        let errors = self.messages.lines().filter(|line| line.contains("CONSOLE"));
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

const LESSON: &str = r#"
Bank.open decimals: 2
Bank.create "Wolfman", "<script>alert(1)</script>"
Bank.create "</script><b>"
Bank.deposit "Wolfman", 100.50
Bank.transfer "Wolfman", "</script><b>", 0.25
Bank.report "lesson.html"
"#;

/// A directory with the page that a script writes.
fn written(script: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut command = bank(&["--quiet", "--seed", "7"]);
    command.current_dir(&directory);
    let finished = run_command(command, script);
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    directory
}

#[test]
#[ignore = "needs chromium"]
fn the_slider_shows_the_balances_of_its_position() {
    let directory = written(LESSON);
    let page = Page::read(&directory.path().join("lesson.html"));
    let as_html = |text: &str| text.replace('<', "&lt;").replace('>', "&gt;");
    for position in 0..=page.events().len() as u64 {
        let shown = shown(directory.path(), &format!("position={position}"));
        shown.assert_without_errors();
        let expected: BTreeMap<_, _> =
            page.states_at(position).into_iter().map(|(account, balance)| (as_html(&account), balance)).collect();
        assert_eq!(shown.states(), expected, "at {position}");
        assert_eq!(shown.inside("position", "</output>"), format!("{position} of 7"));
    }
}

#[test]
#[ignore = "needs chromium"]
fn what_looks_like_a_tag_is_shown_as_what_it_is() {
    let directory = written(LESSON);
    let shown = shown(directory.path(), "position=2");
    shown.assert_without_errors();
    let event = shown.inside("event", "</dl>");
    assert!(event.contains("\"&lt;script&gt;alert(1)&lt;/script&gt;\""), "{event}");
    let events = shown.inside("events", "</ol>");
    assert!(events.contains("&lt;/script&gt;&lt;b&gt;"), "{events}");
    assert!(
        shown.inside("session", "</ol>").contains("Bank.create \"Wolfman\", \"&lt;script&gt;alert(1)&lt;/script&gt;\"")
    );
    assert_eq!(shown.document.matches("<script").count(), 2);
}

#[test]
#[ignore = "needs chromium"]
fn the_chosen_event_has_its_causes_and_the_handlers_that_have_seen_it() {
    let directory = written(LESSON);
    let shown = shown(directory.path(), "position=6");
    shown.assert_without_errors();
    let causes = shown.inside("causes", "</section>");
    let order =
        ["Transfer Money \"Wolfman\"", "Money Reserved at 5 (balance 100.50 → 100.25)", "transfer: Credit Transfer"];
    let places = order.map(|part| causes.find(part).unwrap_or_else(|| panic!("{part}: {causes}")));
    assert!(places.is_sorted(), "{causes}");
    assert_eq!(causes.matches("aria-current=\"true\"").count(), 1);
    let handlers = shown.inside("handlers", "</table>");
    assert!(handlers.contains("<th scope=\"row\">balances</th><td data-label=\"this event\">seen</td>"), "{handlers}");
}

#[test]
#[ignore = "needs chromium"]
fn a_page_without_events_and_one_that_leaves_some_out_open_too() {
    let nothing = written("Bank.open; Bank.report \"lesson.html\"");
    let shown_empty = shown(nothing.path(), "");
    shown_empty.assert_without_errors();
    assert_eq!((shown_empty.states(), shown_empty.inside("position", "</output>")), (BTreeMap::new(), "0 of 0"));

    let deposits = "Bank.deposit 1, 1\n".repeat(2_100);
    let long = written(&format!("Bank.open\nBank.create 1\n{deposits}Bank.report \"lesson.html\"\n"));
    for (fragment, position, balance) in
        [("", 2_101, "2100"), ("position=1000", 1_000, "999"), ("position=5", 101, "100")]
    {
        let shown = shown(long.path(), fragment);
        shown.assert_without_errors();
        assert_eq!(shown.inside("position", "</output>"), format!("{position} of 2101"));
        assert_eq!(shown.states(), [("1".to_owned(), balance.to_owned())].into());
        assert_eq!(shown.inside("left-out", "</p>"), "101 earlier events left out.");
    }
}

/// Where the page is, and how things are there as it shows them.
fn at(browser: &mut Browser) -> (String, BTreeMap<String, String>) {
    let position = browser.value("document.getElementById('position').textContent");
    let rows = "[...document.getElementById('states').tBodies[0].rows].filter(row => !row.hidden)";
    let states = browser.value(&format!("{rows}.map(row => [row.cells[0].textContent, row.cells[1].textContent])"));
    let states: Vec<(String, String)> = serde_json::from_value(states).unwrap();
    (position.as_str().unwrap().to_owned(), states.into_iter().collect())
}

#[test]
#[ignore = "needs chromium"]
fn the_slider_moves_and_an_event_is_chosen_by_keys_alone() {
    let directory = written(LESSON);
    let path = directory.path().join("lesson.html");
    let page = Page::read(&path);
    let expected = |position: u64| (format!("{position} of 7"), page.states_at(position));
    let mut browser = Browser::open(&format!("file://{}", path.display()));
    assert_eq!(at(&mut browser), expected(7));

    browser.tab_to("focused.id === 'slider'");
    for (key, position) in
        [("ArrowLeft", 6), ("ArrowLeft", 5), ("ArrowRight", 6), ("Home", 0), ("ArrowUp", 1), ("End", 7)]
    {
        browser.press(key);
        assert_eq!(at(&mut browser), expected(position), "{key}");
    }

    browser.tab_to("focused.id === 'events'");
    for (key, position) in
        [("ArrowUp", 6), ("Home", 1), ("ArrowUp", 1), ("PageDown", 7), ("ArrowUp", 6), ("ArrowUp", 5)]
    {
        browser.press(key);
        assert_eq!(at(&mut browser), expected(position), "{key}");
        let chosen = browser.value("document.getElementById('events').getAttribute('aria-activedescendant')");
        assert_eq!(chosen, format!("event-{position}"));
        let selected = "[...document.querySelectorAll('[aria-selected=true]')].map(row => row.id)";
        assert_eq!(browser.value(selected), serde_json::json!([format!("event-{position}")]));
    }
    assert_eq!(browser.value("document.querySelector('#event dd').textContent"), "Money Reserved");

    // What led to what is a list of links.
    browser.tab_to("focused.hash === '#position=6'");
    browser.follow_link();
    assert_eq!(at(&mut browser), expected(6));
    assert_eq!(browser.errors, Vec::<serde_json::Value>::new());
}

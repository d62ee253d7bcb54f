//! The README is read in a few minutes and in any window, and what is longer stands in `docs`.

use crate::documents::document;

const LINES: usize = 200;
const COLUMNS: usize = 100;

#[test]
fn it_has_few_lines_and_none_is_wide() {
    let readme = document("README.md").text;
    assert!(readme.lines().count() <= LINES, "{} lines", readme.lines().count());
    let wide: Vec<_> = readme.lines().filter(|line| line.chars().count() > COLUMNS).collect();
    assert!(wide.is_empty(), "\n{}", wide.join("\n"));
}

#[test]
fn it_begins_with_what_it_is_two_commands_and_a_session() {
    let readme = document("README.md");
    let [(shell, commands), (_, session), ..] = readme.blocks()[..] else { panic!("two blocks of code") };
    assert_eq!((shell, commands.lines().count()), ("sh", 2));
    assert!(session.starts_with("bank(1)> "));
    assert!(readme.text.lines().position(|line| line == "```sh") <= Some(8));
}

#[test]
fn it_leads_to_every_document() {
    let readme = document("README.md").text;
    for document in crate::documents::documents() {
        let path = document.path.to_str().unwrap();
        assert!(path == "README.md" || readme.contains(&format!("]({path})")), "{path}");
    }
}

//! A link in a document leads to a file that is there, and to a heading that stands in it.

use std::path::{Component, Path, PathBuf};

use crate::documents::{Document, document, documents, root};

#[test]
fn each_link_has_a_target() {
    let mut checked = 0;
    for document in documents() {
        for link in links(&document) {
            assert!(leads_somewhere(&document, link), "{}: {link}", document.path.display());
            checked += 1;
        }
    }
    assert!(checked > 20);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# A *word*, and `code`\n\n```text\n# no heading\n```\n# Again\n# Again\n".to_owned();
    let document = Document { path: "docs/a.md".into(), text };
    let headings: Vec<_> = anchors(&document);
    assert_eq!(headings, ["a-word-and-code", "again", "again-1"]);
    for (link, leads) in [
        ("#again", true),
        ("#no-heading", false),
        ("../README.md", true),
        ("README.md", false),
        ("../README.md#terms", true),
        ("../README.md#no-words", false),
        ("../src", true),
        ("../src#engine", false),
        ("../../README.md", false),
        ("https://example.org/#anything", true),
    ] {
        assert_eq!(leads_somewhere(&document, link), leads, "{link}");
    }
}

/// The targets of the links in a document.
fn links(document: &Document) -> Vec<&str> {
    let after = document.prose().into_iter().flat_map(|line| line.split("](").skip(1));
    after.map(|rest| rest.split_once(')').expect("a link ends on its line").0).collect()
}

fn leads_somewhere(from: &Document, link: &str) -> bool {
    if link.starts_with("https://") {
        return true;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let Some(target) = target(&from.path, path) else { return false };
    match anchor {
        None => root().join(target).exists(),
        Some(anchor) if target == from.path => anchors(from).iter().any(|heading| heading == anchor),
        Some(anchor) => {
            let is_document = target.extension().is_some_and(|extension| extension == "md");
            is_document
                && root().join(&target).is_file()
                && anchors(&document(target)).iter().any(|heading| heading == anchor)
        }
    }
}

/// The path from the root that a path leads to which stands in a document; nothing where it leads out.
fn target(from: &Path, path: &str) -> Option<PathBuf> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    let mut target = from.parent()?.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if target.pop() => {}
            Component::Normal(name) => target.push(name),
            _ => return None,
        }
    }
    Some(target)
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(document: &Document) -> Vec<String> {
    let mut anchors = Vec::<String>::new();
    for heading in document.prose().into_iter().filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        let kept = |letter: &char| letter.is_alphanumeric() || ['-', '_'].contains(letter);
        let anchor: String = heading.chars().filter(kept).collect();
        let unique = (0..).map(|number| if number == 0 { anchor.clone() } else { format!("{anchor}-{number}") });
        let first = unique.into_iter().find(|anchor| !anchors.contains(anchor));
        anchors.extend(first);
    }
    anchors
}

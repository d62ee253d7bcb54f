//! No two rooms of one folder import each other, directly or through others. A room is a file, or a folder with its
//! contents. Only a folder's `mod.rs` and the folder's contents may import each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, sources};

/// Paths of modules, from `crate` down.
type Path = Vec<String>;

#[test]
fn no_room_imports_itself_by_way_of_others() {
    let circles = circles(&imports(&sources()));
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    for (one, other) in [
        ("use crate::b::B;", "use crate::a::A;"),
        ("use super::{x::X, b::{self, B}};", "pub(crate) use super::a::{A as Other};"),
        ("fn f() { crate::b::f() }", "fn f() { super::a::f() }"),
        ("use crate::B;", "use crate::{A};"),
        ("use crate::b::deep::D;", "use crate::a::A;"),
    ] {
        let root = source("lib.rs", "pub use a::A; pub use self::b::B;");
        let files = [root, source("a.rs", one), source("b/mod.rs", other), source("b/deep.rs", "use crate::a::A;")];
        assert_eq!(circles(&imports(&files)), ["src: a, b"], "{one} {other}");
    }
}

#[test]
fn what_a_folder_shares_with_its_own_files_is_no_circle() {
    let files = [
        source("lib.rs", "pub mod a; pub use self::a::A;"),
        source("a/mod.rs", "use self::child::C; // use crate::b::B;"),
        source("a/child.rs", "use super::A; /// crate::b::B\n#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}"),
        source("b.rs", "#[cfg(test)]\nmod tests;\nuse crate::a::A;"),
        source("b/tests.rs", "use crate::c::C;"),
        source("c.rs", "use crate::b::B;"),
    ];
    assert_eq!(circles(&imports(&files)), Vec::<String>::new());
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// The imports from module to module.
fn imports(sources: &[Source]) -> BTreeMap<Path, BTreeSet<Path>> {
    let tests: BTreeSet<Path> = sources.iter().flat_map(test_modules).collect();
    let outside_tests = sources.iter().map(|source| (module(&source.path), code(&source.text)));
    let texts: BTreeMap<Path, String> = outside_tests.filter(|(module, _)| !tests.contains(module)).collect();
    let passed_on: BTreeMap<(Path, String), Path> = texts
        .iter()
        .flat_map(|(module, text)| public_uses(text).into_iter().map(move |path| (module, path)))
        .filter_map(|(module, path)| {
            let whole = absolute(&path, module, &texts)?;
            Some(((module.clone(), whole.last()?.clone()), whole))
        })
        .collect();
    let named = |module: &Path, text: &str| -> BTreeSet<Path> {
        let paths = uses(text).into_iter().chain(paths_within(text));
        let wholes = paths.filter_map(|path| absolute(&path, module, &texts));
        wholes.filter_map(|whole| home(whole, &texts, &passed_on)).filter(|home| home != module).collect()
    };
    texts.iter().map(|(module, text)| (module.clone(), named(module, text))).collect()
}

/// The module whose file defines an item, however often the item is re-exported.
fn home(mut whole: Path, texts: &BTreeMap<Path, String>, passed_on: &BTreeMap<(Path, String), Path>) -> Option<Path> {
    for _ in 0..texts.len() {
        let length = (0..=whole.len()).rev().find(|length| texts.contains_key(&whole[..*length]))?;
        let (module, rest) = (whole[..length].to_vec(), &whole[length..]);
        let further = rest.first().and_then(|name| passed_on.get(&(module.clone(), name.clone())));
        match further.filter(|further| **further != whole) {
            Some(further) => whole = further.iter().chain(&rest[1..]).cloned().collect(),
            None => return Some(module),
        }
    }
    None
}

/// `engine/feed/mod.rs` is the module `engine::feed`.
fn module(path: &str) -> Path {
    let parts = path.trim_end_matches(".rs").split('/');
    parts.filter(|part| !matches!(*part, "mod" | "lib")).map(str::to_owned).collect()
}

/// The test-only modules of a file that have their own files.
fn test_modules(source: &Source) -> Vec<Path> {
    let attributes = source.text.lines().zip(source.text.lines().skip(1)).filter(|(line, _)| is_for_tests(line));
    let names = attributes.filter_map(|(_, next)| next.strip_prefix("mod ")?.strip_suffix(';'));
    names.map(|name| module(&source.path).into_iter().chain([name.to_owned()]).collect()).collect()
}

fn is_for_tests(attribute: &str) -> bool {
    attribute.starts_with("#[cfg(test)]") || attribute.starts_with("#[cfg(all(test")
}

/// The text without comments and without the tests at the end.
fn code(text: &str) -> String {
    let ends = text.match_indices("#[cfg(").map(|(start, _)| start).filter(|start| {
        let mut lines = text[*start..].lines();
        let is_for_tests = lines.next().is_some_and(is_for_tests);
        is_for_tests && lines.next().is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
    });
    let text = &text[..ends.min().unwrap_or(text.len())];
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The paths of a `use`, one per leaf.
fn uses(code: &str) -> Vec<Path> {
    let statements = code.match_indices("use ").filter(|(start, _)| !code[..*start].ends_with(is_of_name));
    statements.filter_map(|(start, word)| code[start + word.len()..].split(';').next()).flat_map(leaves).collect()
}

fn public_uses(code: &str) -> Vec<Path> {
    let statements = code.match_indices("use ").filter(|(start, _)| {
        let before = code[..*start].trim_end();
        before.ends_with("pub")
            || (before.ends_with(')') && before.rsplit("pub(").next().is_some_and(|to| to.len() < 24))
    });
    statements.filter_map(|(start, word)| code[start + word.len()..].split(';').next()).flat_map(leaves).collect()
}

fn leaves(tree: &str) -> Vec<Path> {
    let tree = tree.trim();
    let Some((before, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()];
    };
    let prefix: Path = before.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let group = group.trim_end().trim_end_matches('}');
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    let nested = parts.into_iter().filter(|part| !part.trim().is_empty()).flat_map(leaves);
    nested.map(|path| prefix.iter().cloned().chain(path.into_iter().filter(|part| part != "self")).collect()).collect()
}

/// Paths outside of `use` that begin with a module, such as `crate::engine::store::MAX_READ`.
fn paths_within(code: &str) -> Vec<Path> {
    let starts = ["crate::", "super::", "self::"].into_iter().flat_map(|word| code.match_indices(word));
    let starts = starts.filter(|(start, _)| !code[..*start].ends_with(|before| is_of_name(before) || before == ':'));
    starts
        .map(|(start, _)| {
            let path = code[start..].split(|character| !is_of_name(character) && character != ':').next();
            path.unwrap_or_default().split("::").map(str::to_owned).filter(|part| !part.is_empty()).collect()
        })
        .collect()
}

/// A path from `crate` down; `None` for a path out of the crate.
fn absolute(path: &[String], module: &[String], texts: &BTreeMap<Path, String>) -> Option<Path> {
    let first = path.first()?.as_str();
    let ups = path.iter().take_while(|part| *part == "super").count();
    let (base, rest) = match first {
        "crate" => (&[][..], &path[1..]),
        "self" => (module, &path[1..]),
        "super" => (&module[..module.len().checked_sub(ups)?], &path[ups..]),
        child => {
            let child: Path = module.iter().cloned().chain([child.to_owned()]).collect();
            texts.contains_key(&child).then_some(())?;
            (module, path)
        }
    };
    Some(base.iter().chain(rest).cloned().collect())
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// For each folder, the rooms that import themselves through others.
fn circles(imports: &BTreeMap<Path, BTreeSet<Path>>) -> Vec<String> {
    let folders: BTreeSet<Path> =
        imports.keys().flat_map(|path| (0..path.len()).map(|end| path[..end].to_vec())).collect();
    let of_folder = |folder: Path| {
        let room = |path: &Path| path.strip_prefix(folder.as_slice()).and_then(|rest| rest.first().cloned());
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (one, others) in imports {
            for other in others {
                if let (Some(one), Some(other)) = (room(one), room(other)) {
                    names.entry(one).or_default().insert(other);
                }
            }
        }
        let in_circles: Vec<_> = names.keys().filter(|room| reaches_itself(room, &names)).cloned().collect();
        let folder: Path = [vec!["src".to_owned()], folder].concat();
        (!in_circles.is_empty()).then(|| format!("{}: {}", folder.join("/"), in_circles.join(", ")))
    };
    folders.into_iter().filter_map(of_folder).collect()
}

fn reaches_itself(room: &String, names: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let others = |of: &String| -> Vec<String> {
        names.get(of).into_iter().flatten().filter(|other| *other != of).cloned().collect()
    };
    let (mut seen, mut next) = (BTreeSet::new(), others(room));
    while let Some(reached) = next.pop() {
        if reached == *room {
            return true;
        }
        if seen.insert(reached.clone()) {
            next.extend(others(&reached));
        }
    }
    false
}

//! What somebody may have meant by a name that nothing has.

use super::function::Function;
use crate::shell::similarity::{CLOSE_ENOUGH, LONGEST, similarity, slips};

/// How many functions are suggested at most.
const MOST: usize = 3;

/// The shortest part of a name that is looked for within others.
const SHORTEST_PART: usize = 3;

/// The shortest word of those that functions are meant by of which a slip is recognized.
const LONG_ENOUGH_FOR_SLIPS: usize = 5;

/// Words that are one slip away from what functions are meant by, and mean something else.
const NO_SLIPS: [&str; 1] = ["close"];

/// The names of the functions that somebody may have meant: those that are one slip away, or else those that the word, or
/// one with a slip, stands for, or else those that it is a part of or that are a part of it, or else the most similar
/// one. What
/// [ends or discards](Function::ends) something is suggested only for a slip in its own name.
pub(super) fn suggestions(functions: impl Iterator<Item = &'static Function> + Clone, written: &str) -> Vec<String> {
    if written.len() > LONGEST {
        return Vec::new();
    }
    let written = written.to_lowercase();
    let alone = written.rsplit('.').next().unwrap_or_default();
    let names = |function: &'static Function| {
        let own = (function.to_string(), function);
        [own].into_iter().chain(function.alias_names().map(move |alias| (alias, function)))
    };
    let has_module = alone.len() < written.len();
    let mistyped = functions.clone().flat_map(names).filter_map(|(name, function)| {
        let lower = name.to_lowercase();
        let whole = slips(&written, &lower);
        // Behind a module, the shell's own functions are not meant: they have none.
        let of_function = match has_module && function.module.is_none() {
            true => None,
            false => slips(alone, lower.rsplit('.').next().unwrap_or_default()),
        };
        let slips = whole.into_iter().chain(of_function).min().filter(|_| alone.len() > 1)?;
        Some((slips, function.ends, name))
    });
    let mistyped = mistyped.min_by_key(|(slips, ends, _)| (*slips, *ends));
    let stands_for_another = functions.clone().any(|function| !function.ends && function.meant_by.contains(&alone));
    if let Some((_, _, name)) = mistyped.filter(|(_, ends, _)| !(*ends && stands_for_another)) {
        return vec![name];
    }
    let harmless = functions.filter(|function| !function.ends);
    let listed = |chosen: &dyn Fn(&Function) -> bool| -> Vec<String> {
        harmless.clone().filter(|function| chosen(function)).map(ToString::to_string).take(MOST).collect()
    };
    let may_be_slip = !NO_SLIPS.contains(&alone);
    let is_slip_of = |word: &&str| may_be_slip && word.len() >= LONG_ENOUGH_FOR_SLIPS && slips(alone, word).is_some();
    let likely: [&dyn Fn(&Function) -> bool; 4] = [
        &|function| function.meant_by.contains(&alone),
        &|function| function.meant_by.iter().any(is_slip_of),
        &|function| alone.len() >= SHORTEST_PART && has_part(function.name, alone),
        &|function| function.name.len() > SHORTEST_PART && has_part(alone, function.name),
    ];
    if let Some(names) = likely.into_iter().map(listed).find(|names| !names.is_empty()) {
        return names;
    }
    // Compared without modules: the same one makes any two names alike.
    let nearness = |name: &str| similarity(alone, name.to_lowercase().rsplit('.').next().unwrap_or_default());
    // A function's own name comes first: among equals, the first counts.
    let similarities = harmless.flat_map(names).map(|(name, _)| (nearness(&name), name));
    let nearest = similarities.reduce(|best, next| if next.0 > best.0 { next } else { best });
    nearest.filter(|(similarity, _)| *similarity >= CLOSE_ENOUGH).map(|(_, name)| name).into_iter().collect()
}

/// Whether words of a name begin with a part.
fn has_part(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(start, _)| start == 0 || name[..start].ends_with('_'))
}

#[cfg(all(test, feature = "bank"))]
mod tests;

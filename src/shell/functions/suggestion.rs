//! What somebody may have meant by a name that nothing has.

use super::function::Function;
use crate::shell::similarity::{CLOSE_ENOUGH, LONGEST, similarity, slips};

/// How many functions are suggested at most.
const MOST: usize = 3;

/// The shortest part of a name that is looked for within others.
const SHORTEST_PART: usize = 3;

/// The names of the functions that somebody may have meant: those that are one slip away, or else those that the word
/// stands for, or else those that it is a part of, or else the most similar one. What
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
    if let Some((_, _, name)) = mistyped.min_by_key(|(slips, ends, _)| (*slips, *ends)) {
        return vec![name];
    }
    let harmless = functions.filter(|function| !function.ends);
    let listed = |chosen: &dyn Fn(&Function) -> bool| -> Vec<String> {
        harmless.clone().filter(|function| chosen(function)).map(ToString::to_string).take(MOST).collect()
    };
    let meant = listed(&|function| function.meant_by.contains(&alone));
    if !meant.is_empty() {
        return meant;
    }
    let partly = listed(&|function| alone.len() >= SHORTEST_PART && has_part(function.name, alone));
    if !partly.is_empty() {
        return partly;
    }
    let nearness = |name: &str| {
        let name = name.to_lowercase();
        similarity(&written, &name).max(similarity(&written, name.rsplit('.').next().unwrap_or_default()))
    };
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

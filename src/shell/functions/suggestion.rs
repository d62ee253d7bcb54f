//! What somebody may have meant by a name that nothing has.

use super::function::Function;
use crate::shell::similarity::{CLOSE_ENOUGH, LONGEST, is_slip_of_fingers, similarity, slips};

/// How many functions are suggested at most.
const MOST: usize = 3;

/// The shortest part of a name that is looked for within others.
const SHORTEST_PART: usize = 3;

/// The shortest word of those that functions are meant by of which a slip is recognized.
const LONG_ENOUGH_FOR_SLIPS: usize = 5;

/// English words that are one slip away from a name and are typed because they are meant. What they mean, if it is anything
/// here, is among the words that a function is [meant by](Function::meant_by).
const NO_SLIPS: [&str; 18] = [
    "cash", "close", "closed", "closer", "closet", "drip", "droop", "edit", "end", "exist", "quiet", "quilt", "quite",
    "read", "sip", "ski", "slip", "work",
];

/// The names of the functions that somebody may have meant, found in the first way that leads to any. What
/// [ends or discards](Function::ends) something is suggested only for a slip of the fingers in its own name.
pub(super) fn suggestions(functions: impl Iterator<Item = &'static Function> + Clone, written: &str) -> Vec<String> {
    if written.len() > LONGEST {
        return Vec::new();
    }
    let written = written.to_lowercase();
    let alone = last_part(&written);
    // Of several there may be one function: `logs`. What is in the plural in another module is mostly none: `IO.puts`.
    let singular = match written.split_once('.') {
        Some((module, _)) if !functions.clone().any(|function| is_almost_in(module, function)) => alone,
        _ => alone.strip_suffix('s').unwrap_or(alone),
    };
    let may_be_slip = !NO_SLIPS.contains(&alone);

    let harmless = || functions.clone().filter(|function| !function.ends);
    let chosen = |is_chosen: &dyn Fn(&Function) -> bool| -> Vec<String> {
        harmless().filter(|function| is_chosen(function)).map(ToString::to_string).take(MOST).collect()
    };
    let mistyped = |wanted: usize| -> Vec<String> {
        let named = functions
            .clone()
            .flat_map(names)
            .filter(|(name, function)| slips_in_name(&written, &name.to_lowercase(), function) == Some(wanted));
        named.min_by_key(|(_, function)| function.ends).map(|(name, _)| name).into_iter().collect()
    };
    let is_slip_of = |word: &&str| may_be_slip && word.len() >= LONG_ENOUGH_FOR_SLIPS && slips(alone, word).is_some();
    let nearest = || -> Vec<String> {
        // Compared without modules: the same one makes any two names alike.
        let nearness = |name: &str| similarity(alone, last_part(&name.to_lowercase()));
        // A function's own name comes first: among equals, the first counts.
        let similarities = harmless().flat_map(names).map(|(name, _)| (nearness(&name), name));
        let nearest = similarities.reduce(|best, next| if next.0 > best.0 { next } else { best });
        nearest.filter(|(similarity, _)| *similarity >= CLOSE_ENOUGH).map(|(_, name)| name).into_iter().collect()
    };
    let ways: [&dyn Fn() -> Vec<String>; 8] = [
        // In another module, or in upper or lower case.
        &|| mistyped(0),
        &|| chosen(&|function| function.meant_by.contains(&alone)),
        &|| if may_be_slip { mistyped(1) } else { Vec::new() },
        &|| chosen(&|function| function.meant_by.contains(&singular)),
        &|| chosen(&|function| singular.len() >= SHORTEST_PART && has_part(function.name, singular)),
        &|| chosen(&|function| function.meant_by.iter().any(is_slip_of)),
        &|| chosen(&|function| function.name.len() > SHORTEST_PART && has_part(alone, function.name)),
        &|| if may_be_slip { nearest() } else { Vec::new() },
    ];
    ways.into_iter().map(|way| way()).find(|names| !names.is_empty()).unwrap_or_default()
}

/// The names of a function, its own first.
fn names(function: &'static Function) -> impl Iterator<Item = (String, &'static Function)> {
    let own = (function.to_string(), function);
    [own].into_iter().chain(function.alias_names().map(move |alias| (alias, function)))
}

/// Whether a module is that of a function, with one slip at most.
fn is_almost_in(module: &str, function: &Function) -> bool {
    function.module.is_some_and(|known| slips(module, &known.to_lowercase()).is_some())
}

/// A name without its module.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

/// The number of slips in a function's name as it is written, in whatever module; `None` if it is no slip.
fn slips_in_name(written: &str, name: &str, function: &Function) -> Option<usize> {
    let alone = last_part(written);
    let has_module = alone.len() < written.len();
    // Behind a module, the shell's own functions are not meant: they have none.
    if alone.len() <= 1 || has_module && function.module.is_none() {
        return None;
    }
    // Without a dot, the dot may be what is missing.
    let compared = [(alone, last_part(name)), (written, name)];
    let compared = compared.into_iter().take(if has_module { 1 } else { 2 });
    let slips = compared.filter_map(|(written, name)| {
        let slips = slips(written, name)?;
        (slips == 0 || !function.ends || is_slip_of_fingers(written, name)).then_some(slips)
    });
    slips.min()
}

/// Whether words of a name begin with a part.
fn has_part(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(start, _)| start == 0 || name[..start].ends_with('_'))
}

#[cfg(all(test, feature = "bank"))]
mod tests;

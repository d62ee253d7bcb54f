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
        // A module is no slip: whoever writes one means none of the shell's own functions.
        let slips = match has_module && function.module.is_none() {
            true => whole,
            false => whole.min(slips(alone, lower.rsplit('.').next().unwrap_or_default())),
        };
        (slips <= 1 && alone.len() > 1).then_some((slips, function.ends, name))
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
mod tests {
    use super::*;
    use crate::bank::Options;
    use crate::shell::bank_functions::BankFunctions;
    use crate::shell::functions::Vocabulary;
    use crate::shell::trace::Trace;

    fn meant(written: &str) -> Vec<String> {
        suggestions(Vocabulary::of(&BankFunctions::new(Options::default(), Trace::default())).all(), written)
    }

    #[test]
    fn what_ends_or_discards_is_suggested_only_for_a_slip_in_its_own_name() {
        for (slip, name) in [
            ("Bank.clsoe", "Bank.close"),
            ("Bank.clos", "Bank.close"),
            ("clsoe", "Bank.close"),
            ("Bnak.close", "Bank.close"),
            ("Bank.close_acount", "Bank.close_account"),
            ("exot", "exit"),
            ("quitt", "quit"),
            ("Bank.skp", "Bank.skip"),
        ] {
            assert_eq!(meant(slip), [name], "{slip}");
        }
        for other in ["Bank.list", "Bank.log", "Bank.clause", "Bank.closing", "Bank.cls", "quid_pro_quo"] {
            let ending = ["Bank.close", "Bank.close_account", "Bank.skip", "exit", "quit"];
            assert!(!meant(other).iter().any(|name| ending.contains(&name.as_str())), "{other}");
        }
    }

    #[test]
    fn what_people_mean_is_suggested() {
        for (word, names) in [
            ("Bank.balance", &["Bank.check_balance"][..]),
            ("balance", &["Bank.check_balance"]),
            ("Bank.accounts", &["Bank.get_account_list"]),
            ("Bank.list", &["Bank.get_account_list"]),
            ("Bank.log", &["Bank.events"]),
            ("Bank.history", &["Bank.statement", "Bank.events"]),
            ("Bank.account", &["Bank.get_account_list"]),
            ("Bank.lock", &["Bank.freeze"]),
            ("Bank.undo", &["Bank.reverse"]),
            ("Bank.rename", &["Bank.change_holder"]),
            ("Bank.audit", &["Bank.verify"]),
            ("Bank.overdraft", &["Bank.set_overdraft_limit"]),
            ("Bank.depsit", &["Bank.deposit"]),
            ("frobnicate", &[]),
        ] {
            assert_eq!(meant(word), names, "{word}");
        }
    }
}

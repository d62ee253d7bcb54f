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
        ("Bank.crsh", "Bank.crash"),
        ("Bank.dorp", "Bank.drop"),
    ] {
        assert_eq!(meant(slip), [name], "{slip}");
    }
    // Words of English that are one slip away from the name of what ends or discards.
    for word in [
        "chose", "clone", "closed", "closer", "closet", "clove", "lose", "brash", "cash", "clash", "crass", "crush",
        "rash", "trash", "crop", "drip", "droop", "prop", "edit", "emit", "exist", "quid", "quiet", "quilt", "quip",
        "quite", "suit", "kip", "ship", "sip", "ski", "skid", "skim", "skin", "skit", "slip", "snip", "end", "send",
        "stop",
    ] {
        let meant = [meant(word), meant(&format!("Bank.{word}"))].concat();
        let ending = ["Bank.close", "Bank.close_account", "Bank.skip", "Bank.crash", "Bank.drop", "exit", "quit"];
        assert!(!meant.iter().any(|name| ending.contains(&name.as_str())), "{word}: {meant:?}");
        assert!(
            !meant.contains(&"Bank.mend".to_owned()) && !meant.contains(&"Bank.step".to_owned()),
            "{word}: {meant:?}"
        );
    }
    for other in ["Bank.list", "Bank.log", "Bank.clause", "Bank.closing", "Bank.cls", "Bank.cash", "quid_pro_quo"] {
        let ending = ["Bank.close", "Bank.close_account", "Bank.skip", "Bank.crash", "Bank.drop", "exit", "quit"];
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
        ("Bank.cash", &["Bank.deposit"]),
        ("Bank.depsit", &["Bank.deposit"]),
        ("Bank.stat", &["Bank.statement"]),
        ("Bank.stats", &["Bank.statement"]),
        ("Bank.status", &["Bank.handlers"]),
        ("Bank.logs", &["Bank.events"]),
        ("Bank.lists", &["Bank.get_account_list"]),
        ("Bank.balances", &["Bank.check_balance"]),
        ("Bank.handler", &["Bank.handlers"]),
        ("Bank.stop", &["Bank.hold"]),
        ("Bank.send", &["Bank.transfer"]),
        ("Bank.amend", &["Bank.reverse"]),
        ("Bank.opan", &["Bank.open"]),
        ("bankopen", &["Bank.open"]),
        ("bank.watch", &["Bank.watch"]),
        ("Bank.end", &[]),
        ("Bank.trash", &[]),
        ("Bank.crop", &[]),
        ("Bank.lose", &[]),
        ("Bank.replay", &["Bank.rebuild"]),
        ("Bank.users", &["Bank.get_account_list"]),
        (".dump", &["Bank.export"]),
        ("cls", &["clear"]),
        ("IO.puts", &[]),
        ("Account.balance", &["Bank.check_balance"]),
        ("frobnicate", &[]),
    ] {
        assert_eq!(meant(word), names, "{word}");
    }
}

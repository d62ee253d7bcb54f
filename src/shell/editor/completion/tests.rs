//! What is offered where.

use super::*;
use crate::shell::functions::Parameter;

fn typed(line: &str) -> Vec<String> {
    let (start, candidates) = Assistant::of_a_bank().complete(line, "");
    candidates.into_iter().map(|candidate| format!("{}{}", &line[..start], candidate.typed)).collect()
}

#[test]
fn modules_functions_names_and_atoms_complete() {
    assert_eq!(typed("Ba"), ["Bank."]);
    assert_eq!(typed("Bank.de"), ["Bank.deposit"]);
    assert_eq!(typed("Bank.clo"), ["Bank.close", "Bank.close_account"]);
    assert_eq!(typed("hel"), ["help"]);
    assert_eq!(typed("help Bank.o"), ["help Bank.open"]);
    assert_eq!(typed("Bank.deposit \"Wo"), ["Bank.deposit \"Wolf\"", "Bank.deposit \"Wolfman\""]);
    assert_eq!(typed("Bank.deposit W"), Vec::<String>::new());
    assert_eq!(typed("Bank.deposit :Wo"), ["Bank.deposit :Wolf", "Bank.deposit :Wolfman"]);
    assert_eq!(typed("Bank.deposit :").len(), 2);
    assert_eq!(typed("Bank.create ").len(), 4);
    assert_eq!(typed("Bank.consistency :e"), ["Bank.consistency :eventual"]);
    assert_eq!(typed("Bank.open; Bank.wi"), ["Bank.open; Bank.withdraw"]);
    assert_eq!(typed("Bank.create_"), ["Bank.create_bank_account"]);
    assert_eq!(typed("Bank.open \"bank.db\", ceo_bonus: \"Wolfm"), ["Bank.open \"bank.db\", ceo_bonus: \"Wolfman\""]);
    assert_eq!(
        typed("Bank.deposit_money_into_bank_account \"Wolfm"),
        ["Bank.deposit_money_into_bank_account \"Wolfman\""]
    );
}

#[test]
fn the_steps_of_a_tour_and_files_of_lessons_complete() {
    assert_eq!(typed("Bank.tour :"), ["Bank.tour :next", "Bank.tour :back", "Bank.tour :end"]);
    assert_eq!(typed("Bank.tour \"examples/les"), ["Bank.tour \"examples/lessons.toml\""]);
    assert!(typed("Bank.tour ").contains(&"Bank.tour \"examples/".to_owned()));
}

#[test]
fn names_with_backslashes_and_quotes_complete() {
    assert_eq!(typed("Bank.deposit(\"a "), ["Bank.deposit(\"a \\\"b\\\"\""]);
    assert_eq!(typed("Bank.deposit \"a \\"), ["Bank.deposit \"a \\\"b\\\"\""]);
    assert_eq!(typed("Bank.deposit \"a \\\"b"), ["Bank.deposit \"a \\\"b\\\"\""]);
    assert_eq!(typed("Bank.deposit \"back\\\\sl"), ["Bank.deposit \"back\\\\slash\""]);
    assert_eq!(typed("Bank.deposit \"W\\u{6f}l").len(), 2, "however it is written");
}

#[test]
fn functions_complete_in_lower_case_and_without_their_module() {
    assert_eq!(typed("bank.depo"), ["Bank.deposit"]);
    assert_eq!(typed("bank."), typed("Bank."));
    assert_eq!(typed("depo"), ["Bank.deposit"]);
    assert_eq!(typed("he"), ["help", "Bank.head"]);
    assert_eq!(typed("DEP"), ["Bank.deposit"]);
    assert_eq!(typed("BANK.DEP"), ["Bank.deposit"]);
    assert_eq!(typed("TRY dep"), ["TRY Bank.deposit"]);
    assert_eq!(typed("help DEP"), ["help Bank.deposit"]);
    assert_eq!(typed("help no_p"), ["help no_payee", "help no_pin", "help no_pin_secret", "help no_place"]);
    assert_eq!(typed("help with"), ["help Bank.withdraw"]);
    assert_eq!(typed("deposit_m"), ["Bank.deposit_money_into_bank_account"]);
    assert_eq!(typed("deposit \"Wolfm"), ["deposit \"Wolfman\""]);
}

#[test]
fn keywords_and_their_values_complete() {
    assert_eq!(typed("Bank.deposit 1, 5, "), ["Bank.deposit 1, 5, memo: ", "Bank.deposit 1, 5, on: "]);
    assert_eq!(typed("Bank.deposit 1, 5, m"), ["Bank.deposit 1, 5, memo: "]);
    assert_eq!(typed("Bank.deposit 1, 5, memo: \"x\", "), ["Bank.deposit 1, 5, memo: \"x\", on: "]);
    assert_eq!(typed("Bank.deposit(1,\n  5,\n  o"), ["Bank.deposit(1,\n  5,\n  on: "]);
    assert_eq!(typed("Bank.open acc"), ["Bank.open accept_loss: "]);
    assert_eq!(typed("Bank.open accept_loss: "), ["Bank.open accept_loss: true", "Bank.open accept_loss: false"]);
    assert_eq!(typed("Bank.open accept_loss: t"), ["Bank.open accept_loss: true"]);
    assert_eq!(typed("Bank.open ceo_bonus: ").len(), 4);
    assert_eq!(typed("Bank.open ceo_bonus: :Wolfm"), ["Bank.open ceo_bonus: :Wolfman"]);
}

#[test]
fn where_nothing_fits_nothing_is_offered() {
    for line in [
        "Bank.deposit \"Wolfman\", ",
        "# Ba",
        "Bank.close \"Wo",
        "Bank.deposit ceo_bonus: \"Wo",
        "Nobody.knows \"Wo",
        "Bank.deposit \"Wolfman\" ",
        "Bank.deposit \"Wolf\\q",
    ] {
        assert_eq!(typed(line), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_quote_that_is_there_is_not_doubled() {
    let typed = |before: &str, after: &str| {
        let (_, candidates) = Assistant::of_a_bank().complete(before, after);
        candidates.into_iter().map(|candidate| candidate.typed).collect::<Vec<_>>()
    };
    // The cursor passes over the quote right behind it.
    assert_eq!(typed("Bank.deposit \"Wolfm", "\", 5"), ["Wolfman\""]);
    assert_eq!(typed("Bank.deposit \"Wolfm", "an\", 5"), ["Wolfman"]);
    assert_eq!(typed("Bank.deposit \"Wolfm", ", 5"), ["Wolfman\""]);
}

#[test]
fn many_names_begin_with_what_all_have_in_common_and_are_counted() {
    let names = |_: &Parameter, prefix: &str, limit: usize| {
        let names = (1..=250).map(|number| format!("Adam {number:03}")).chain(["Wolfman".to_owned()]);
        names.filter(|name| name.starts_with(prefix)).take(limit).collect()
    };
    let Assistant { vocabulary, .. } = Assistant::of_a_bank();
    let (_, candidates) = Assistant::new(vocabulary, Box::new(names)).complete("Bank.deposit \"", "");
    assert_eq!(candidates.len(), 101);
    assert_eq!(candidates[100], Candidate { shown: "… and 151 more".to_owned(), typed: "Wolfman\"".to_owned() });
    let (_, candidates) = Assistant::new(vocabulary, Box::new(names)).complete("Bank.deposit \"Adam 00", "");
    assert_eq!(candidates.len(), 9);
}

#[test]
fn names_of_files_complete_within_strings() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["bank.db", "bank copy.db", ".hidden", "a\"b.csv"] {
        std::fs::write(directory.path().join(name), "").unwrap();
    }
    std::fs::create_dir(directory.path().join("backups")).unwrap();
    let path = directory.path().to_str().unwrap();
    let typed = |begun: &str| {
        let line = format!("Bank.open \"{path}/{begun}");
        let (start, candidates) = Assistant::of_a_bank().complete(&line, "");
        let typed = candidates.iter().map(|candidate| format!("{}{}", &line[..start], candidate.typed));
        typed.map(|line| line[format!("Bank.open \"{path}/").len()..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(typed("ban"), ["bank copy.db\"", "bank.db\""]);
    assert_eq!(typed("b").len(), 3);
    assert_eq!(typed("bac"), ["backups/"]);
    assert_eq!(typed("a\\\""), ["a\\\"b.csv\""]);
    assert_eq!(typed(".h"), [".hidden\""]);
    assert_eq!(typed("").len(), 4, "hidden ones only when asked for");
    assert_eq!(typed("none/x"), Vec::<String>::new());
}

#[test]
fn after_try_a_command_completes_as_ever() {
    assert_eq!(typed("tr"), ["try", "Bank.transfer", "Bank.trace"]);
    assert_eq!(typed("try Bank.depo"), ["try Bank.deposit"]);
    assert_eq!(typed("try Bank.deposit \"Wolfm"), ["try Bank.deposit \"Wolfman\""]);
    assert_eq!(typed("try deposit 1, 5, m"), ["try deposit 1, 5, memo: "]);
    assert_eq!(typed("Bank.open; try Bank.wi"), ["Bank.open; try Bank.withdraw"]);
    assert_eq!(Assistant::of_a_bank().hint("try Bank.deposit"), Assistant::of_a_bank().hint("Bank.deposit"));
}

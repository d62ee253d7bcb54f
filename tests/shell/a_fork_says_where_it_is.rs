//! The prompt says which fork statements go to, Tab knows the forks, and what is wrong is explained to a person.

use crate::program::run;
use crate::terminal::Terminal;

#[test]
fn the_prompt_names_the_fork_and_tab_completes_it() {
    let terminal =
        Terminal::open_with_arguments(&["-i", "--quiet", "--seed", "7", "-c", "Bank.open; Bank.create 1"], "bank(3)> ");
    terminal.enter("Bank.fork \"what if\"");
    terminal.wait_for("bank/what if(4)> ");
    terminal.enter("try Bank.deposit \"Nobody\", 5");
    terminal.wait_for("bank/what if(5)> ");
    let contents = terminal.lines().join("\n");
    for line in [
        "Deposit Money \"Nobody\" 5: {:error, :no_account}",
        "{:error, :no_account}, and nothing was stored",
        "  account \"Nobody\" - there is no such account",
    ] {
        assert!(contents.contains(line), "{line}: {contents}");
    }
    terminal.enter("Bank.switch \"nowhere\"");
    terminal.wait_for("bank/what if(6)> ");
    terminal.enter("Bank.drop \"what if\"");
    terminal.wait_for("bank/what if(7)> ");
    let contents = terminal.lines().join("\n");
    assert!(
        contents.contains("  fork \"nowhere\" - there is no fork of this name, and main is not a fork"),
        "{contents}"
    );
    assert!(
        contents.contains("  fork \"what if\" - statements go to this fork: Bank.switch \"main\" leaves it"),
        "{contents}"
    );
    terminal.enter("Bank.switch \"mai\t");
    terminal.wait_for("bank(8)> ");
    terminal.enter("Bank.drop \"wh\t");
    terminal.wait_for("bank(9)> ");
    terminal.enter("Bank.forks");
    terminal.wait_for("bank(10)> ");
    assert!(terminal.lines().join("\n").contains("  there is nothing to show"), "{:?}", terminal.lines());
}

#[test]
fn there_are_at_most_64_forks_and_the_bank_ends_them_all() {
    let forks: String = (1..=65).map(|number| format!("Bank.fork \"{number}\"\n")).collect();
    let script = format!("Bank.open\nBank.create 1\n{forks}Bank.drop 1\nBank.fork \"again\"\nBank.close\nBank.forks\n");
    let replies = run(&["--quiet"], script).stdout;
    let replies: Vec<_> = replies.lines().collect();
    assert_eq!(
        replies[65..],
        [
            "{:ok, #Fork<64 at 1>}",
            "{:error, :too_many_forks}",
            ":ok",
            "{:ok, #Fork<again at 1>}",
            ":ok",
            "{:error, :bank_not_open}",
        ]
    );
}

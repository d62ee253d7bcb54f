//! What a file says that was removed or replaced is no answer, in whatever moment after that it is asked for.

use std::fs;

use crate::shells::Shell;

#[test]
fn what_is_asked_right_after_it_is_gone_is_an_error() {
    for (round, is_replaced) in [false, true].into_iter().enumerate() {
        for statement in
            ["Bank.close", "Bank.rebuild", "Bank.head", "Bank.handlers", "Bank.parked", "Bank.export \"FILE\""]
        {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("bank.db");
            let export = directory.path().join("events.jsonl");
            let mut shell = Shell::open(&path, "");
            assert_eq!(shell.ask("Bank.create 1"), "ok");
            if is_replaced {
                fs::copy(&path, directory.path().join("copy")).unwrap();
                fs::rename(directory.path().join("copy"), &path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            let reply = shell.ask(&statement.replace("FILE", export.to_str().unwrap()));
            let reason = reply["error"].as_str().unwrap_or_else(|| panic!("{round} {statement}: {reply}"));
            assert!(["store_failed", "bank_stopped"].contains(&reason), "{statement}: {reply}");
            assert!(!export.exists());
        }
    }
}

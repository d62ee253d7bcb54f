//! Whichever program is asked, handlers are where they are: also those that run elsewhere and are passed over, which is
//! written down only now and then.

use serde_json::Value;

use crate::shells::Shell;

fn handlers(shell: &mut Shell) -> Vec<[Value; 3]> {
    let mut reply = shell.ask("Bank.handlers");
    let rows = reply.as_array_mut().unwrap().iter_mut();
    rows.map(|row| ["handler", "checkpoint", "behind"].map(|column| row[column].take())).collect()
}

#[test]
fn a_program_that_does_not_run_them_shows_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut holder = Shell::open(&path, ", ceo_bonus: \"CEO\"");
    let mut other = Shell::open(&path, ", ceo_bonus: \"CEO\"");
    for statement in ["Bank.create \"CEO\"", "Bank.create 1", "Bank.create 2"] {
        assert_eq!(holder.ask(statement), "ok");
    }
    for (count, statement) in [(100, "Bank.deposit 1, 5"), (1, "Bank.deposit 1, 1000"), (7, "Bank.withdraw 1, 5")] {
        for _ in 0..count {
            assert_eq!(holder.ask(statement), "ok");
        }
        // A question of the other program knows all of it first.
        other.ask("Bank.get_total_deposits");
        let seen = handlers(&mut holder);
        assert!(seen.len() > 5 && seen.iter().all(|[_, _, behind]| behind == 0), "{seen:?}");
        assert_eq!(handlers(&mut other), seen, "after {count} times {statement}");
    }
    holder.leave();
    other.leave();
}

//! Under strong consistency a question knows everything that was acknowledged before it, by whatever program on the
//! file; a question about a position knows that position under any consistency, or says where the log ends.

use std::path::Path;

use cqrs_bank::bank::{Bank, CheckBalanceError, Moment, QueryError, StoreUrl};
use cqrs_bank::engine::feed::catch_up::NotYet;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::{Position, Timestamp};

use crate::accounts::{account, money};
use crate::program::run;

const TRIES: u64 = 100;

async fn open(path: &Path) -> Bank {
    Bank::open(StoreUrl::Sqlite(path.to_owned())).await.unwrap()
}

/// Two programs' banks on one new file, with an account each.
async fn two_banks(path: &Path) -> [Bank; 2] {
    let one = open(path).await;
    for name in ["A", "B"] {
        one.create(&account(name)).await.unwrap();
    }
    [one, open(path).await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_program_was_told_the_other_one_knows() {
    let directory = tempfile::tempdir().unwrap();
    let [one, other] = two_banks(&directory.path().join("bank.db")).await;
    let (a, b) = (account("A"), account("B"));
    for number in 1..=TRIES {
        one.deposit(&a, money(2)).await.unwrap();
        assert_eq!(other.check_balance(&a).await.unwrap(), crate::accounts::balance(number + 1), "deposit {number}");
        // Each read model knows the same: any of them may be asked first.
        one.transfer(&a, &b, money(1), None).await.unwrap();
        assert_eq!(
            other.transfers(Position::START, 999, None).await.unwrap().len() as u64,
            number,
            "transfer {number}"
        );
        assert_eq!(other.total_deposits(None).await.unwrap(), i128::from(2 * number), "sum {number}");
        one.create(&account(&number.to_string())).await.unwrap();
        assert_eq!(other.accounts(None).await.unwrap().len() as u64, number + 2, "account {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_eventual_consistency_answers_do_not_go_back() {
    let directory = tempfile::tempdir().unwrap();
    let [one, other] = two_banks(&directory.path().join("bank.db")).await;
    let other = other.with_consistency(Consistency::Eventual);
    let a = account("A");
    let mut last = 0;
    for number in 1..=TRIES {
        one.deposit(&a, money(1)).await.unwrap();
        let now = u64::try_from(other.check_balance(&a).await.unwrap().minor_units()).unwrap();
        assert!((last..=number).contains(&now), "{now} after {last}");
        last = now;
    }
    let strong = other.with_consistency(Consistency::Strong);
    assert_eq!(strong.check_balance(&a).await.unwrap(), crate::accounts::balance(TRIES));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_about_a_position_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let [one, other] = two_banks(&directory.path().join("bank.db")).await;
    let (a, b) = (account("A"), account("B"));
    for consistency in [Consistency::Strong, Consistency::Eventual] {
        let other = other.with_consistency(consistency);
        for _ in 0..TRIES / 4 {
            let total = one.total_deposits(None).await.unwrap();
            let deposited = one.deposit(&a, money(1)).await.unwrap().position();
            assert_eq!(other.total_deposits(Some(Moment::Position(deposited))).await.unwrap(), total + 1);
            let begun = one.transfer(&a, &b, money(1), None).await.unwrap().receipt.position();
            let transfers = other.transfers(begun, 9, Some(Moment::Position(begun))).await.unwrap();
            assert_eq!(transfers.len(), 1, "{consistency:?}: the transfer at {begun}");
            let list = one.accounts(None).await.unwrap().len();
            let created = one.create(&account(&begun.to_string())).await.unwrap().position();
            let then = other.accounts(Some(Moment::Position(created))).await.unwrap();
            assert_eq!(then.len(), list + 1, "{consistency:?}: the account at {created}");
        }
    }
}

#[tokio::test]
async fn a_position_beyond_the_end_is_an_error_that_says_where_the_end_is() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let bank = Bank::open(store).await.unwrap();
        let a = account("A");
        bank.create(&a).await.unwrap();
        bank.deposit(&a, money(5)).await.unwrap();
        let (position, end) = (Position::new(3), Position::new(2));
        let (beyond, not_yet) = (Moment::Position(position), NotYet { position, end });
        assert_eq!(not_yet.to_string(), "the log ends at position 2");
        let no_answer = QueryError::NotYet(not_yet);
        let no_balance = CheckBalanceError::NotYet(not_yet);
        assert_eq!(bank.accounts(Some(beyond)).await, Err(no_answer.clone()));
        assert_eq!(bank.total_deposits(Some(beyond)).await, Err(no_answer.clone()));
        assert_eq!(bank.transfers(Position::START, 9, Some(beyond)).await, Err(no_answer));
        assert_eq!(bank.check_balance_at(&a, beyond).await, Err(no_balance.clone()));
        assert_eq!(bank.statement(&a, Position::START, Some(beyond), 9).await, Err(no_balance.clone()));
        assert_eq!(bank.why(&a, Some(beyond), 9).await.unwrap_err(), no_balance);
        // A time is a moment, whether it has come or not.
        for moment in [Moment::Position(end), Moment::Time(Timestamp::from_micros(i64::MAX)), Moment::NOW] {
            assert_eq!(bank.check_balance_at(&a, moment).await.unwrap(), crate::accounts::balance(5));
            assert_eq!(bank.total_deposits(Some(moment)).await.unwrap(), 5);
            assert_eq!(bank.accounts(Some(moment)).await.unwrap().len(), 1);
        }
    }
}

#[test]
fn the_program_says_so_too() {
    let statements = "Bank.open; Bank.create 1; Bank.check_balance 1, at: 9; Bank.get_account_list at: 9; \
        Bank.get_total_deposits at: 9; Bank.statement 1, at: 9; Bank.transfers at: 9; Bank.why 1, at: 9; \
        Bank.consistency :eventual; Bank.check_balance 1, at: 9; Bank.check_balance 1, as_of: \"2999-01-01T00:00:00Z\"";
    let finished = run(&["--quiet", "-c", statements], "");
    let beyond = "{:error, %{position: 9, problem: \"the log ends at position 1\"}}\n";
    let expected = format!("{{:ok, #Bank<memory>}}\n:ok\n{}:ok\n{beyond}0\n", beyond.repeat(6));
    assert_eq!((finished.stdout, finished.exit_code), (expected, Some(0)), "{}", finished.stderr);
}

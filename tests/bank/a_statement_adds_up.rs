//! The lines of a statement are ordered by booking date, and with what is brought forward they add up to the balance. Any
//! period and any number of lines is that part of the whole, also where bookings are recorded days after they are booked.

use cqrs_bank::bank::{
    AccountId, Bank, BookingDate, BookingDetails, Bound, LeftOut, Options, Period, Statement, StatementLine, StoreUrl,
};
use cqrs_bank::engine::log::Position;
use tempfile::tempdir;

use crate::accounts::{account, money};

const A_DAY: u64 = 86_400;

/// A bank on the day of a number; the first is 2026-01-01.
async fn on_day(store: &StoreUrl, day: u64) -> Bank {
    Bank::open(Options { seed: Some(day * A_DAY), ..Options::from(store.clone()) }).await.unwrap()
}

fn day(number: u64) -> BookingDate {
    format!("2026-01-{:02}", number + 1).parse().unwrap()
}

/// On each of six days, bookings of that day and of days before; at the end, on the seventh day.
async fn bank_of_a_week(store: &StoreUrl, account: &AccountId) -> Bank {
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for today in 0..6 {
        let bank = on_day(store, today).await;
        assert_eq!(bank.today(), day(today));
        if today == 0 {
            bank.create(account).await.unwrap();
        }
        for _ in 0..9 {
            let date = (next(2) == 0).then(|| day(next(today + 1)));
            let details = BookingDetails::new(None, date, bank.today()).unwrap();
            let amount = money(next(50) + 1);
            match next(3) {
                0 => drop(bank.withdraw(account, amount).details(details).await.unwrap()),
                _ => drop(bank.deposit(account, amount).details(details).await.unwrap()),
            }
        }
        bank.close().await;
    }
    on_day(store, 6).await
}

/// The part of all lines, what is before it, and how many lines are left out before and after.
fn part(all: &[StatementLine], is_in: impl Fn(&StatementLine) -> bool) -> (Option<i64>, Vec<&StatementLine>) {
    let first = all.iter().position(&is_in).unwrap_or(all.len());
    let before = first.checked_sub(1).map(|last| all[last].balance);
    (before, all[first..].iter().take_while(|line| is_in(line)).collect())
}

fn adds_up(statement: &Statement) {
    let mut balance = statement.brought_forward.unwrap_or(0);
    for line in &statement.lines {
        balance += line.amount.unwrap_or(0);
        assert_eq!(line.balance, balance, "{statement:?}");
    }
}

#[tokio::test]
async fn any_part_is_that_part_of_the_whole() {
    let directory = tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let account = account("A");
    let bank = bank_of_a_week(&store, &account).await;
    let whole = bank.statement(&account, Period::default(), None, usize::MAX).await.unwrap();
    assert_eq!((whole.brought_forward, whole.left_out, whole.lines.len()), (None, LeftOut::Nothing, 1 + 6 * 9));
    assert!(whole.is_reordered && whole.lines.is_sorted_by_key(|line| (line.booking_date, line.position)));
    adds_up(&whole);
    let balance = bank.check_balance(&account).await.unwrap().minor_units();
    assert_eq!(whole.lines.last().unwrap().balance, balance);

    for limit in [1, 2, 5, 9, 20, 54, 55, 100] {
        for last in [None, Some(0), Some(2), Some(5), Some(6)] {
            let period = Period { from: None, to: last.map(|last| Bound::Date(day(last))) };
            let statement = bank.statement(&account, period, None, limit).await.unwrap();
            let (_, all) = part(&whole.lines, |line| last.is_none_or(|last| line.booking_date <= day(last)));
            let earlier = all.len().saturating_sub(limit);
            let before = earlier.checked_sub(1).map(|last| all[last].balance);
            assert_eq!(statement.lines.iter().collect::<Vec<_>>(), all[earlier..], "the last {limit} until {last:?}");
            assert_eq!(statement.brought_forward, before);
            let left_out = if earlier == 0 { LeftOut::Nothing } else { LeftOut::Earlier(earlier as u64) };
            assert_eq!(statement.left_out, left_out);
            for first in 0..6 {
                let period = Period { from: Some(Bound::Date(day(first))), ..period };
                let statement = bank.statement(&account, period, None, limit).await.unwrap();
                let is_in = |line: &StatementLine| {
                    line.booking_date >= day(first) && last.is_none_or(|last| line.booking_date <= day(last))
                };
                let (before, all) = part(&whole.lines, is_in);
                let earlier = all.len().saturating_sub(limit);
                let before = earlier.checked_sub(1).map(|last| all[last].balance).or(before);
                if !all.is_empty() {
                    assert_eq!(statement.brought_forward, before, "from {first} until {last:?}");
                }
                assert_eq!(statement.lines.iter().collect::<Vec<_>>(), all[earlier..], "{limit} from {first}");
                let left_out = if earlier == 0 { LeftOut::Nothing } else { LeftOut::Earlier(earlier as u64) };
                assert_eq!(statement.left_out, left_out);
            }
        }
    }
}

/// Pages by position have each event once, and each brings forward what the one before left.
#[tokio::test]
async fn pages_by_position_follow_each_other() {
    let directory = tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let account = account("A");
    let bank = bank_of_a_week(&store, &account).await;
    let (mut next, mut before, mut positions) = (Position::new(1), None, Vec::new());
    loop {
        let page = bank.statement(&account, next, None, 7).await.unwrap();
        adds_up(&page);
        assert_eq!(page.brought_forward, before);
        before = page.lines.last().map(|line| line.balance);
        positions.extend(page.lines.iter().map(|line| line.position.get()));
        match page.left_out {
            LeftOut::From(position) => next = position,
            LeftOut::Nothing => break,
            other => panic!("{other:?}"),
        }
    }
    positions.sort_unstable();
    assert_eq!(positions, (1..=55).collect::<Vec<_>>());
    assert_eq!(before, Some(bank.check_balance(&account).await.unwrap().minor_units()));
}

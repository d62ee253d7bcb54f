//! The lines of a statement are ordered by booking date, and with what is brought forward they add up to the balance. Any
//! period and any number of lines is that part of the whole, also where bookings are recorded days after they are booked.

use cqrs_bank::bank::{
    AccountId, Bank, BookingDate, BookingDetails, Bound, CheckBalanceError, Options, Period, Statement, StatementLine,
    StoreUrl,
};
use cqrs_bank::engine::log::{Moment, Position};
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
    assert_eq!((whole.brought_forward, whole.earlier, whole.lines.len()), (None, 0, 1 + 6 * 9));
    assert!(whole.lines.iter().any(StatementLine::is_reordered));
    assert!(whole.lines.is_sorted_by_key(|line| (line.booking_date, line.position)));
    adds_up(&whole);
    let balance = bank.check_balance(&account).await.unwrap().minor_units();
    assert_eq!(whole.lines.last().unwrap().balance, balance);

    for limit in [1, 2, 5, 9, 20, 54, 55, 100] {
        for last in [None, Some(0), Some(2), Some(5), Some(6)] {
            let to = last.map(|last| Bound::Date(day(last)));
            let period = Period::between(None, to).unwrap();
            let statement = bank.statement(&account, period, None, limit).await.unwrap();
            let (_, all) = part(&whole.lines, |line| last.is_none_or(|last| line.booking_date <= day(last)));
            let earlier = all.len().saturating_sub(limit);
            let before = earlier.checked_sub(1).map(|last| all[last].balance);
            assert_eq!(statement.lines.iter().collect::<Vec<_>>(), all[earlier..], "the last {limit} until {last:?}");
            assert_eq!(statement.brought_forward, before);
            assert_eq!(statement.earlier, earlier as u64);
            for first in 0..last.map_or(6, |last| last + 1).min(6) {
                let period = Period::between(Some(Bound::Date(day(first))), to).unwrap();
                let statement = bank.statement(&account, period, None, limit).await.unwrap();
                let is_in = |line: &StatementLine| {
                    line.booking_date >= day(first) && last.is_none_or(|last| line.booking_date <= day(last))
                };
                let (before, all) = part(&whole.lines, is_in);
                let earlier = all.len().saturating_sub(limit);
                let before = earlier.checked_sub(1).map(|last| all[last].balance).or(before);
                if !all.is_empty() {
                    assert_eq!(statement.brought_forward, before.or(Some(0)), "from {first} until {last:?}");
                }
                assert_eq!(statement.lines.iter().collect::<Vec<_>>(), all[earlier..], "{limit} from {first}");
                assert_eq!(statement.earlier, earlier as u64);
            }
        }
    }
}

/// A period of positions has the events that were recorded there, in the order of their booking dates, however few lines
/// are wanted of it.
#[tokio::test]
async fn a_period_of_positions_is_ordered_by_date_too() {
    let directory = tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let account = account("A");
    let bank = bank_of_a_week(&store, &account).await;
    let position = |position| Some(Bound::Position(Position::new(position)));
    for (first, last) in [(1, 55), (1, 20), (11, 30), (17, 17), (30, 99), (56, 99)] {
        let period = Period::between(position(first), position(last)).unwrap();
        let all = bank.statement(&account, period, None, usize::MAX).await.unwrap();
        adds_up(&all);
        let mut positions: Vec<_> = all.lines.iter().map(|line| line.position.get()).collect();
        positions.sort_unstable();
        assert_eq!(positions, (first..=last.min(55)).collect::<Vec<_>>());
        let then = bank.statement(&account, Period::default(), Some(Moment::Position(Position::new(last.min(55)))), 1);
        let last_balance = all.lines.last().map_or(all.brought_forward.unwrap(), |line| line.balance);
        assert_eq!(last_balance, then.await.unwrap().lines[0].balance);
        for limit in [1, 3, 8] {
            let part = bank.statement(&account, period, None, limit).await.unwrap();
            let earlier = all.lines.len().saturating_sub(limit);
            assert_eq!((part.earlier, &part.lines[..]), (earlier as u64, &all.lines[earlier..]));
            adds_up(&part);
        }
    }
    for (first, last) in [(1, 55), (1, 20), (11, 30)] {
        let to_the_end = bank.statement(&account, Position::new(first), None, usize::MAX).await.unwrap();
        let then =
            bank.statement(&account, Position::new(first), Some(Moment::Position(Position::new(last))), 99).await;
        let period = Period::between(position(first), position(last)).unwrap();
        assert_eq!(then.unwrap(), bank.statement(&account, period, None, 99).await.unwrap());
        assert_eq!(to_the_end.lines.len() as u64, 56 - first);
    }
}

/// Going back from the latest lines, each page before the first line of the one before, leads through the whole statement.
#[tokio::test]
async fn pages_lead_through_the_whole_statement() {
    let directory = tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let account = account("A");
    let bank = bank_of_a_week(&store, &account).await;
    let of_january = Period::between(Some(Bound::Date(day(1))), Some(Bound::Date(day(4)))).unwrap();
    for (period, until) in
        [(Period::default(), None), (of_january, None), (Period::default(), Some(Moment::Position(Position::new(30))))]
    {
        let whole = bank.statement(&account, period, until, usize::MAX).await.unwrap();
        for limit in [1, 4, 7] {
            let (mut pages, mut page) = (Vec::new(), bank.statement(&account, period, until, limit).await.unwrap());
            loop {
                adds_up(&page);
                pages.splice(0..0, page.lines.clone());
                assert_eq!(page.earlier, (whole.lines.len() - pages.len()) as u64);
                let Some(first) = page.lines.first().filter(|_| page.earlier > 0) else { break };
                let before = period.before(first.position);
                page = bank.statement(&account, before, until, limit).await.unwrap();
            }
            assert_eq!(pages, whole.lines, "{limit}");
            assert_eq!(page.brought_forward, whole.brought_forward);
        }
    }
    for of_no_line in [0, 56, 1_000] {
        let before = Period::default().before(Position::new(of_no_line));
        let no_line = bank.statement(&account, before, None, 7).await;
        assert_eq!(no_line.unwrap_err(), CheckBalanceError::NoLine, "{of_no_line}");
    }
}

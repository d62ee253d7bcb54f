//! The judge of histories finds what is wrong in one, and nothing in one that is right.

use proptest::prelude::*;

use crate::judge::account::{Account, Deed};
use crate::judge::book::{Book, Command, Deed as BookDeed};
use crate::judge::{Entry, NEVER, Thing, judge};

fn history<T: Thing>(deeds: &[(i64, i64, T::Deed)]) -> Result<(), String> {
    let entry = |(called, returned, deed): &(i64, i64, T::Deed)| Entry {
        called: *called,
        returned: *returned,
        deed: deed.clone(),
        text: format!("{deed:?}").into(),
    };
    judge::<T>("it", deeds.iter().map(entry).collect())
}

/// Shows how each deed was placed, so that a test can say which ones are left.
fn lines(fault: &str) -> Vec<&str> {
    fault
        .lines()
        .skip(1)
        .map(|line| line.trim_start().split(']').nth(1).unwrap().split("  (").next().unwrap().trim())
        .collect()
}

#[test]
fn what_is_asked_while_something_is_under_way_may_be_answered_as_before_or_after() {
    for balance in [0, 5] {
        let deeds = [(0, 1, Deed::Create), (2, 5, Deed::In(5)), (3, 4, Deed::Balance(balance))];
        assert_eq!(history::<Account>(&deeds), Ok(()));
    }
}

#[test]
fn an_answer_that_does_not_know_what_was_acknowledged_is_found_and_shown_without_the_rest() {
    let mut deeds = vec![(0, 1, Deed::Create)];
    for number in 1..100 {
        deeds.push((10 * number, 10 * number + 3, Deed::In(1)));
        deeds.push((10 * number + 1, 10 * number + 5, Deed::Exists));
        deeds.push((10 * number + 6, 10 * number + 8, Deed::Balance(number as u64 - u64::from(number == 70))));
    }
    let fault = history::<Account>(&deeds).unwrap_err();
    assert!(fault.contains("At the beginning it is Some(67)."), "{fault}");
    assert_eq!(lines(&fault), ["In(1)", "In(1)", "In(1)", "Balance(69)"]);
}

#[test]
fn what_one_answer_has_shown_the_next_one_knows() {
    let deeds = [(0, 1, Deed::Create), (2, 9, Deed::In(5)), (3, 4, Deed::Balance(5)), (5, 6, Deed::Balance(0))];
    assert!(history::<Account>(&deeds).is_err());
}

#[test]
fn a_refusal_is_an_answer_too() {
    let deeds = [(0, 9, Deed::Create), (1, 2, Deed::Exists), (3, 4, Deed::Absent)];
    assert_eq!(lines(&history::<Account>(&deeds).unwrap_err()), ["Create", "Exists", "Absent"]);
    let declined = Deed::Declined { balance: 0, asked: 3 };
    let deeds = [(0, 1, Deed::Create), (2, 3, Deed::In(5)), (4, 5, declined)];
    assert!(history::<Account>(&deeds).is_err());
    let deeds = [(0, 1, Deed::Create), (2, 3, Deed::In(5)), (4, 5, Deed::Out(4)), (6, 7, Deed::Out(4))];
    assert!(history::<Account>(&deeds).is_err());
}

#[test]
fn what_was_not_answered_may_have_happened_or_not_and_late_too() {
    for balances in [[0, 0], [0, 5], [5, 5]] {
        let [first, second] = balances.map(Deed::Balance);
        let deeds = [(0, 1, Deed::Create), (2, NEVER, Deed::In(5)), (3, 4, first), (5, 6, second)];
        assert_eq!(history::<Account>(&deeds), Ok(()));
    }
    let deeds = [(0, 1, Deed::Create), (2, NEVER, Deed::In(5)), (3, 4, Deed::Balance(5)), (5, 6, Deed::Balance(0))];
    assert!(history::<Account>(&deeds).is_err());
}

#[test]
fn a_copy_that_was_lent_twice_is_found() {
    let borrow = |user: &str| BookDeed::Done(Command::Borrow(user.to_owned()));
    let begin = (0, 1, BookDeed::Done(Command::Add(1)));
    let refused = BookDeed::Refused(Command::Borrow("Bob".to_owned()), "no_copy_left".to_owned());
    let right =
        [begin.clone(), (2, 5, borrow("Ann")), (3, 4, refused), (6, 7, BookDeed::HasIt("Ann".to_owned(), true))];
    assert_eq!(history::<Book>(&right), Ok(()));
    assert!(history::<Book>(&[begin.clone(), (2, 5, borrow("Ann")), (3, 4, borrow("Bob"))]).is_err());
    let right = [begin.clone(), (2, 5, borrow("Ann")), (3, 4, BookDeed::Counts(Some((0, 1))))];
    assert_eq!(history::<Book>(&right), Ok(()));
    let removed = (6, 7, BookDeed::Done(Command::Remove));
    assert!(history::<Book>(&[begin, (2, 5, borrow("Ann")), removed]).is_err());
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        Just(Deed::Create),
        Just(Deed::Exists),
        Just(Deed::Absent),
        (1..3_u64).prop_map(Deed::In),
        (1..3_u64).prop_map(Deed::Out),
        (0..4_u64).prop_map(Deed::Balance),
        (0..3_u64, 1..4_u64).prop_map(|(balance, asked)| Deed::Declined { balance, asked }),
    ]
}

/// A few deeds, each called and mostly answered at moments of their own.
fn few_deeds() -> impl Strategy<Value = Vec<(i64, i64, Deed)>> {
    prop::collection::vec((deed(), 0..4_u8), 1..7).prop_flat_map(|deeds| {
        let moments: Vec<i64> = (0..2 * deeds.len() as i64).collect();
        Just(moments).prop_shuffle().prop_map(move |moments| {
            let entry = |((deed, lost), moments): (&(Deed, u8), &[i64])| {
                let (called, returned) = (moments[0].min(moments[1]), moments[0].max(moments[1]));
                (called, if *lost == 0 { NEVER } else { returned }, deed.clone())
            };
            deeds.iter().zip(moments.chunks(2)).map(entry).collect()
        })
    })
}

/// Tries every order there is.
fn is_explained(state: Option<u64>, left: &[(i64, i64, Deed)]) -> bool {
    if left.iter().all(|(_, returned, _)| *returned == NEVER) {
        return true;
    }
    left.iter().enumerate().any(|(place, (called, _, deed))| {
        let is_next = left.iter().all(|(_, returned, _)| called < returned);
        let mut others = left.to_vec();
        others.remove(place);
        is_next && Account::after(&state, deed).is_some_and(|after| is_explained(after, &others))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_finds_what_trying_every_order_finds(deeds in few_deeds()) {
        prop_assert_eq!(history::<Account>(&deeds).is_ok(), is_explained(None, &deeds));
    }
}

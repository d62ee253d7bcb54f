//! Everything that a bank can be asked, now or about a moment in the past, and the same folded from its log.

use std::collections::{BTreeMap, BTreeSet};

use cqrs_bank::bank::{
    AccountEntry, AccountEvent, Balance, Bank, Cause, CheckBalanceError, Ending, Moment, Money, Movement, Period,
    Statement, TransferId, TransferState,
};
use cqrs_bank::engine::log::{Position, RecordedEvent};

use crate::accounts::account;

pub(crate) const CEO: &str = "CEO";

/// The accounts that are asked about.
pub(crate) const NAMES: [&str; 5] = ["Ada", "Grace", "Wolfman", "Full", CEO];

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answers {
    balances: Vec<Result<Balance, CheckBalanceError>>,
    accounts: Vec<AccountEntry>,
    total_deposits: i128,
    transfers: Vec<(TransferId, TransferState)>,
    statements: Vec<Result<Statement, CheckBalanceError>>,
    reasons: Vec<Result<Vec<Because>, CheckBalanceError>>,
}

/// What moved a balance, to what, and the event that caused it.
type Because = (Position, Movement, Balance, Option<Position>);

/// The answers to all queries; about now without a moment.
pub(crate) async fn ask(bank: &Bank, moment: Option<Moment>) -> Answers {
    let (mut balances, mut statements, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for name in NAMES.map(account) {
        balances.push(match moment {
            None => bank.check_balance(&name).await,
            Some(moment) => bank.check_balance_at(&name, moment).await,
        });
        statements.push(bank.statement(&name, Period::default(), moment, usize::MAX).await);
        let why = bank.why(&name, moment, usize::MAX).await;
        reasons.push(why.map(|reasons| {
            let because = reasons.into_iter().map(|reason| {
                let cause = match reason.cause {
                    Cause::Request => None,
                    Cause::Event(cause) => Some(cause.position),
                    Cause::Unknown => panic!("{reason:?}"),
                };
                (reason.event.position, reason.movement, reason.balance, cause)
            });
            because.collect()
        }));
    }
    let transfers = bank.transfers(Position::START, usize::MAX, moment).await.unwrap();
    let state = |record: &cqrs_bank::bank::TransferRecord| {
        (record.outgoing.transfer_id, record.state_at(moment.unwrap_or(Moment::NOW)).unwrap())
    };
    Answers {
        balances,
        accounts: bank.accounts(moment).await.unwrap(),
        total_deposits: bank.total_deposits(moment).await.unwrap(),
        transfers: transfers.iter().map(state).collect(),
        statements,
        reasons,
    }
}

/// What a log says of the money, told by the test's own words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fold {
    pub(crate) balances: BTreeMap<String, i64>,
    pub(crate) transfers: BTreeMap<TransferId, (u64, TransferState)>,
    closed: BTreeSet<String>,
    limits: BTreeMap<String, i64>,
    paid_in: i128,
    paid_out: i128,
    /// For each account its events.
    bookings: BTreeMap<String, Bookings>,
}

/// Events by booking date and position, with what they moved and the balance after them.
type Bookings = BTreeMap<(String, u64), (i64, i64)>;

impl Fold {
    pub(crate) fn take(&mut self, event: &RecordedEvent<AccountEvent>) {
        let Some(account) = event.data.account_id() else { return };
        let name = account.to_string();
        let before = self.balances.get(&name).copied().unwrap_or(0);
        self.move_money(event);
        let after = self.balances[&name];
        let moved = after - before;
        let given = event.data.details().and_then(|details| details.booking_date()).map(|date| date.to_string());
        let booked_on = given.unwrap_or_else(|| event.time.to_string()[..10].to_owned());
        self.bookings.entry(name).or_default().insert((booked_on, event.position.get()), (moved, after));
    }

    fn move_money(&mut self, event: &RecordedEvent<AccountEvent>) {
        let Some(account) = event.data.account_id() else { return };
        let balance = self.balances.entry(account.to_string());
        let units = |amount: Money| i64::try_from(amount.minor_units()).unwrap();
        let ended = |ending| TransferState::Ended(ending);
        match &event.data {
            AccountEvent::AccountCreated { .. } => {
                balance.or_default();
            }
            AccountEvent::MoneyDeposited { amount, .. } => {
                balance.and_modify(|balance| *balance += units(*amount));
                self.paid_in += i128::from(units(*amount));
            }
            AccountEvent::MoneyWithdrawn { amount, .. } => {
                balance.and_modify(|balance| *balance -= units(*amount));
                self.paid_out += i128::from(units(*amount));
            }
            AccountEvent::MoneyReserved(outgoing) => {
                let amount = outgoing.amount.minor_units();
                balance.and_modify(|balance| *balance -= units(outgoing.amount));
                let before = self.transfers.insert(outgoing.transfer_id, (amount, TransferState::Reserved));
                assert_eq!(before, None, "begun twice: {event:?}");
            }
            AccountEvent::TransferCredited(incoming) => {
                balance.and_modify(|balance| *balance += units(incoming.amount));
                self.step(incoming.transfer_id, incoming.amount, TransferState::Reserved, TransferState::Credited);
            }
            AccountEvent::TransferSettled(outgoing) => {
                let (id, amount) = (outgoing.transfer_id, outgoing.amount);
                self.step(id, amount, TransferState::Credited, ended(Ending::Settled));
            }
            AccountEvent::TransferReleased(released) => {
                let outgoing = &released.outgoing;
                balance.and_modify(|balance| *balance += units(outgoing.amount));
                let (id, amount) = (outgoing.transfer_id, outgoing.amount);
                self.step(id, amount, TransferState::Reserved, ended(Ending::Released(released.reason)));
            }
            AccountEvent::DepositReversed(reversal) => {
                balance.and_modify(|balance| *balance -= units(reversal.amount));
                self.paid_out += i128::from(units(reversal.amount));
            }
            AccountEvent::WithdrawalReversed(reversal) => {
                balance.and_modify(|balance| *balance += units(reversal.amount));
                self.paid_in += i128::from(units(reversal.amount));
            }
            AccountEvent::OverdraftLimitSet { account_id, limit } => {
                self.limits.insert(account_id.to_string(), i64::try_from(limit.minor_units()).unwrap());
            }
            AccountEvent::AccountClosed { account_id, .. } => {
                assert_eq!(*balance.or_default(), 0, "before {event:?}");
                self.closed.insert(account_id.to_string());
            }
            _ => {}
        }
        let limit = |name: &String| self.limits.get(name).copied().unwrap_or(0);
        assert!(self.balances.iter().all(|(name, balance)| *balance >= -limit(name)), "after {event:?}");
        let reserved = self.transfers.values().filter(|(_, state)| *state == TransferState::Reserved);
        let reserved: i128 = reserved.map(|(amount, _)| i128::from(*amount)).sum();
        assert_eq!(self.total() + reserved, self.paid_in - self.paid_out, "money is conserved after {event:?}");
    }

    /// A transfer goes one way, one step after the other, with one amount.
    fn step(&mut self, transfer_id: TransferId, amount: Money, from: TransferState, to: TransferState) {
        let before = self.transfers.insert(transfer_id, (amount.minor_units(), to));
        assert_eq!(before, Some((amount.minor_units(), from)), "before {to:?}");
    }

    pub(crate) fn total(&self) -> i128 {
        self.balances.values().map(|balance| i128::from(*balance)).sum()
    }

    /// Holds the answers of a bank about the moment of the fold against it.
    pub(crate) fn agrees_with(&self, answers: &Answers) {
        let balances = NAMES.iter().zip(&answers.balances);
        let balances =
            balances.filter_map(|(name, balance)| Some(((*name).to_owned(), balance.as_ref().ok()?.minor_units())));
        assert_eq!(balances.collect::<BTreeMap<_, _>>(), self.balances);
        assert_eq!(answers.total_deposits, self.total());
        let transfers = self.transfers.iter().map(|(id, (_, state))| (*id, *state));
        assert_eq!(answers.transfers.iter().copied().collect::<BTreeMap<_, _>>(), transfers.collect());
        assert_eq!(answers.transfers.len(), self.transfers.len());
        for (name, statement) in NAMES.iter().zip(&answers.statements) {
            let Ok(Statement { brought_forward, lines, .. }) = statement else { continue };
            assert_eq!(*brought_forward, None);
            let mut balance = 0;
            let expected = self.bookings[*name].iter().map(|((date, position), (moved, after))| {
                balance += moved;
                (date.clone(), *position, *moved, balance, *after)
            });
            let stated = lines.iter().map(|line| {
                let amount = line.amount.unwrap_or(0);
                (line.booking_date.to_string(), line.position.get(), amount, line.balance, line.recorded_balance)
            });
            assert_eq!(stated.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
        let mut accounts: Vec<_> = answers.accounts.iter().map(|entry| entry.account_id.to_string()).collect();
        accounts.sort();
        let listed = self.balances.keys().filter(|name| !self.closed.contains(*name));
        assert_eq!(accounts, listed.cloned().collect::<Vec<_>>());
    }
}

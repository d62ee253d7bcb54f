//! Everything that a bank can be asked, now or about a moment in the past, and the same folded from its log.

use std::collections::BTreeMap;

use cqrs_bank::bank::{
    AccountEntry, AccountEvent, Bank, Cause, CheckBalanceError, Ending, Moment, Money, Movement, StatementLine,
    TransferId, TransferState,
};
use cqrs_bank::engine::log::{Position, RecordedEvent};

use crate::accounts::account;

pub(crate) const CEO: &str = "CEO";

/// The accounts that are asked about.
pub(crate) const NAMES: [&str; 5] = ["Ada", "Grace", "Wolfman", "Full", CEO];

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answers {
    balances: Vec<Result<Money, CheckBalanceError>>,
    accounts: Vec<AccountEntry>,
    total_deposits: u128,
    transfers: Vec<(TransferId, TransferState)>,
    statements: Vec<Result<Vec<StatementLine>, CheckBalanceError>>,
    reasons: Vec<Result<Vec<Because>, CheckBalanceError>>,
}

/// What moved a balance, to what, and the event that caused it.
type Because = (Position, Movement, Money, Option<Position>);

/// The answers to all queries; about now without a moment.
pub(crate) async fn ask(bank: &Bank, moment: Option<Moment>) -> Answers {
    let (mut balances, mut statements, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for name in NAMES.map(account) {
        balances.push(match moment {
            None => bank.check_balance(&name).await,
            Some(moment) => bank.check_balance_at(&name, moment).await,
        });
        statements.push(bank.statement(&name, Position::START, moment, usize::MAX).await);
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
    pub(crate) balances: BTreeMap<String, u64>,
    pub(crate) transfers: BTreeMap<TransferId, (u64, TransferState)>,
    paid_in: u128,
    paid_out: u128,
}

impl Fold {
    pub(crate) fn take(&mut self, event: &RecordedEvent<AccountEvent>) {
        let Some(account) = event.data.account_id() else { return };
        let balance = self.balances.entry(account.to_string());
        let ended = |ending| TransferState::Ended(ending);
        match &event.data {
            AccountEvent::AccountCreated { .. } => {
                balance.or_default();
            }
            AccountEvent::MoneyDeposited { amount, .. } => {
                balance.and_modify(|balance| *balance += amount.minor_units());
                self.paid_in += u128::from(amount.minor_units());
            }
            AccountEvent::MoneyWithdrawn { amount, .. } => {
                balance.and_modify(|balance| *balance -= amount.minor_units());
                self.paid_out += u128::from(amount.minor_units());
            }
            AccountEvent::MoneyReserved(outgoing) => {
                let amount = outgoing.amount.minor_units();
                balance.and_modify(|balance| *balance -= amount);
                let before = self.transfers.insert(outgoing.transfer_id, (amount, TransferState::Reserved));
                assert_eq!(before, None, "begun twice: {event:?}");
            }
            AccountEvent::TransferCredited(incoming) => {
                balance.and_modify(|balance| *balance += incoming.amount.minor_units());
                self.step(incoming.transfer_id, incoming.amount, TransferState::Reserved, TransferState::Credited);
            }
            AccountEvent::TransferSettled(outgoing) => {
                let (id, amount) = (outgoing.transfer_id, outgoing.amount);
                self.step(id, amount, TransferState::Credited, ended(Ending::Settled));
            }
            AccountEvent::TransferReleased(released) => {
                let outgoing = &released.outgoing;
                balance.and_modify(|balance| *balance += outgoing.amount.minor_units());
                let (id, amount) = (outgoing.transfer_id, outgoing.amount);
                self.step(id, amount, TransferState::Reserved, ended(Ending::Released(released.reason)));
            }
            AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::InvalidPin { .. }
            | AccountEvent::AccountUnlocked { .. }
            | AccountEvent::CurrencyChosen(_) => {}
        }
        let reserved = self.transfers.values().filter(|(_, state)| *state == TransferState::Reserved);
        let reserved: u128 = reserved.map(|(amount, _)| u128::from(*amount)).sum();
        assert_eq!(self.total() + reserved, self.paid_in - self.paid_out, "money is conserved after {event:?}");
    }

    /// A transfer goes one way, one step after the other, with one amount.
    fn step(&mut self, transfer_id: TransferId, amount: Money, from: TransferState, to: TransferState) {
        let before = self.transfers.insert(transfer_id, (amount.minor_units(), to));
        assert_eq!(before, Some((amount.minor_units(), from)), "before {to:?}");
    }

    pub(crate) fn total(&self) -> u128 {
        self.balances.values().map(|balance| u128::from(*balance)).sum()
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
        let mut accounts: Vec<_> = answers.accounts.iter().map(|entry| entry.account_id.to_string()).collect();
        accounts.sort();
        assert_eq!(accounts, self.balances.keys().cloned().collect::<Vec<_>>());
    }
}

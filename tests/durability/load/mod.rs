//! Load for the program: statements that can be told apart in the log, and what the log must hold of them.

pub(crate) mod audit;
pub(crate) mod shell;

use crate::random::Random;
use std::fmt;

/// The accounts that the load is on.
const ACCOUNTS: u64 = 10;

/// Each account has so much at the beginning: more than the load takes away.
const START: u64 = 1_000_000_000;

/// Amounts above this are declined: no account ever has as much.
const TOO_MUCH: u64 = 1_000_000_000_000;

/// No two statements on one file move the same amount, or create the same account: their events can be told apart.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    Create { account: String },
    Deposit { account: String, amount: u64 },
    Withdraw { account: String, amount: u64 },
    Transfer { payer: String, payee: String, amount: u64 },
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { account } => write!(f, "Bank.create {account:?}"),
            Self::Deposit { account, amount } => write!(f, "Bank.deposit {account:?}, {amount}"),
            Self::Withdraw { account, amount } => write!(f, "Bank.withdraw {account:?}, {amount}"),
            Self::Transfer { payer, payee, amount } => write!(f, "Bank.transfer {payer:?}, {payee:?}, {amount}"),
        }
    }
}

/// There is no such account.
const NOBODY: &str = "Nobody";

fn account(index: u64) -> String {
    format!("account {index}")
}

/// The statements with which a file begins: the accounts, and what they have.
pub(crate) fn beginning() -> impl Iterator<Item = Statement> {
    let creates = (0..ACCOUNTS).map(|index| Statement::Create { account: account(index) });
    creates.chain((0..ACCOUNTS).map(|index| Statement::Deposit { account: account(index), amount: START + index }))
}

/// Statements without end: those with the numbers `first`, `first + step` and so on.
#[derive(Debug)]
pub(crate) struct Load {
    random: Random,
    next: u64,
    step: u64,
    only_transfers: bool,
}

impl Load {
    pub(crate) fn new(seed: u64, first: u64, step: u64) -> Self {
        Self { random: Random::new(seed), next: first, step, only_transfers: false }
    }

    /// Transfers between the accounts, and nothing that is declined or refused.
    pub(crate) fn transfers(seed: u64, first: u64, step: u64) -> Self {
        Self { only_transfers: true, ..Self::new(seed, first, step) }
    }

    pub(crate) fn next(&mut self) -> Statement {
        let number = self.next;
        self.next += self.step;
        let payer = self.random.below(ACCOUNTS);
        let payee = (payer + 1 + self.random.below(ACCOUNTS - 1)) % ACCOUNTS;
        let (payer, payee, nobody) = (account(payer), account(payee), NOBODY.to_owned());
        match if self.only_transfers { 9 } else { self.random.below(20) } {
            0 => Statement::Create { account: format!("new {number}") },
            1 => Statement::Deposit { account: nobody, amount: number },
            2 => Statement::Withdraw { account: payer, amount: TOO_MUCH + number },
            3 => Statement::Transfer { payer, payee: nobody, amount: number },
            4..=6 => Statement::Deposit { account: payer, amount: number },
            7..=8 => Statement::Withdraw { account: payer, amount: number },
            _ => Statement::Transfer { payer, payee, amount: number },
        }
    }
}

/// A number that a long campaign sets, or the one for every day.
pub(crate) fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

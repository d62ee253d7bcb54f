//! The one workload that everything is measured on.

use std::num::NonZeroU32;

/// The same numbers in every run: only the program decides how fast it is.
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// The amounts moved are from 1 to this.
const LARGEST_AMOUNT: u32 = 100;

/// Deposits and withdrawals, spread evenly over accounts that exist and are empty at the start.
///
/// All of it is prepared before any clock runs: the accounts are open, and have a history if one is wanted.
/// A balance wanders at random from zero, and a withdrawal that finds too little is declined: of a million
/// commands 1 in 1,700 with a single account, 1 in 45 with 1,000, nearly 1 in 4 with 100,000.
pub(crate) struct Workload {
    /// What the accounts are called.
    pub(crate) account_names: Vec<String>,
    /// So many events on each account before the clock starts, besides the one that opened it.
    history: usize,
    /// What is asked of them while the clock runs, in order.
    pub(crate) commands: Vec<AccountRequest>,
}

/// One command, before it takes the form that a contender wants it in.
#[derive(Clone, Copy)]
pub(crate) struct AccountRequest {
    /// The account, as an index into [`Workload::account_names`].
    account: u32,
    /// How much, from 1 to 100.
    pub(crate) amount: u32,
    /// Which way.
    pub(crate) direction: Direction,
}

/// Which way the money goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Into the account.
    Deposit,
    /// Out of the account, if it holds enough.
    Withdrawal,
}

impl AccountRequest {
    /// The account, as an index into [`Workload::account_names`].
    pub(crate) fn account(self) -> usize {
        self.account as usize
    }
}

impl Workload {
    /// The first `commands` commands over so many accounts; fewer commands are the beginning of more. The
    /// history is an even number, for half of it puts in what the other half takes out.
    pub(crate) fn new(accounts: NonZeroU32, history: usize, commands: usize) -> Self {
        let mut random = XorShift { state: SEED };
        let account_names = (0..accounts.get()).map(account_name).collect();
        let commands = (0..commands).map(|_| random.request(accounts)).collect();
        Self { account_names, history, commands }
    }

    /// The same accounts and as many commands, all of them deposits of 100 or a little more: each of them is worth
    /// a bonus of 1.
    pub(crate) fn into_deposits(mut self) -> Self {
        for request in &mut self.commands {
            request.amount += 99;
            request.direction = Direction::Deposit;
        }
        self
    }

    /// The name of the account that `request` is for.
    pub(crate) fn name(&self, request: AccountRequest) -> &str {
        &self.account_names[request.account()]
    }

    /// What is asked of the accounts before the clock starts.
    pub(crate) fn history(&self) -> impl Iterator<Item = AccountRequest> {
        (0..).zip(&self.account_names).flat_map(|(account, _)| there_and_back(account, self.history))
    }

    /// What the accounts hold in the end, worked out in the plainest way.
    pub(crate) fn expected_balances(&self) -> Vec<u64> {
        let mut balances = vec![0_u64; self.account_names.len()];
        for request in &self.commands {
            let balance = &mut balances[request.account()];
            let amount = u64::from(request.amount);
            match request.direction {
                Direction::Deposit => *balance += amount,
                // More than there is, is declined.
                Direction::Withdrawal => *balance = balance.checked_sub(amount).unwrap_or(*balance),
            }
        }
        balances
    }

    /// Panics unless the contender has come to the balances that the workload comes to: a figure for work
    /// that was not done, or was done differently, compares nothing.
    pub(crate) fn assert_balances(&self, contender: &str, balance: impl Fn(&str) -> Option<u64>) {
        for (name, expected) in self.account_names.iter().zip(self.expected_balances()) {
            assert_eq!(balance(name), Some(expected), "the balance of {name:?} after the {contender}");
        }
    }
}

/// Requests that put in and take out the same amount in turn: what histories are made of.
pub(crate) fn there_and_back(account: u32, count: usize) -> impl Iterator<Item = AccountRequest> {
    let directions = [Direction::Deposit, Direction::Withdrawal].into_iter().cycle().take(count);
    directions.map(move |direction| AccountRequest { account, amount: 1, direction })
}

fn account_name(number: u32) -> String {
    format!("account {number}")
}

/// Marsaglia's generator of 64 bits: quick, without a dependency, and good enough to pick accounts with.
struct XorShift {
    state: u64,
}

impl XorShift {
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// A number below `bound`: the upper half of the product keeps the better bits.
    fn below(&mut self, bound: u32) -> u32 {
        ((self.next() >> 32).wrapping_mul(u64::from(bound)) >> 32) as u32
    }

    fn request(&mut self, accounts: NonZeroU32) -> AccountRequest {
        AccountRequest {
            account: self.below(accounts.get()),
            amount: self.below(LARGEST_AMOUNT) + 1,
            direction: if self.below(2) == 0 { Direction::Deposit } else { Direction::Withdrawal },
        }
    }
}

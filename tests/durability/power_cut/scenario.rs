//! What programs are told, and what is right to answer.

use std::fmt;

use self::Statement::{
    Backup, CheckBalance, Close, Create, CreateWithPin, Deposit, Eventual, Export, Open, OpenWithEmail, Rebuild,
    Strong, Transfer, Verify,
};

/// The bank's file, in the directory that the programs run in.
pub(crate) const FILE: &str = "bank.db";

/// The directory for e-mails, beside the file.
pub(crate) const OUTBOX: &str = "outbox/";

/// The user's state directory, beside the file, and the key for PINs in it.
pub(crate) const STATE: &str = "state";
pub(crate) const KEY: &str = "state/cqrs-bank/pin-secret";

/// No two statements of a record create the same account or move the same amount: their events can be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Open,
    /// The bank thanks for deposits by e-mails in [`OUTBOX`].
    OpenWithEmail,
    Close,
    Strong,
    Eventual,
    Create {
        account: &'static str,
    },
    /// Its holder has an e-mail address, and a PIN.
    CreateWithPin {
        account: &'static str,
    },
    Deposit {
        account: &'static str,
        amount: u64,
    },
    Transfer {
        payer: &'static str,
        payee: &'static str,
        amount: u64,
    },
    CheckBalance {
        account: &'static str,
    },
    Rebuild,
    Verify,
    Export {
        file: &'static str,
    },
    Backup {
        file: &'static str,
    },
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => write!(f, "Bank.open {FILE:?}"),
            Self::OpenWithEmail => write!(f, "Bank.open {FILE:?}, email: {OUTBOX:?}"),
            Self::Close => write!(f, "Bank.close"),
            Self::Strong => write!(f, "Bank.consistency :strong"),
            Self::Eventual => write!(f, "Bank.consistency :eventual"),
            Self::Create { account } => write!(f, "Bank.create {account:?}"),
            Self::CreateWithPin { account } => {
                write!(f, "Bank.create {account:?}, {account:?}, 1234, email: \"{account}@example.org\"")
            }
            Self::Deposit { account, amount } => write!(f, "Bank.deposit {account:?}, {amount}"),
            Self::Transfer { payer, payee, amount } => write!(f, "Bank.transfer {payer:?}, {payee:?}, {amount}"),
            Self::CheckBalance { account } => write!(f, "Bank.check_balance {account:?}"),
            Self::Rebuild => write!(f, "Bank.rebuild"),
            Self::Verify => write!(f, "Bank.verify"),
            Self::Export { file } => write!(f, "Bank.export {file:?}"),
            Self::Backup { file } => write!(f, "Bank.backup {file:?}"),
        }
    }
}

impl Statement {
    /// Whether this answer says that it is done.
    pub(crate) fn is_done_by(&self, answer: &str) -> bool {
        match self {
            Self::Open | Self::OpenWithEmail => answer == format!("{{:ok, #Bank<sqlite:{FILE}>}}"),
            Self::CheckBalance { .. } => answer.parse::<u64>().is_ok(),
            Self::Verify | Self::Rebuild | Self::Export { .. } => answer.starts_with("{:ok, %{"),
            Self::Backup { .. } => answer == ":ok" || answer.starts_with("{:ok, "),
            _ => answer == ":ok",
        }
    }
}

/// Statements for one program.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub(crate) program: usize,
    pub(crate) statements: Vec<Statement>,
    /// They are told without waiting for answers.
    pub(crate) at_once: bool,
}

/// What is told to programs at the same time. The next round begins when everything is answered.
pub(crate) type Round = Vec<Telling>;

fn one_by_one(program: usize, statements: impl IntoIterator<Item = Statement>) -> Telling {
    Telling { program, statements: statements.into_iter().collect(), at_once: false }
}

fn at_once(program: usize, statements: impl IntoIterator<Item = Statement>) -> Telling {
    Telling { program, statements: statements.into_iter().collect(), at_once: true }
}

fn deposits(account: &'static str, amounts: std::ops::Range<u64>) -> impl Iterator<Item = Statement> {
    amounts.map(move |amount| Deposit { account, amount })
}

/// A bank is made, used, closed and opened again.
pub(crate) fn one_program() -> Vec<Round> {
    vec![
        vec![one_by_one(0, [Open, Create { account: "A" }, Create { account: "B" }])],
        vec![one_by_one(0, deposits("A", 100..103))],
        vec![one_by_one(0, [Transfer { payer: "A", payee: "B", amount: 20 }, CheckBalance { account: "B" }, Rebuild])],
        // Without waiting for the disk: many of them share a commit.
        vec![at_once(0, [Eventual].into_iter().chain(deposits("B", 200..212)))],
        vec![one_by_one(0, [Close, Open, Strong, Deposit { account: "B", amount: 300 }])],
        vec![one_by_one(0, [Export { file: "events.jsonl" }, Deposit { account: "A", amount: 301 }, Verify, Close])],
    ]
}

/// Two programs make the same file at once, and use it.
pub(crate) fn two_programs() -> Vec<Round> {
    let deposit = |account, amount| Deposit { account, amount };
    vec![
        vec![one_by_one(0, [Open, Create { account: "A" }]), one_by_one(1, [Open, Create { account: "B" }])],
        vec![one_by_one(0, deposits("A", 100..104)), one_by_one(1, deposits("B", 200..204))],
        vec![
            one_by_one(0, [Transfer { payer: "A", payee: "B", amount: 30 }, CheckBalance { account: "A" }]),
            one_by_one(1, [Rebuild, Transfer { payer: "B", payee: "A", amount: 31 }, CheckBalance { account: "B" }]),
        ],
        vec![
            at_once(0, [Eventual].into_iter().chain(deposits("A", 300..306)).chain([Close])),
            one_by_one(1, deposits("B", 400..404)),
        ],
        vec![
            one_by_one(1, [Export { file: "events.jsonl" }, deposit("A", 500)]),
            one_by_one(0, [Open, deposit("B", 501)]),
        ],
        vec![one_by_one(1, [Close]), one_by_one(0, [deposit("A", 502), deposit("A", 503)])],
        vec![one_by_one(0, [Close])],
    ]
}

/// So many deposits that the write-ahead log moves into the file and begins anew.
pub(crate) fn long_log() -> Vec<Round> {
    vec![
        vec![one_by_one(0, [Open, Create { account: "A" }])],
        vec![at_once(0, deposits("A", 1_000..2_500))],
        vec![one_by_one(0, deposits("A", 100..104).chain([Close]))],
    ]
}

/// What stands beside the bank and not in it: the key for PINs, and e-mails.
pub(crate) fn beside_the_bank() -> Vec<Round> {
    vec![
        vec![one_by_one(0, [OpenWithEmail, CreateWithPin { account: "A" }])],
        vec![one_by_one(0, deposits("A", 100..103).chain([Close]))],
        vec![one_by_one(0, [OpenWithEmail, Deposit { account: "A", amount: 103 }, Close])],
    ]
}

/// Copies are made of a bank in use.
pub(crate) fn backup() -> Vec<Round> {
    vec![
        vec![one_by_one(0, [Open, Create { account: "A" }]), one_by_one(1, [Open, Create { account: "B" }])],
        vec![one_by_one(0, deposits("A", 100..103).chain([Backup { file: "monday.db" }]))],
        vec![
            one_by_one(0, [Backup { file: "tuesday.db" }, Deposit { account: "A", amount: 200 }, Close]),
            one_by_one(1, deposits("B", 300..306)),
        ],
        vec![one_by_one(1, [Backup { file: "wednesday.db" }, Close])],
    ]
}

/// The program goes on with what a cut has left.
pub(crate) fn after_a_cut() -> Vec<Round> {
    vec![vec![one_by_one(
        0,
        [
            Open,
            Create { account: "C" },
            CheckBalance { account: "C" },
            Deposit { account: "C", amount: 700 },
            Deposit { account: "C", amount: 701 },
            Close,
        ],
    )]]
}

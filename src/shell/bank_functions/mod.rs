//! The bank's functions at the prompt: `Bank.open`, `Bank.create`, …

mod arguments;
mod manual;
mod queries;
mod replies;
mod table;

use std::convert::identity;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::task::JoinSet;

use self::arguments::{account_id, amount, email_target};
use self::manual::MANUAL;
use self::replies::{failure, handled, late_name};
use self::table::FUNCTIONS;
use super::functions::{Answer, Arguments, Domain, Function, Names};
use super::help::Manual;
use super::term::Term;
use super::trace::Trace;
use crate::bank::{AccountCommand, AccountId, Bank, Options, Store};
use crate::engine::checkpoints::Consistency;

/// Under eventual consistency, commands that were sent and not yet handled. Beyond that a statement waits.
const MAX_UNDER_WAY: usize = 1_024;

/// The bank as the shell calls it: at most one is open at a time.
#[derive(Debug)]
pub struct BankFunctions {
    open: Arc<RwLock<Option<Bank>>>,
    default_store: Store,
    seed: Option<u64>,
    consistency: Consistency,
    trace: Trace,
    under_way: JoinSet<()>,
}

impl BankFunctions {
    /// No bank is open yet. `default_store` and `seed` are for `Bank.open`; `trace` shows what commands cause.
    pub fn new(default_store: Store, seed: Option<u64>, trace: Trace) -> Self {
        Self {
            open: Arc::default(),
            default_store,
            seed,
            consistency: Consistency::Strong,
            trace,
            under_way: JoinSet::new(),
        }
    }

    fn bank(&self) -> Option<Bank> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace_bank(&self, bank: Option<Bank>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = bank;
    }

    async fn open(&mut self, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
        if self.bank().is_some() {
            return Err(Term::Error("already_open"));
        }
        let store = match arguments.get(0).map(str::parse) {
            None => self.default_store.clone(),
            Some(Ok(store)) => store,
            Some(Err(_)) => return Err(Term::Error("unsupported_store")),
        };
        let email = email_target(function, arguments)?;
        let options = Options { seed: self.seed, email, ..Options::from(store) };
        match Bank::open(options).await {
            Ok(bank) => {
                let name = format!("#Bank<{}>", bank.store());
                self.replace_bank(Some(bank));
                self.consistency = Consistency::Strong;
                Ok(Term::Ok(Box::new(Term::Opaque(name))))
            }
            Err(_) => Err(Term::Error("unsupported_store")),
        }
    }

    async fn command(&mut self, bank: &Bank, command: AccountCommand, events: bool) -> Answer {
        let metadata = bank.start_conversation();
        let followed = self.trace.follow(metadata.correlation_id);
        let late_name = (self.consistency == Consistency::Eventual).then(|| late_name(&command));
        let pending = match bank.send(command, metadata).await {
            Ok(pending) => pending,
            Err(unavailable) => return failure(&unavailable.into()).into(),
        };
        let Some(late_name) = late_name else {
            let outcome = pending.outcome().await;
            drop(followed);
            return match outcome {
                Ok(receipt) => handled(&receipt, events),
                Err(refused) => failure(&refused).into(),
            };
        };
        let trace = self.trace.clone();
        self.under_way.spawn(async move {
            if let Err(refused) = pending.outcome().await {
                trace.add_line(format_args!("{} # {late_name}", failure(&refused)));
            }
            drop(followed);
        });
        while self.under_way.len() > MAX_UNDER_WAY {
            self.under_way.join_next().await;
        }
        while self.under_way.try_join_next().is_some() {}
        Term::OK.into()
    }

    /// Interrupted, it leaves no bank open, and the bank goes on closing.
    async fn close_bank(&mut self, bank: &Bank) {
        self.replace_bank(None);
        bank.close().await;
        self.finish_under_way().await;
    }

    async fn finish_under_way(&mut self) {
        while self.under_way.join_next().await.is_some() {}
    }
}

impl Domain for BankFunctions {
    fn functions(&self) -> &'static [Function] {
        &FUNCTIONS
    }

    fn manual(&self) -> &'static Manual {
        &MANUAL
    }

    async fn call(&mut self, function: &'static Function, arguments: &Arguments, events: bool) -> Answer {
        match (function.name, self.bank()) {
            ("open", _) => either(self.open(function, arguments).await),
            (_, None) => Term::Error("bank_not_open").into(),
            ("close", Some(bank)) => {
                self.close_bank(&bank).await;
                Term::OK.into()
            }
            ("consistency", Some(_)) => {
                let eventual = arguments.get(0) == Some("eventual");
                self.consistency = if eventual { Consistency::Eventual } else { Consistency::Strong };
                Term::OK.into()
            }
            ("check_balance", Some(bank)) => either(queries::check_balance(&bank, function, arguments).await),
            ("statement", Some(bank)) => either(queries::statement(&bank, function, arguments).await),
            ("events", Some(bank)) => either(queries::events(&bank, function, arguments).await),
            (name, Some(bank)) => match command(name, arguments) {
                Ok(command) => self.command(&bank, command, events).await,
                Err(refused) => refused.into(),
            },
        }
    }

    fn names(&self) -> Box<dyn Names> {
        Box::new(AccountNames { open: self.open.clone() })
    }

    async fn close(&mut self) {
        if let Some(bank) = self.bank() {
            self.close_bank(&bank).await;
        }
        self.finish_under_way().await;
    }

    async fn let_others_run(&self) {
        if !self.under_way.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    fn failure(&self) -> Option<String> {
        let bank = self.bank()?;
        bank.failure().map(|unavailable| unavailable.to_string())
    }
}

/// What was asked for and what stands in its way are both replies.
fn either(reply: Result<Term, Term>) -> Answer {
    reply.unwrap_or_else(identity).into()
}

/// The command that a function sends.
fn command(function: &str, arguments: &Arguments) -> Result<AccountCommand, Term> {
    let account_id = account_id(arguments)?;
    Ok(match function {
        "create" => AccountCommand::CreateAccount { account_holder: (&account_id).into(), account_id },
        "deposit" => AccountCommand::DepositMoney { account_id, amount: amount(arguments)? },
        _ => AccountCommand::WithdrawMoney { account_id, amount: amount(arguments)?, pin: None },
    })
}

/// The names of the accounts that exist now, for the editor's thread.
struct AccountNames {
    open: Arc<RwLock<Option<Bank>>>,
}

impl Names for AccountNames {
    fn beginning_with(&self, prefix: &str, limit: usize) -> Vec<String> {
        let bank = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(bank) = bank else {
            return Vec::new();
        };
        let names = bank.balances().read(|balances| balances.names_beginning_with(prefix, limit));
        names.iter().map(AccountId::to_string).collect()
    }
}

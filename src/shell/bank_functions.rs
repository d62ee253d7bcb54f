//! The bank's functions at the prompt: `Bank.open`, `Bank.create`, …

use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::functions::{Answer, Arguments, Domain, Function, Kind, Names, Parameter};
use super::term::Term;
use super::trace::Trace;
use crate::bank::{
    AccountCommand, AccountEvent, AccountId, Bank, CheckBalanceError, CommandFailure, Money, Options, Receipt, Refusal,
    Store, Unavailable,
};
use crate::engine::checkpoints::Consistency;
use crate::engine::event::{DomainEvent, RecordedEvent};

const ACCOUNT: Parameter = Parameter { name: "account", kind: Kind::Named, optional: false };
const AMOUNT: Parameter = Parameter { name: "amount", kind: Kind::Integer, optional: false };

static FUNCTIONS: [Function; 7] = [
    Function {
        module: Some("Bank"),
        name: "open",
        group: "Bank",
        parameters: &[Parameter { name: "url", kind: Kind::Text, optional: true }],
        summary: "opens the bank",
        example: "Bank.open",
        details: "Without a URL it opens what --store names, or else a new bank in memory.\n\
            Replies {:ok, #Bank<memory>}, {:error, :already_open} or {:error, :unsupported_store}.",
    },
    Function {
        module: Some("Bank"),
        name: "close",
        group: "Bank",
        parameters: &[],
        summary: "closes the bank",
        example: "Bank.close",
        details: "What was sent before is finished first. A bank in memory is gone then. Replies :ok.",
    },
    Function {
        module: Some("Bank"),
        name: "consistency",
        group: "Bank",
        parameters: &[Parameter { name: "consistency", kind: Kind::Atom(&["strong", "eventual"]), optional: false }],
        summary: "says whether replies wait for the whole trace",
        example: "Bank.consistency :eventual",
        details: "Under :strong, the default, a command replies when its events are stored and all event handlers\n\
            have seen them. Under :eventual it replies :ok as soon as it is sent: the rest of the trace follows\n\
            when it happens, and a refusal with it. Replies :ok.",
    },
    Function {
        module: Some("Bank"),
        name: "create",
        group: "Accounts",
        parameters: &[ACCOUNT],
        summary: "opens an account",
        example: "Bank.create \"Wolfman\"",
        details: "Names have 1 to 64 characters. Replies :ok, {:error, :account_exists} or {:error, :invalid_name}.",
    },
    Function {
        module: Some("Bank"),
        name: "deposit",
        group: "Accounts",
        parameters: &[ACCOUNT, AMOUNT],
        summary: "pays in",
        example: "Bank.deposit \"Wolfman\", 100",
        details: "Amounts are whole numbers from 1 to 1_000_000_000_000_000, and so are balances at the most.\n\
            Replies :ok, {:error, :no_account}, {:error, :invalid_amount} or {:error, :balance_limit}.",
    },
    Function {
        module: Some("Bank"),
        name: "withdraw",
        group: "Accounts",
        parameters: &[ACCOUNT, AMOUNT],
        summary: "pays out",
        example: "Bank.withdraw \"Wolfman\", 50",
        details: "The trace shows the balance that the payment would leave. More than there is gets declined: the\n\
            reply is :ok, for the command was handled, and the decline is an event.\n\
            Replies :ok, {:error, :no_account} or {:error, :invalid_amount}.",
    },
    Function {
        module: Some("Bank"),
        name: "check_balance",
        group: "Accounts",
        parameters: &[ACCOUNT],
        summary: "tells what an account holds",
        example: "Bank.check_balance \"Wolfman\"",
        details: "Replies the balance, such as 50, or :no_account.",
    },
];

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

    async fn open(&self, url: Option<&str>) -> Term {
        if self.bank().is_some() {
            return Term::Error("already_open");
        }
        let store = match url.map(str::parse) {
            None => self.default_store.clone(),
            Some(Ok(store)) => store,
            Some(Err(_)) => return Term::Error("unsupported_store"),
        };
        let options = Options { seed: self.seed, ..Options::from(store) };
        match Bank::open(options).await {
            Ok(bank) => {
                let name = format!("#Bank<{}>", bank.store());
                self.replace_bank(Some(bank));
                Term::Ok(Box::new(Term::Opaque(name)))
            }
            Err(_) => Term::Error("unsupported_store"),
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

    async fn close_bank(&mut self, bank: &Bank) {
        bank.close().await;
        while self.under_way.join_next().await.is_some() {}
        self.replace_bank(None);
    }
}

impl Domain for BankFunctions {
    fn functions(&self) -> &'static [Function] {
        &FUNCTIONS
    }

    async fn call(&mut self, function: &'static Function, arguments: &Arguments, events: bool) -> Answer {
        if function.name == "open" {
            return self.open(arguments.get(0)).await.into();
        }
        let Some(bank) = self.bank() else {
            return Term::Error("bank_not_open").into();
        };
        let argument = |parameter| arguments.get(parameter).unwrap_or_default();
        match function.name {
            "close" => {
                self.close_bank(&bank).await;
                return Term::OK.into();
            }
            "consistency" => {
                self.consistency = if argument(0) == "eventual" { Consistency::Eventual } else { Consistency::Strong };
                return Term::OK.into();
            }
            _ => {}
        }
        let Ok(account_id) = AccountId::new(argument(0)) else {
            return Term::Error("invalid_name").into();
        };
        let amount = || argument(1).parse::<i64>().map_or(None, |amount| Money::new(amount).ok());
        let command = match (function.name, amount()) {
            ("check_balance", _) => return check_balance(&bank, &account_id).await.into(),
            ("create", _) => {
                let account_holder = account_id.to_string();
                AccountCommand::CreateAccount { account_id, account_holder }
            }
            (_, None) => return Term::Error("invalid_amount").into(),
            ("deposit", Some(amount)) => AccountCommand::DepositMoney { account_id, amount },
            (_, Some(amount)) => AccountCommand::WithdrawMoney { account_id, amount },
        };
        self.command(&bank, command, events).await
    }

    fn names(&self) -> Box<dyn Names> {
        Box::new(AccountNames { open: self.open.clone() })
    }

    async fn close(&mut self) {
        if let Some(bank) = self.bank() {
            self.close_bank(&bank).await;
        }
    }

    fn failure(&self) -> Option<String> {
        let bank = self.bank()?;
        bank.failure().map(|unavailable| unavailable.to_string())
    }
}

async fn check_balance(bank: &Bank, account: &AccountId) -> Term {
    match bank.check_balance(account).await {
        Ok(balance) => integer(balance.minor_units()),
        Err(CheckBalanceError::NoAccount) => Term::Atom("no_account"),
        Err(CheckBalanceError::Unavailable(unavailable)) => failure(&unavailable.into()),
    }
}

/// The reply to a command that was handled, declined payments included.
fn handled(receipt: &Receipt, events: bool) -> Answer {
    let reply = if receipt.lagging().is_empty() {
        Term::OK
    } else {
        let lagging = receipt.lagging().iter().map(|name| Term::String((*name).to_owned())).collect();
        let committed = integer(receipt.position().get());
        Term::Ok(Box::new(Term::Map(vec![("committed", committed), ("lagging", Term::List(lagging))])))
    };
    let events = if events { receipt.events().iter().filter_map(event_record).collect() } else { Vec::new() };
    Answer { reply, events }
}

fn failure(failure: &CommandFailure) -> Term {
    Term::Error(match failure {
        CommandFailure::Refused(Refusal::AccountExists) => "account_exists",
        CommandFailure::Refused(Refusal::NoAccount) => "no_account",
        CommandFailure::Refused(Refusal::BalanceLimit) => "balance_limit",
        CommandFailure::Unavailable(Unavailable::Closed) => "bank_closed",
        CommandFailure::Unavailable(Unavailable::Stopped(_)) => "bank_stopped",
        CommandFailure::Unavailable(Unavailable::Busy) => "busy",
        CommandFailure::Unavailable(Unavailable::Defect(_)) => "defect",
    })
}

/// Positions and money are far below 2^63.
fn integer(number: u64) -> Term {
    Term::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What a refusal that comes late was the answer to.
fn late_name(command: &AccountCommand) -> String {
    use crate::engine::aggregate::Command;
    format!("{}, {}", command.title(), Term::String(command.target().to_string()))
}

#[derive(Serialize)]
struct EventRecord<'a> {
    position: u64,
    stream: &'a str,
    version: u64,
    r#type: &'static str,
    data: &'a AccountEvent,
    time: String,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
}

fn event_record(event: &RecordedEvent<AccountEvent>) -> Option<Box<RawValue>> {
    let record = EventRecord {
        position: event.position.get(),
        stream: event.stream.as_str(),
        version: event.version.get(),
        r#type: event.data.event_type(),
        data: &event.data,
        time: event.time.to_string(),
        command_id: event.metadata.command_id,
        correlation_id: event.metadata.correlation_id,
        causation_id: event.metadata.causation_id,
    };
    to_raw_value(&record).ok()
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

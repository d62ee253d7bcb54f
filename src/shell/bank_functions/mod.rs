//! The bank's functions at the prompt: `Bank.open`, `Bank.create`, …

mod arguments;
mod failures;
mod manual;
mod queries;
mod replies;
mod table;
mod transfers;
mod why;

use std::convert::identity;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::task::{JoinError, JoinSet};

use self::arguments::{account_id, amount_at, ceo_bonus, email_target, new_account, pin};
use self::failures::{WORDS, explained, store_failure};
use self::manual::MANUAL;
use self::replies::{failure, late_name};
use self::table::FUNCTIONS;
use super::application_functions::{self, Called, NotDone, Outcome, handled};
use super::event_record::event_record;
use super::functions::{Answer, Arguments, Domain, Function, Kind, Names, Parameter, WantedSecret};
use super::help::Manual;
use super::term::Term;
use super::trace::Trace;
use crate::bank::{
    Account, AccountCommand, AccountId, Bank, CommandFailure, NewAccount, OpenError, Options, Pin, Receipt, Unavailable,
};
use crate::engine::domain::Aggregate as _;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Metadata, StreamId};
use crate::engine::runtime::Conversation;
use crate::engine::store::{OpenStoreError, StoreError, UnsupportedUrl};

/// Under eventual consistency, commands that were sent and not yet handled. Beyond that a statement waits.
const MAX_UNDER_WAY: usize = 1_024;

/// An answer, and no failure: nothing was stored, and it may be said again.
const BUSY: &str = "busy";

/// The bank as the shell calls it: at most one is open at a time.
#[derive(Debug)]
pub struct BankFunctions {
    open: Arc<RwLock<Option<Bank>>>,
    options: Options,
    consistency: Consistency,
    trace: Trace,
    under_way: JoinSet<Option<String>>,
    /// Why the last statement could not do its work, or one before it that was not waited for.
    failed: Option<String>,
    /// The same, where whatever comes next can be done all the same.
    not_done: Option<String>,
}

impl BankFunctions {
    /// No bank is open yet. The options are for `Bank.open`, unless it names a store of its own; `trace` shows
    /// what commands cause.
    pub fn new(options: Options, trace: Trace) -> Self {
        Self {
            open: Arc::default(),
            options,
            consistency: Consistency::Strong,
            trace,
            under_way: JoinSet::new(),
            failed: None,
            not_done: None,
        }
    }

    fn bank(&self) -> Option<Bank> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bank as questions are put to it.
    fn reader(&self, bank: Bank) -> Bank {
        bank.with_consistency(self.consistency)
    }

    fn replace_bank(&self, bank: Option<Bank>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = bank;
    }

    async fn open(&mut self, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
        if self.bank().is_some() {
            return Err(Term::Error("already_open"));
        }
        let ceo_bonus = ceo_bonus(function, arguments)?;
        let store = match arguments.get(0).map(str::parse) {
            None => self.options.store.clone(),
            Some(Ok(store)) => store,
            Some(Err(unsupported)) => return Err(self.not_opened(&OpenError::UnsupportedStore(unsupported))),
        };
        let email = email_target(function, arguments)?;
        let accept_loss = arguments.named(function, "accept_loss") == Some("true");
        let options = Options { store, accept_loss, ceo_bonus, email, ..self.options.clone() };
        let bank = Bank::open(options).await.map_err(|error| self.not_opened(&error))?;
        let name = format!("#Bank<{}>", bank.url());
        self.replace_bank(Some(bank));
        self.consistency = Consistency::Strong;
        Ok(Term::Ok(Box::new(Term::Opaque(name))))
    }

    /// The reply, and for a store that cannot be opened the message that says what and where.
    fn not_opened(&mut self, error: &OpenError) -> Term {
        let reply = match error {
            OpenError::UnsupportedStore(_) => "unsupported_store",
            OpenError::HalfImported { .. } => "half_imported",
            OpenError::File(OpenStoreError::NoDirectory { .. }) => "no_directory",
            OpenError::File(OpenStoreError::NoFile { .. }) => "no_file",
            OpenError::File(OpenStoreError::NotOurs { .. }) => "not_ours",
            OpenError::File(OpenStoreError::Newer { .. }) => "newer_version",
            OpenError::File(OpenStoreError::ReadOnly { .. }) => "read_only",
            OpenError::File(OpenStoreError::DiskFull { .. }) => "disk_full",
            OpenError::File(OpenStoreError::Damaged { .. }) => "damaged",
            OpenError::File(OpenStoreError::LostEnd { .. } | OpenStoreError::EndUnknown { .. }) => "lost_end",
            OpenError::File(OpenStoreError::Busy { .. } | OpenStoreError::OtherName { .. })
            | OpenError::Unreadable(StoreError::Busy(_)) => BUSY,
            OpenError::File(OpenStoreError::OtherDomain { .. }) => "not_a_bank",
            OpenError::File(OpenStoreError::UnknownEvent { .. }) => "unknown_event",
            OpenError::File(OpenStoreError::LeftOver { .. }) => "left_over",
            OpenError::File(OpenStoreError::ReservedName { .. }) => "reserved_name",
            OpenError::File(OpenStoreError::NotSupported { .. }) => "not_supported",
            OpenError::File(OpenStoreError::Failed { .. })
            | OpenError::Unreadable(_)
            // A bank is always made of the same: what is left is that it has ended as soon as it had started.
            | OpenError::Unavailable(_)
            | OpenError::NameTaken { .. }
            | OpenError::CategoriesClash { .. }
            | OpenError::AmbiguousTypes(_)
            | OpenError::NoProjection { .. }
            | OpenError::NoRuntime(_) => "store_failed",
        };
        match reply {
            "unsupported_store" if !matches!(error, OpenError::UnsupportedStore(UnsupportedUrl::NoFiles { .. })) => {}
            BUSY => tracing::warn!("{error}"),
            _ => self.failed = Some(error.to_string()),
        }
        Term::Error(reply)
    }

    /// The reply; and where it says that something has failed, the message that says what and where.
    fn done(&mut self, outcome: Outcome) -> Answer {
        match outcome {
            Ok(answer) => answer,
            // It was told who holds the file.
            Err(NotDone { reply: reply @ Term::Error(BUSY), .. }) => reply.into(),
            Err(NotDone { reply, message, changes_nothing }) => {
                *(if changes_nothing { &mut self.not_done } else { &mut self.failed }) = Some(message);
                reply.into()
            }
        }
    }

    async fn create(&mut self, bank: &Bank, account: NewAccount, events: bool) -> Answer {
        match bank.creation(account).await {
            Ok(command) => self.command(bank, command, None, bank.start_conversation(), events).await,
            Err(error) => unavailable(error).into(),
        }
    }

    async fn command(
        &mut self,
        bank: &Bank,
        command: AccountCommand,
        pin: Option<Pin>,
        conversation: Conversation,
        events: bool,
    ) -> Answer {
        let followed = self.trace.follow(conversation.metadata().correlation_id);
        let is_transfer = matches!(command, AccountCommand::ReserveMoney { .. });
        let late_name = (self.consistency == Consistency::Eventual).then(|| late_name(&command));
        let pending = match bank.send_with_pin(command, pin, conversation).await {
            Ok(pending) => pending,
            Err(error) => return unavailable(error).into(),
        };
        let Some(late_name) = late_name else {
            let outcome = pending.outcome().await;
            self.failed = store_failure(bank, &outcome);
            let answer = answer(bank, outcome, is_transfer, events).await;
            drop(followed);
            return answer;
        };
        let (bank, trace) = (bank.clone(), self.trace.clone());
        self.under_way.spawn(async move {
            let outcome = pending.outcome().await;
            let failed = store_failure(&bank, &outcome);
            let reply = answer(&bank, outcome, is_transfer, false).await.reply;
            if matches!(reply, Term::Error(_)) {
                trace.add_line(format_args!("{reply} # {late_name}"));
            }
            drop(followed);
            failed
        });
        while self.under_way.len() > MAX_UNDER_WAY {
            let handled = self.under_way.join_next().await;
            self.keep_failure(handled);
        }
        while let Some(handled) = self.under_way.try_join_next() {
            self.keep_failure(Some(handled));
        }
        Term::OK.into()
    }

    /// Interrupted, it leaves no bank open, and the bank goes on closing.
    async fn close_bank(&mut self, bank: &Bank) {
        self.replace_bank(None);
        bank.close().await;
        self.finish_under_way().await;
        // What has stopped it may have come after the last reply.
        self.failed = bank.failure().map(|unavailable| failures::said(&unavailable)).or(self.failed.take());
    }

    async fn finish_under_way(&mut self) {
        while let Some(handled) = self.under_way.join_next().await {
            self.keep_failure(Some(handled));
        }
    }

    fn keep_failure(&mut self, handled: Option<Result<Option<String>, JoinError>>) {
        if let Some(Ok(Some(failed))) = handled {
            self.failed = Some(failed);
        }
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
        (self.failed, self.not_done) = (None, None);
        match (function.name, self.bank()) {
            ("open", _) => either(self.open(function, arguments).await),
            (_, None) => Term::Error("bank_not_open").into(),
            ("close", Some(bank)) => {
                let has_stopped = bank.failure().is_some();
                self.close_bank(&bank).await;
                match bank.failure() {
                    Some(unavailable) if !has_stopped => failure(&unavailable.into()).into(),
                    _ => Term::OK.into(),
                }
            }
            ("consistency", Some(_)) => {
                let eventual = arguments.get(0) == Some("eventual");
                self.consistency = if eventual { Consistency::Eventual } else { Consistency::Strong };
                Term::OK.into()
            }
            ("check_balance", Some(bank)) => {
                either(queries::check_balance(&self.reader(bank), function, arguments).await)
            }
            ("statement", Some(bank)) => either(queries::statement(&self.reader(bank), function, arguments).await),
            ("get_account_list", Some(bank)) => {
                either(queries::get_account_list(&self.reader(bank), function, arguments).await)
            }
            ("get_total_deposits", Some(bank)) => {
                either(queries::get_total_deposits(&self.reader(bank), function, arguments).await)
            }
            ("create", Some(bank)) => match new_account(function, arguments) {
                Ok(account) => self.create(&bank, account, events).await,
                Err(refused) => refused.into(),
            },
            ("transfers", Some(bank)) => either(transfers::transfers(&self.reader(bank), function, arguments).await),
            ("why", Some(bank)) => either(why::why(&self.reader(bank), function, arguments).await),
            (_, Some(bank)) => {
                let (reader, words) = (self.reader(bank.clone()), &WORDS);
                let called = Called { application: &reader, function, arguments, words, as_json: events };
                if let Some(outcome) = application_functions::call(called, stream).await {
                    return self.done(outcome);
                }
                let conversation = bank.start_conversation();
                match command(function, arguments, conversation.metadata()) {
                    Ok((command, pin)) => self.command(&bank, command, pin, conversation, events).await,
                    Err(refused) => refused.into(),
                }
            }
        }
    }

    /// The PIN of an account that has one.
    fn wanted_secret(&self, function: &'static Function, arguments: &Arguments) -> Option<WantedSecret> {
        let parameter = function.secret_parameter().filter(|_| function.name != "create")?;
        let account = arguments.get(0).filter(|_| arguments.get(parameter).is_none())?;
        let has_pin = self.bank()?.account_list().read(|accounts| accounts.has_pin(account));
        has_pin.then(|| WantedSecret { parameter, question: format!("PIN of {}: ", Term::String(account.to_owned())) })
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

    fn not_done(&self) -> Option<String> {
        self.not_done.clone()
    }

    fn failure(&self) -> Option<String> {
        if let Some(reason) = &self.failed {
            return Some(reason.clone());
        }
        let bank = self.bank()?;
        bank.failure().map(|unavailable| explained(&bank, &unavailable))
    }
}

/// What was asked for and what stands in its way are both replies.
fn either(reply: Result<Term, Term>) -> Answer {
    reply.unwrap_or_else(identity).into()
}

/// The stream of the account that a word names.
fn stream(name: &str) -> Result<StreamId, Term> {
    let account = AccountId::new(name).map_err(|_| Term::Error("invalid_name"))?;
    Ok(StreamId::new(Account::CATEGORY, &account))
}

/// The command that a function sends, and the PIN that it was given for it.
fn command(
    function: &Function,
    arguments: &Arguments,
    metadata: &Metadata,
) -> Result<(AccountCommand, Option<Pin>), Term> {
    let command = match function.name {
        "transfer" => transfers::begin(arguments, metadata)?,
        "deposit" => {
            AccountCommand::DepositMoney { account_id: account_id(arguments)?, amount: amount_at(1, arguments)? }
        }
        "unlock" => AccountCommand::UnlockAccount { account_id: account_id(arguments)? },
        "withdraw" => AccountCommand::WithdrawMoney {
            account_id: account_id(arguments)?,
            amount: amount_at(1, arguments)?,
            pin: None,
        },
        _ => return Err(Term::Error("defect")),
    };
    Ok((command, pin(function, arguments)?))
}

/// The reply to a command, and the events that it has led to if they are wanted.
async fn answer(
    bank: &Bank,
    outcome: Result<Receipt, CommandFailure>,
    is_transfer: bool,
    wants_events: bool,
) -> Answer {
    let receipt = match outcome {
        Ok(receipt) => receipt,
        Err(refused) => return failure(&refused).into(),
    };
    // What cannot be read any more is left out: the reply tells what has become of the command.
    let events = if wants_events { bank.conversation(&receipt).await.unwrap_or_default() } else { Vec::new() };
    let reply = if is_transfer { transfers::ended(bank, &receipt) } else { handled(&receipt) };
    Answer { reply, events: events.iter().filter_map(event_record).collect(), live: None }
}

fn unavailable(unavailable: Unavailable) -> Term {
    if let Unavailable::Lacking { .. } | Unavailable::Defect(_) = &unavailable {
        tracing::error!("{}", failures::said(&unavailable));
    }
    failure(&unavailable.into())
}

/// The names of the accounts that exist now, for the editor's thread.
struct AccountNames {
    open: Arc<RwLock<Option<Bank>>>,
}

impl Names for AccountNames {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        if parameter.kind != Kind::Named {
            return Vec::new();
        }
        let bank = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(bank) = bank else {
            return Vec::new();
        };
        let names = bank.balances().read(|balances| balances.names_beginning_with(prefix, limit));
        names.iter().map(AccountId::to_string).collect()
    }
}

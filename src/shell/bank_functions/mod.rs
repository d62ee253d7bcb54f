//! The bank's functions at the prompt, each in a file: `Bank.open`, `Bank.create` and others.

mod account_list;
mod change;
mod chart;
mod check_balance;
mod close;
mod close_account;
mod consistency;
mod create;
mod deposit;
mod details;
mod earlier_lines;
mod error_groups;
mod errors;
mod events;
mod fork;
mod freeze;
mod load;
mod manual;
mod money;
mod names;
mod open;
mod open_errors;
mod overdraft_limit;
mod parameters;
mod period;
mod replies;
mod reverse;
mod send;
mod send_ahead;
mod shown_event;
mod statement;
mod states;
mod total_deposits;
mod tour;
mod transfer;
mod transfers;
mod unended;
mod unlock;
mod wanted_pin;
mod why;
mod withdraw;

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::task::JoinSet;

use self::error_groups::ANY;
use self::errors::{BANK_NOT_OPEN, INVALID_NAME, NO_ACCOUNT};
use self::manual::MANUAL;
use self::names::AccountNames;
use self::parameters::ACCOUNT;
use self::replies::{WORDS, explained};
use self::send::LateOutcome;
use self::unended::Unended;
use super::application_functions::{Forks, HasApplication, ParkedNumbers, Words, application_functions, try_call};
use super::error_reason::ErrorReason;
use super::functions::{Call, Domain, Manual, Names, NotDone, Parameter, Row, RunningCall, SentCall, joined};
use super::term::Term;
use super::tour::{Tour, afterword, noted};
use super::trace::Trace;
use crate::bank::{Account, AccountEvent, AccountId, Bank, Currency, Options, StoreUrl};
use crate::engine::application::{Application, Builder, Seams};
use crate::engine::domain::Aggregate as _;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::StreamId;
use crate::engine::runtime::Conversation;

/// The bank's own functions, in the order of `help`, then those of every application.
static ROWS: [Row<BankFunctions>; 55] = joined(
    &[
        open::ROW,
        close::ROW,
        consistency::ROW,
        tour::TOUR,
        tour::ANSWERED,
        create::ROW,
        deposit::ROW,
        withdraw::ROW,
        transfer::ROW,
        reverse::ROW,
        unlock::ROW,
        freeze::FREEZE,
        freeze::UNFREEZE,
        overdraft_limit::ROW,
        close_account::ROW,
        change::HOLDER,
        change::EMAIL,
        change::PIN,
        load::ROW,
        check_balance::ROW,
        account_list::ROW,
        total_deposits::ROW,
        statement::ROW,
        transfers::ROW,
        why::ROW,
        chart::ROW,
        events::ROW,
    ],
    &application_functions(),
);

/// The bank at the prompt. At most one is open at a time.
#[derive(Debug)]
pub struct BankFunctions {
    /// What calls go to: the bank, or a fork of it.
    open: Arc<RwLock<Option<Bank>>>,
    /// The bank itself, while calls go to a fork.
    main: Option<Bank>,
    forks: Forks<AccountEvent>,
    options: Options,
    consistency: Consistency,
    trace: Trace,
    /// The currency in which the trace shows balances.
    shown: Currency,
    /// Commands that were sent without waiting.
    pending: JoinSet<LateOutcome>,
    /// The last message of one that failed since the last call.
    failed: Option<String>,
    tour: Tour,
    /// The first that was refused or declined since the last call, in words.
    refused: Option<String>,
    unended: Unended,
}

impl BankFunctions {
    /// The functions, with no bank open yet. `Bank.open` uses the options, except where it names a store of its own;
    /// `trace` prints what commands cause.
    pub fn new(options: Options, trace: Trace) -> Self {
        Self {
            open: Arc::default(),
            main: None,
            forks: Forks::default(),
            options,
            consistency: Consistency::Strong,
            trace,
            shown: Currency::default(),
            pending: JoinSet::new(),
            failed: None,
            tour: Tour::default(),
            refused: None,
            unended: Unended::default(),
        }
    }

    /// Keeps the place in a tour in a file, so that the next start of the program goes on from there.
    #[must_use]
    pub fn keeping_tour_in(self, path: Option<PathBuf>) -> Self {
        Self { tour: Tour::kept_in(path), ..self }
    }

    fn opened(&self) -> Option<Bank> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open bank, or the reply that none is open.
    fn bank(&self) -> Result<Bank, Term> {
        self.opened().ok_or(Term::Error(BANK_NOT_OPEN))
    }

    /// The open bank, for queries under the session's consistency.
    fn reader(&self) -> Result<Bank, Term> {
        Ok(self.bank()?.with_consistency(self.consistency))
    }

    /// The open bank, and a new conversation with it.
    fn begin(&self) -> Result<(Bank, Conversation), Term> {
        let bank = self.bank()?;
        let conversation = bank.start_conversation();
        Ok((bank, conversation))
    }

    fn replace_bank(&self, bank: Option<Bank>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = bank;
    }
}

impl HasApplication for BankFunctions {
    type Event = AccountEvent;
    const WORDS: &'static Words = &WORDS;
    const STREAM: Parameter = ACCOUNT;
    const ERRORS: &'static [ErrorReason] = ANY;
    const STREAM_ERRORS: &'static [ErrorReason] = &[NO_ACCOUNT, INVALID_NAME];
    const FORK_PARAMETERS: &'static [Parameter] = fork::PARAMETERS;
    const FORK_DETAILS: &'static str = fork::DETAILS;
    const FORK_ERRORS: &'static [ErrorReason] = &[INVALID_NAME];
    const ONLY_ASKED_FOR: &'static [&'static str] = Bank::ONLY_WITH_OPTION;

    fn application(&self) -> Result<Application<AccountEvent>, Term> {
        Ok((*self.reader()?).clone())
    }

    fn main(&self) -> Result<Application<AccountEvent>, Term> {
        let main = self.main.clone().map_or_else(|| self.bank(), Ok)?;
        Ok((*main.with_consistency(self.consistency)).clone())
    }

    fn forks(&self) -> &Forks<AccountEvent> {
        &self.forks
    }

    fn rehearse_on(&self, application: Application<AccountEvent>) -> Result<Self, NotDone> {
        self.on_overlay(application)
    }

    fn switched(&mut self) -> Result<(), NotDone> {
        self.follow_forks()
    }

    fn add_to_fork(&self, fork: Builder<AccountEvent>, call: &Call<'_>) -> Result<Builder<AccountEvent>, NotDone> {
        fork::with_options(fork, call)
    }

    fn name_of_refusal(refusal: &(dyn Error + 'static)) -> Option<&'static str> {
        refusal.downcast_ref().map(|refusal| replies::refused(refusal).name())
    }

    fn stream(name: &str) -> Result<StreamId, Term> {
        let account = AccountId::new(name).map_err(|_| Term::Error(INVALID_NAME))?;
        Ok(StreamId::new(Account::CATEGORY, &account))
    }
}

impl Domain for BankFunctions {
    fn rows() -> &'static [Row<Self>] {
        &ROWS
    }

    fn manual(&self) -> &'static Manual {
        &MANUAL
    }

    fn call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> RunningCall<'a> {
        (self.failed, self.refused) = (None, None);
        noted(self, row, call)
    }

    fn try_call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> RunningCall<'a> {
        self.failed = None;
        try_call(self, row, call)
    }

    fn fork(&self) -> Option<String> {
        self.forks.current_name()
    }

    async fn send_ahead(&mut self, call: Call<'_>) -> Option<SentCall> {
        self.send_command_ahead(call).await
    }

    async fn afterword(&mut self) -> Option<String> {
        afterword(self).await
    }

    fn names(&self) -> Box<dyn Names> {
        let (open, forks, parked) = (self.open.clone(), self.forks.clone(), ParkedNumbers::on_this_runtime());
        Box::new(AccountNames { open, forks, parked })
    }

    fn what_is_open(&self) -> Option<String> {
        let bank = self.main.clone().or_else(|| self.opened())?;
        let name = bank.url().path()?.file_name()?;
        Some(name.to_string_lossy().into_owned())
    }

    fn opened_as(&self) -> Option<String> {
        let without_file = |bank: Bank| match bank.url() {
            StoreUrl::Memory => "a bank in memory".to_owned(),
            url => url.to_string(),
        };
        self.what_is_open().or_else(|| self.opened().map(without_file))
    }

    fn where_calls_go(&self) -> String {
        let Some(bank) = self.main.clone().or_else(|| self.opened()) else { return String::new() };
        let open = self.what_is_open().unwrap_or_else(|| bank.url().to_string());
        self.forks.current_name().map_or(open.clone(), |fork| format!("{open}, fork {fork}"))
    }

    fn seams(&self) -> Option<Seams> {
        Some(self.opened()?.seams())
    }

    async fn close(&mut self) {
        self.tour.leave();
        self.leave_forks().await;
        if let Some(bank) = self.opened() {
            self.close_bank(&bank).await;
        }
        self.finish_pending().await;
    }

    async fn let_pending_commands_run(&self) {
        // A turn of the runtime may end early, when its timers are due for a look; then it takes a second one.
        for _ in 0..2 {
            if !self.pending.is_empty() {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn refused_meanwhile(&mut self) -> Option<String> {
        self.finish_pending().await;
        let ended = self.opened().and_then(|bank| self.unended.refused(&bank));
        self.refused.take().or(ended)
    }

    fn failure(&self) -> Option<String> {
        if let Some(reason) = &self.failed {
            return Some(reason.clone());
        }
        let bank = self.opened()?;
        bank.failure().map(|unavailable| explained(&bank, &unavailable))
    }
}

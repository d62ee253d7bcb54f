//! `Bank.open`

use std::time::Duration;

use super::BankFunctions;
use super::errors::{ALREADY_OPEN, INVALID_NAME};
use super::open_errors::{
    CREDENTIALS_NEED_TLS, CURRENCY_OR_DECIMALS, DISK_FULL, HALF_IMPORTED, HAS_OTHER_CURRENCY, INVALID_ATTEMPTS,
    INVALID_DECIMALS, INVALID_EMAIL_TARGET, INVALID_SENDER, IS_REPLICA, LOST_END, NEWER_VERSION, NO_DIRECTORY, NO_FILE,
    NO_LOG, NO_PLACE, NO_REPLICA, NOT_A_BANK, NOT_OURS, NOT_SUPPORTED, OF_ARGUMENTS, OF_CLUSTERS, OF_FILES,
    OLD_SERVERS, READ_ONLY, SMTP_NOT_BUILT_IN, UNKNOWN_CURRENCY, UNKNOWN_EMAIL_OPTION, UNKNOWN_EVENT, UNSAFE,
    UNSUPPORTED_STORE,
};
use super::parameters::EMAIL;
use super::replies::WORDS;
use crate::bank::{
    AccountEvent, AccountId, Bank, ChooseCurrencyError, ClusterOptions, Currency, EmailTarget, InvalidEmailTarget,
    InvalidName, NoCurrency, OpenError, Options,
};
use crate::engine::event_handler::RetryPolicy;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::RecordedEvent;
use crate::engine::store::commit_log::LogError;
use crate::engine::store::{OpenClusterError, OpenStoreError, StoreError, StoreUrl, UnsupportedUrl};
use crate::shell::application_functions::HasApplication as _;
use crate::shell::common_errors::{
    BUSY, DAMAGED, INVALID_DELAY, LEFT_OVER, OPEN_ELSEWHERE, RESERVED_NAME, STORE_FAILED, UNAVAILABLE,
};
use crate::shell::error_reason::ErrorReason;
use crate::shell::event_record::event_record;
use crate::shell::functions::{Call, Function, NotDone, Outcome, Parameter, ParameterKind, Reply, Row};
use crate::shell::term::Term;

const URL: Parameter = Parameter::optional("url", ParameterKind::File);
const ACCEPT_LOSS: Parameter = Parameter::by_name("accept_loss", ParameterKind::Boolean);
const FOREIGN: Parameter = Parameter::by_name("foreign", ParameterKind::Boolean);
const CREATE: Parameter = Parameter::by_name("create", ParameterKind::Boolean);
const UNSAFE_CLUSTER: Parameter = Parameter::by_name("unsafe_cluster", ParameterKind::Boolean);
const REPLICA: Parameter = Parameter::by_name("replica", ParameterKind::File);
const CURRENCY: Parameter = Parameter::by_name("currency", ParameterKind::Text);
const DECIMALS: Parameter = Parameter::by_name("decimals", ParameterKind::Integer);
const CEO_BONUS: Parameter = Parameter::by_name("ceo_bonus", ParameterKind::Named);

const RETRY_ATTEMPTS: Parameter = Parameter::by_name("retry_attempts", ParameterKind::Integer);
const RETRY_DELAY: Parameter = Parameter::by_name("retry_delay", ParameterKind::Integer);

const PARAMETERS: &[Parameter] = &[
    URL,
    ACCEPT_LOSS,
    FOREIGN,
    CREATE,
    REPLICA,
    UNSAFE_CLUSTER,
    CEO_BONUS,
    EMAIL,
    CURRENCY,
    DECIMALS,
    RETRY_ATTEMPTS,
    RETRY_DELAY,
];

/// The most attempts of a handler at an event.
const MAX_ATTEMPTS: u32 = 1_000;
/// The longest delay after the first of them, in milliseconds.
const MAX_DELAY: u64 = 60_000;

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "open", PARAMETERS, "opens the bank", "Bank.open")
        .group("Bank")
        .meant_by(&["start", "use", "connect", ".open", "\\c"])
        .details(
            "Bank.open \"bank.db\" opens a bank in a file, which is made if there is none. Without a URL it opens what --store\n\
            names, or else a new bank in memory, as Bank.open \"memory\" does. With ceo_bonus: \"CEO\", each\n\
            deposit into another account pays a hundredth into the account \"CEO\", until 100_000 has been paid.\n\
            With currency: \"EUR\", a code of ISO 4217, or decimals: 2, an empty bank gets a currency for good, as the first\n\
            event of its log: amounts are typed and shown with decimals, such as 10.50. What is stored, and the data of\n\
            events, stays in whole minor units, such as 1050. Without it, amounts are whole numbers. A bank with events\n\
            may be opened with what it has already: currency: \"EUR\" if that is its currency, and decimals: 0 if its\n\
            amounts are whole numbers.\n\
            With email: \"outbox/\", the holder of an account is thanked for each deposit, if the account has an e-mail\n\
            address: an .eml file is written into that directory. email: \"smtp://127.0.0.1:2525\" sends the e-mail to a\n\
            mail server, as do smtp://user:password@host?tls=required and smtps://user:password@host; the sender is\n\
            ?from=a@example.org. Mail servers need a program that was built with the cargo feature smtp.\n\
            Bonuses and e-mails begin when a bank is first opened with them. Deposits made while it is open without\n\
            them are caught up on at the next open with them. Of several programs, the first to open the bank acts.\n\
            With foreign: true, nothing in the file is trusted but its log. Use it for a file from somebody else, or one\n\
            that others may write: the log is verified first, everything else is rebuilt from it, and no e-mail is sent\n\
            and no bonus paid for what the log contains. Transfers under way continue.\n\
            With retry_attempts: 3, an event at which a handler fails is parked after three attempts instead of ten, and with\n\
            retry_delay: 200 the second attempt comes after at most 200 ms, the third after 400, and so on.\n\
            Replies {:ok, #Bank<memory>}. A file that cannot be opened stays as it is; standard error says what is wrong\n\
            with it, and where.\n\
            Bank.open \"nats://127.0.0.1:4222/bank\" opens a bank on a NATS JetStream cluster of three servers, which any\n\
            number of programs may have open; some of its servers are enough, joined by commas. create: true makes the\n\
            bank if the cluster has none of this name; a development cluster makes it without. Questions are answered from a\n\
            file that is a replica of the log, in the user's state directory, or the one that replica: names. What was seen of\n\
            a bank is remembered there: one that has lost events since is refused. A cluster that may lose what it has\n\
            acknowledged, such as a single server, needs unsafe_cluster: true. Clusters need a program that was built with the\n\
            cargo feature nats.",
        )
        .errors(&[OF_ARGUMENTS, OF_FILES, OF_CLUSTERS]),
    |bank, call| Box::pin(open(bank, call)),
);

async fn open(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    if functions.opened().is_some() {
        return Err(Term::Error(ALREADY_OPEN).into());
    }
    let ceo_bonus = call.optional(CEO_BONUS).map(AccountId::new).transpose();
    let ceo_bonus = ceo_bonus.map_err(|_| Term::Error(INVALID_NAME))?;
    let store = match call.optional(URL).map(str::parse) {
        None => functions.options.store.clone(),
        Some(Ok(store)) => store,
        Some(Err(unsupported)) => return Err(not_opened(&OpenError::UnsupportedStore(unsupported))),
    };
    let email = email_target(&call)?;
    let currency = currency(&call)?;
    let accept_loss = call.optional(ACCEPT_LOSS) == Some("true");
    let is_default_store = call.optional(URL).is_none();
    let foreign = match call.optional(FOREIGN) {
        Some(foreign) => foreign == "true",
        // The flag --foreign concerns the file of --store.
        None => functions.options.foreign && is_default_store,
    };
    let replica = call.optional(REPLICA).map(replica).transpose();
    let replica = replica.map_err(|unsupported| not_opened(&OpenError::UnsupportedStore(unsupported)))?;
    let cluster = ClusterOptions {
        create: call.optional(CREATE) == Some("true"),
        unsafe_cluster: call.optional(UNSAFE_CLUSTER) == Some("true"),
        replica,
        ..functions.options.cluster.clone()
    };
    let retry = retry(&call, functions.options.retry)?;
    let options =
        Options { store, cluster, accept_loss, foreign, ceo_bonus, email, retry, ..functions.options.clone() };
    let mistaken = mistaken_name(options.ceo_bonus.as_ref());
    let bank = Bank::open(options).await.map_err(|error| not_opened(&error))?;
    if let Some((account, why)) = mistaken
        && bank.check_balance(&account).await.is_err()
    {
        bank.close().await;
        return Err(NotDone::malformed(INVALID_NAME, why));
    }
    let mut events = Vec::new();
    if let Some(currency) = currency {
        match choose(functions, &bank, currency).await {
            Ok(chosen) if call.as_json() => events = chosen.iter().filter_map(event_record).collect(),
            Ok(_) => {}
            Err(not_chosen) => {
                bank.close().await;
                return Err(not_chosen);
            }
        }
    }
    let name = format!("#Bank<{}>", bank.url());
    functions.begin_with(bank, is_default_store);
    Ok(Reply { events, ..Term::Ok(Box::new(Term::Opaque(name))).into() })
}

/// Chooses a currency, in a conversation that the trace follows. Returns its event, unless it was chosen before.
async fn choose(
    functions: &BankFunctions,
    bank: &Bank,
    currency: Currency,
) -> Result<Vec<RecordedEvent<AccountEvent>>, NotDone> {
    let mut followed = None;
    let begin = |bank: &Bank| {
        let conversation = bank.start_conversation();
        followed = Some(functions.trace.follow(conversation.metadata().correlation_id()));
        conversation
    };
    let chosen = match bank.choose_currency_in(currency, begin).await {
        Ok(chosen) => chosen,
        Err(ChooseCurrencyError::NotEmpty) => {
            let known = bank.currency().await.map_err(|unavailable| WORDS.failed(&unavailable))?;
            return Err(NotDone::malformed(HAS_OTHER_CURRENCY, other_currency(known)));
        }
        Err(ChooseCurrencyError::Unavailable(unavailable)) => return Err(WORDS.failed(&unavailable)),
    };
    drop(followed);
    Ok(chosen.map_or_else(Vec::new, |receipt| receipt.events().to_vec()))
}

/// What the currency of a bank with events is, and that it stays.
fn other_currency(known: Currency) -> String {
    let decimals = match known.decimals() {
        0 => "whole numbers".to_owned(),
        1 => "numbers with 1 decimal".to_owned(),
        decimals => format!("numbers with {decimals} decimals"),
    };
    match known.code() {
        Some(code) => format!("the bank's currency is {code}, for good; a new bank can have another one"),
        None => format!("the bank has events, and its amounts stay {decimals}; a new bank can have others"),
    }
}

impl BankFunctions {
    /// Opens the bank that `Bank.open` opens by default, before any call.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: why it could not be opened.
    pub async fn open_default(&mut self) -> Result<(), OpenError> {
        let bank = Bank::open(self.options.clone()).await?;
        self.begin_with(bank, true);
        Ok(())
    }

    fn begin_with(&mut self, bank: Bank, is_default_store: bool) {
        if let Some(known) = bank.currency_once_known() {
            self.show_balances_in(known);
        }
        // From now on, what the file contains besides the log is this program's own.
        self.options.foreign &= !is_default_store;
        bank.name_refusals(Self::name_of_refusal);
        self.replace_bank(Some(bank));
        self.consistency = Consistency::Strong;
    }
}

/// An account whose name no new one may have: it can only be one that was stored before.
fn mistaken_name(account: Option<&AccountId>) -> Option<(AccountId, InvalidName)> {
    let account = account?;
    account.check_new().err().map(|why| (account.clone(), why))
}

/// The file or the memory that is to hold a replica.
fn replica(url: &str) -> Result<StoreUrl, UnsupportedUrl> {
    let store: StoreUrl = url.parse()?;
    match store == StoreUrl::Memory || store.path().is_some() {
        true => Ok(store),
        false => Err(UnsupportedUrl::Unknown { url: url.to_owned() }),
    }
}

/// How handlers retry: as before, but for what the call names.
fn retry(call: &Call<'_>, usual: RetryPolicy) -> Result<RetryPolicy, Term> {
    let mut retry = usual;
    if let Some(attempts) = call.optional(RETRY_ATTEMPTS) {
        let attempts = attempts.parse().ok().filter(|attempts| (1..=MAX_ATTEMPTS).contains(attempts));
        retry.attempts = attempts.ok_or(Term::Error(INVALID_ATTEMPTS))?;
    }
    if let Some(delay) = call.optional(RETRY_DELAY) {
        let delay = delay.parse().ok().filter(|delay| (1..=MAX_DELAY).contains(delay));
        retry.first = Duration::from_millis(delay.ok_or(Term::Error(INVALID_DELAY))?);
        retry.longest = retry.longest.max(retry.first);
    }
    Ok(retry)
}

/// The currency that the call names.
fn currency(call: &Call<'_>) -> Result<Option<Currency>, NotDone> {
    match (call.optional(CURRENCY), call.optional(DECIMALS)) {
        (None, None) => Ok(None),
        (Some(code), None) => {
            let currency = Currency::with_code(code).map(Some);
            currency.map_err(|unknown| NotDone::malformed(UNKNOWN_CURRENCY, unknown))
        }
        (None, Some(decimals)) => {
            // A number that is negative, or does not fit, is none of decimals.
            let currency = decimals.parse().map_or(Err(NoCurrency::TooManyDecimals), Currency::with_decimals);
            currency.map(Some).map_err(|invalid| NotDone::malformed(INVALID_DECIMALS, invalid))
        }
        (Some(_), Some(_)) => Err(Term::Error(CURRENCY_OR_DECIMALS).into()),
    }
}

/// The reply to a failed open, with a message if the store is at fault.
fn not_opened(error: &OpenError) -> NotDone {
    let reply = match error {
        OpenError::UnsupportedStore(_) => UNSUPPORTED_STORE,
        OpenError::HalfImported { .. } => HALF_IMPORTED,
        OpenError::File(OpenStoreError::NoDirectory { .. }) => NO_DIRECTORY,
        OpenError::File(OpenStoreError::NoFile { .. }) => NO_FILE,
        OpenError::File(OpenStoreError::NotOurs { .. }) => NOT_OURS,
        OpenError::File(OpenStoreError::Newer { .. }) => NEWER_VERSION,
        OpenError::File(OpenStoreError::ReadOnly { .. }) => READ_ONLY,
        OpenError::File(OpenStoreError::DiskFull { .. }) => DISK_FULL,
        OpenError::File(OpenStoreError::Damaged { .. }) | OpenError::BrokenLog { .. } => DAMAGED,
        OpenError::OpenElsewhere { .. } => OPEN_ELSEWHERE,
        OpenError::File(OpenStoreError::LostEnd { .. } | OpenStoreError::EndUnknown { .. }) => LOST_END,
        OpenError::File(OpenStoreError::Busy { .. } | OpenStoreError::OtherName { .. })
        | OpenError::Unreadable(StoreError::Busy(_)) => BUSY,
        OpenError::File(OpenStoreError::OtherDomain { .. }) => NOT_A_BANK,
        OpenError::File(OpenStoreError::UnknownEvent { .. }) => UNKNOWN_EVENT,
        OpenError::File(OpenStoreError::LeftOver { .. }) => LEFT_OVER,
        OpenError::File(OpenStoreError::ReservedName { .. }) => RESERVED_NAME,
        OpenError::File(OpenStoreError::NotSupported { .. }) => NOT_SUPPORTED,
        OpenError::File(OpenStoreError::IsReplica { .. }) => IS_REPLICA,
        OpenError::Cluster(error) => of_cluster(error),
        OpenError::Unreadable(StoreError::Unavailable(_)) => UNAVAILABLE,
        // The last two come with a cluster.
        OpenError::File(
            OpenStoreError::Failed { .. } | OpenStoreError::NoReplica { .. } | OpenStoreError::Log(_),
        )
        | OpenError::Unreadable(_)
        // The other errors concern how an application is built, and a bank's never changes: it only can end at its start.
        | OpenError::Unavailable(_)
        | OpenError::NameTaken { .. }
        | OpenError::CategoriesClash { .. }
        | OpenError::AmbiguousTypes(_)
        | OpenError::NoProjection { .. }
        | OpenError::NoRuntime(_) => STORE_FAILED,
    };
    if reply == BUSY {
        tracing::warn!("{error}");
    }
    match error {
        // The reply already says everything.
        OpenError::UnsupportedStore(UnsupportedUrl::Unknown { .. }) => Term::Error(reply).into(),
        failed => NotDone::failed(Term::Error(reply), failed.to_string()),
    }
}

fn of_cluster(error: &OpenClusterError) -> ErrorReason {
    match error {
        OpenClusterError::Unreachable { .. }
        | OpenClusterError::Replica(OpenStoreError::Log(LogError::Unavailable(_))) => UNAVAILABLE,
        OpenClusterError::NoLog { .. } => NO_LOG,
        OpenClusterError::LogGone { .. }
        | OpenClusterError::Replica(OpenStoreError::Log(LogError::WentBack { .. })) => LOST_END,
        OpenClusterError::TooOld { .. } => OLD_SERVERS,
        OpenClusterError::OtherDomain { .. } => NOT_A_BANK,
        OpenClusterError::Unsafe { .. } => UNSAFE,
        OpenClusterError::NoPlace => NO_PLACE,
        OpenClusterError::Replica(OpenStoreError::NoReplica { .. }) => NO_REPLICA,
        OpenClusterError::Replica(_) | OpenClusterError::Failed(_) => STORE_FAILED,
    }
}

/// The target for e-mails that `email:` names. The reply quotes nothing of it, as it may hold a password.
fn email_target(call: &Call<'_>) -> Result<Option<EmailTarget>, Term> {
    let target = call.optional(EMAIL).map(str::parse).transpose();
    target.map_err(|error| {
        Term::Error(match error {
            InvalidEmailTarget::Unknown => INVALID_EMAIL_TARGET,
            InvalidEmailTarget::SmtpNotBuiltIn => SMTP_NOT_BUILT_IN,
            InvalidEmailTarget::UnknownOption => UNKNOWN_EMAIL_OPTION,
            InvalidEmailTarget::InvalidSender => INVALID_SENDER,
            InvalidEmailTarget::CredentialsNeedTls => CREDENTIALS_NEED_TLS,
        })
    })
}

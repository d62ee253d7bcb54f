//! `Bank.open`

use super::BankFunctions;
use super::parameters::EMAIL;
use super::replies::WORDS;
use crate::bank::{
    AccountId, Bank, ChooseCurrencyError, Currency, EmailTarget, InvalidEmailTarget, OpenError, Options,
};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::store::{OpenStoreError, StoreError, UnsupportedUrl};
use crate::shell::functions::{BUSY, Call, Function, NotDone, Outcome, Parameter, ParameterKind, Row};
use crate::shell::term::Term;

const URL: Parameter = Parameter::optional("url", ParameterKind::File);
const ACCEPT_LOSS: Parameter = Parameter::by_name("accept_loss", ParameterKind::Boolean);
const FOREIGN: Parameter = Parameter::by_name("foreign", ParameterKind::Boolean);
const CURRENCY: Parameter = Parameter::by_name("currency", ParameterKind::Text);
const DECIMALS: Parameter = Parameter::by_name("decimals", ParameterKind::Integer);
const CEO_BONUS: Parameter = Parameter::by_name("ceo_bonus", ParameterKind::Named);

const PARAMETERS: &[Parameter] = &[URL, ACCEPT_LOSS, FOREIGN, CEO_BONUS, EMAIL, CURRENCY, DECIMALS];

const UNSUPPORTED_STORE: &str = "unsupported_store";

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "open", PARAMETERS, "opens the bank", "Bank.open")
        .group("Bank")
        .details(
            "Without a URL it opens what --store names, or else a new bank in memory. With ceo_bonus: \"CEO\", each\n\
            deposit into another account pays a hundredth into the account \"CEO\", until 100_000 has been paid.\n\
            With currency: \"EUR\", a code of ISO 4217, or decimals: 2, an empty bank gets a currency for good, as the first\n\
            event of its log: amounts are typed and shown with decimals, such as 10.50. What is stored, and the data of\n\
            events, stays in whole minor units, such as 1050. Without it, amounts are whole numbers.\n\
            With email: \"outbox/\", the holder of an account is thanked for each deposit, if the account has an e-mail\n\
            address: an .eml file is written into that directory. email: \"smtp://127.0.0.1:2525\" sends the e-mail to a\n\
            mail server, as do smtp://user:password@host?tls=required and smtps://user:password@host; the sender is\n\
            ?from=a@example.org. Mail servers need a program that was built with the cargo feature smtp.\n\
            Bonuses and e-mails begin when a bank is first opened with them. Deposits made while it is open without\n\
            them are caught up on at the next open with them. Of several programs, the first to open the bank acts.\n\
            With foreign: true, nothing in the file is trusted but its log. Use it for a file from somebody else, or one\n\
            that others may write: the log is verified first, everything else is rebuilt from it, and no e-mail is sent\n\
            and no bonus paid for what the log contains. Transfers under way continue.\n\
            Replies {:ok, #Bank<memory>}, {:error, :already_open}, {:error, :unsupported_store},\n\
            {:error, :invalid_email_target}, {:error, :invalid_sender}, {:error, :unknown_email_option},\n\
            {:error, :credentials_need_tls} or {:error, :smtp_not_built_in}; about currencies {:error, :unknown_currency},\n\
            {:error, :invalid_decimals} if there are more than 8, {:error, :currency_or_decimals} if both are given, and\n\
            {:error, :not_empty} if the bank has events and another currency, or none.\n\
            A file that cannot be opened stays as it is; standard error says what is wrong with it, and where:\n\
            {:error, :no_directory}, {:error, :no_file}, {:error, :read_only}, {:error, :disk_full}: repair that first.\n\
            {:error, :not_ours}, {:error, :not_a_bank}: the file is not a bank's. Choose another one.\n\
            {:error, :newer_version}, {:error, :unknown_event}: a newer program wrote it. Use that program.\n\
            {:error, :busy}: another program has held it for more than 5 s; a message names it. Try again, or end it.\n\
            {:error, :lost_end}: acknowledged events are missing. Open a backup, or open the rest with accept_loss: true.\n\
            {:error, :left_over}: the file is missing, but its write-ahead log is not. Put the file back, or remove the log.\n\
            {:error, :half_imported}: an import did not finish. Import into a new file, or use accept_loss: true.\n\
            {:error, :damaged}: the file is not as it was written. Open a backup, or import an exported log; if the\n\
            message says so, accept_loss: true opens it as it is.\n\
            {:error, :open_elsewhere}: another program has the bank open, so foreign: true cannot open it. Close it there.\n\
            {:error, :reserved_name}: the name ends like that of a bank's companion file. Choose another name.\n\
            {:error, :not_supported}: the file system lacks a feature that a bank needs. Use another file system.\n\
            {:error, :store_failed}: any other error of the system.",
        ),
    |bank, call| Box::pin(open(bank, call)),
);

async fn open(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    if functions.opened().is_some() {
        return Err(Term::Error("already_open").into());
    }
    let ceo_bonus = call.optional(CEO_BONUS).map(AccountId::new).transpose();
    let ceo_bonus = ceo_bonus.map_err(|_| Term::Error("invalid_name"))?;
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
    let options = Options { store, accept_loss, foreign, ceo_bonus, email, ..functions.options.clone() };
    let bank = Bank::open(options).await.map_err(|error| not_opened(&error))?;
    if let Some(currency) = currency
        && let Err(error) = bank.choose_currency(currency).await
    {
        bank.close().await;
        return Err(match error {
            ChooseCurrencyError::NotEmpty => Term::Error("not_empty").into(),
            ChooseCurrencyError::Unavailable(unavailable) => WORDS.failed(&unavailable),
        });
    }
    if let Some(known) = bank.currency_once_known() {
        functions.show_balances_in(known);
    }
    // From now on, what the file contains besides the log is this program's own.
    functions.options.foreign &= !is_default_store;
    let name = format!("#Bank<{}>", bank.url());
    functions.replace_bank(Some(bank));
    functions.consistency = Consistency::Strong;
    Ok(Term::Ok(Box::new(Term::Opaque(name))).into())
}

/// The currency that the call names.
fn currency(call: &Call<'_>) -> Result<Option<Currency>, Term> {
    match (call.optional(CURRENCY), call.optional(DECIMALS)) {
        (None, None) => Ok(None),
        (Some(code), None) => Currency::with_code(code).map(Some).map_err(|_| Term::Error("unknown_currency")),
        (None, Some(decimals)) => {
            let currency = decimals.parse().ok().and_then(|decimals| Currency::with_decimals(decimals).ok());
            currency.map(Some).ok_or(Term::Error("invalid_decimals"))
        }
        (Some(_), Some(_)) => Err(Term::Error("currency_or_decimals")),
    }
}

/// The reply to a failed open, with a message if the store is at fault.
fn not_opened(error: &OpenError) -> NotDone {
    let reply = match error {
        OpenError::UnsupportedStore(_) => UNSUPPORTED_STORE,
        OpenError::HalfImported { .. } => "half_imported",
        OpenError::File(OpenStoreError::NoDirectory { .. }) => "no_directory",
        OpenError::File(OpenStoreError::NoFile { .. }) => "no_file",
        OpenError::File(OpenStoreError::NotOurs { .. }) => "not_ours",
        OpenError::File(OpenStoreError::Newer { .. }) => "newer_version",
        OpenError::File(OpenStoreError::ReadOnly { .. }) => "read_only",
        OpenError::File(OpenStoreError::DiskFull { .. }) => "disk_full",
        OpenError::File(OpenStoreError::Damaged { .. }) | OpenError::BrokenLog { .. } => "damaged",
        OpenError::OpenElsewhere { .. } => "open_elsewhere",
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
        // The other errors concern how an application is built, and a bank's never changes: it only can end at its start.
        | OpenError::Unavailable(_)
        | OpenError::NameTaken { .. }
        | OpenError::CategoriesClash { .. }
        | OpenError::AmbiguousTypes(_)
        | OpenError::NoProjection { .. }
        | OpenError::NoRuntime(_) => "store_failed",
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

/// The target for e-mails that `email:` names. The reply quotes nothing of it, as it may hold a password.
fn email_target(call: &Call<'_>) -> Result<Option<EmailTarget>, Term> {
    let target = call.optional(EMAIL).map(str::parse).transpose();
    target.map_err(|error| {
        Term::Error(match error {
            InvalidEmailTarget::Unknown => "invalid_email_target",
            InvalidEmailTarget::SmtpNotBuiltIn => "smtp_not_built_in",
            InvalidEmailTarget::UnknownOption => "unknown_email_option",
            InvalidEmailTarget::InvalidSender => "invalid_sender",
            InvalidEmailTarget::CredentialsNeedTls => "credentials_need_tls",
        })
    })
}

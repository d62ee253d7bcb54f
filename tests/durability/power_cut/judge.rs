//! Opens what a cut has left, as its owner would, and asks whether everything that was answered is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use cqrs_bank::bank::{AccountEvent, Bank, Options, StoreUrl, Verification};
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::codec::DataOf;
use serde_json::Value;

use super::promises::{Event, Promises, Spoken, balance};
use super::scenario::{FILE, KEY, OUTBOX, STATE, Statement};

/// What the directory holds that a cut has left. It is changed.
pub(crate) async fn judge(directory: &Path, promises: &Promises) -> Result<(), String> {
    let file = directory.join(FILE);
    if promises.bank_is_there() && !file.exists() {
        return Err("the bank is not there".to_owned());
    }
    if promises.closed_is_one_file && promises.all_have_closed() {
        let alone = directory.join("alone");
        fs::create_dir(&alone).unwrap();
        fs::copy(&file, alone.join(FILE)).unwrap();
        let log = opened(&alone.join(FILE)).await.map_err(|error| format!("the file alone: {error}"))?;
        promises.hold_for(&log).map_err(|error| format!("the file alone: {error}"))?;
    }
    let outbox = promises.thanks().then(|| directory.join(OUTBOX));
    let log = opened_with(&file, outbox.as_deref()).await?;
    promises.hold_for(&log)?;
    if let Some(outbox) = outbox {
        thanked(&outbox, &log)?;
    }
    key_is_there(&directory.join(KEY), &log)?;
    for spoken in promises.spoken() {
        let outcome = match spoken.statement {
            Statement::Export { file } => exported(&directory.join(file), spoken.answer, &log),
            Statement::Backup { file } => backed_up(&directory.join(file), &spoken, promises, &log).await,
            _ => Ok(()),
        };
        outcome.map_err(|error| format!("{}: {error}", spoken.statement))?;
    }
    Ok(())
}

async fn opened(file: &Path) -> Result<Vec<Event>, String> {
    opened_with(file, None).await
}

/// Opens the bank, verifies it, lets it finish what was begun, and closes it; answers with what its log held.
async fn opened_with(file: &Path, outbox: Option<&Path>) -> Result<Vec<Event>, String> {
    let email = outbox.map(|outbox| format!("{}/", outbox.display()).parse().unwrap());
    let options = Options { email, ..StoreUrl::Sqlite(file.to_owned()).into() };
    let bank = Bank::open(options).await.map_err(|error| error.to_string())?;
    let verified = bank.verify(|_, _| {}).await.map_err(|error| error.to_string())?;
    if !matches!(verified, Verification::Whole(_)) {
        return Err(format!("{verified:?}"));
    }
    let log = bank.events(Position::new(1), usize::MAX).await.map_err(|error| error.to_string())?;
    bank.close().await;
    if let Some(failure) = bank.failure() {
        return Err(failure.to_string());
    }
    let balances: BTreeMap<String, u64> = bank.balances().read(|balances| {
        let names = balances.names_beginning_with("", usize::MAX);
        let balance =
            |name: &str| balances.balance(name).map_or(0, |balance| u64::try_from(balance.minor_units()).unwrap_or(0));
        names.iter().map(|name| (name.to_string(), balance(name.as_str()))).collect()
    });
    let expected = settled_balances(&log);
    if balances != expected {
        return Err(format!("the balances are {balances:?}, and {expected:?} follows from the log"));
    }
    Ok(log)
}

/// What accounts hold once the transfers have ended that were on their way.
fn settled_balances(log: &[Event]) -> BTreeMap<String, u64> {
    use AccountEvent::{MoneyReserved, TransferCredited};
    let accounts: BTreeSet<_> = log.iter().map(|event| event.data.account_id().unwrap().to_string()).collect();
    let mut balances: BTreeMap<_, _> =
        accounts.into_iter().map(|account| (account.clone(), balance(log, &account))).collect();
    for event in log {
        let MoneyReserved(outgoing) = &event.data else { continue };
        let amount = event.data.amount();
        let credited =
            log.iter().any(|other| matches!(other.data, TransferCredited(_)) && other.data.amount() == amount);
        if !credited {
            *balances.entry(outgoing.payee.to_string()).or_default() += amount.map_or(0, |amount| amount.minor_units());
        }
    }
    balances
}

/// Each deposit into an account with an address has its e-mail, now that the bank was open again, and whole.
fn thanked(outbox: &Path, log: &[Event]) -> Result<(), String> {
    let names = fs::read_dir(outbox).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".eml")).collect();
    for event in log.iter().filter(|event| matches!(event.data, AccountEvent::MoneyDeposited { .. })) {
        let position = |name: &str| name.split_once('-')?.0.parse().ok();
        let name = names.iter().find(|name| position(name) == Some(event.position.get()));
        let Some(name) = name else { return Err(format!("there is no e-mail for {:?}", event.data)) };
        let text = fs::read_to_string(outbox.join(name)).unwrap();
        if !text.contains("Message-ID") || !text.ends_with('\n') {
            return Err(format!("the e-mail for {:?} is {text:?}", event.data));
        }
    }
    Ok(())
}

/// A PIN that was set can be checked: the key is there that it was made with.
fn key_is_there(path: &Path, log: &[Event]) -> Result<(), String> {
    let has_pin = |event: &Event| {
        serde_json::to_value(DataOf(&event.data)).unwrap().get("pin_verifier").is_some_and(|pin| !pin.is_null())
    };
    if !log.iter().any(has_pin) {
        return Ok(());
    }
    let key = fs::read(path).map_err(|error| format!("the key for PINs: {error}"))?;
    if key.len() == 65 { Ok(()) } else { Err(format!("the key for PINs has {} bytes", key.len())) }
}

/// An exported log is there when that was answered; and whenever it is there, it is whole.
fn exported(path: &Path, answer: Option<&str>, log: &[Event]) -> Result<(), String> {
    let text = match (fs::read_to_string(path), answer) {
        (Ok(text), _) => text,
        (Err(error), Some(_)) => return Err(error.to_string()),
        (Err(_), None) => return Ok(()),
    };
    let lines: Vec<_> = text.split_terminator('\n').collect();
    let is_event = |(line, event): (&&str, &Event)| {
        serde_json::from_str::<Value>(line).is_ok_and(|line| {
            line["position"] == event.position.get()
                && line["data"] == serde_json::to_value(DataOf(&event.data)).unwrap()
        })
    };
    let said = answer.is_none_or(|answer| answer == format!("{{:ok, %{{events: {}}}}}", lines.len()));
    let whole = text.ends_with('\n') && lines.len() <= log.len() && lines.iter().zip(log).all(is_event);
    if whole && said { Ok(()) } else { Err(format!("{} lines are there, and not the log's", lines.len())) }
}

/// A copy of the bank is there when that was answered, with everything that the same program had answered before;
/// and whenever it is there, it is a bank.
async fn backed_up(path: &Path, spoken: &Spoken<'_>, promises: &Promises, log: &[Event]) -> Result<(), String> {
    if !path.exists() {
        return if spoken.answer.is_some() { Err("it is not there".to_owned()) } else { Ok(()) };
    }
    let copied = opened(path).await?;
    let same = |(one, other): (&Event, &Event)| one.position == other.position && one.data == other.data;
    if copied.len() > log.len() || !copied.iter().zip(log).all(same) {
        return Err(format!("{} events are in it, and not the log's", copied.len()));
    }
    promises.before(spoken).hold_for(&copied)
}

/// The program opens it too, with nobody's consent to a loss, says that it is whole, and goes on.
pub(crate) fn real_program_goes_on(directory: &Path) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.arg("--quiet").current_dir(directory).env_remove("RUST_LOG").env_remove("BANK_PIN_SECRET");
    command.env("XDG_STATE_HOME", directory.join(STATE));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let statements = format!(
        "Bank.open {FILE:?}\nBank.verify\nBank.create \"later\"\nBank.deposit \"later\", 77\n\
         Bank.check_balance \"later\"\nBank.verify\nBank.close\n"
    );
    child.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = lines.lines().collect();
    let whole = |line: &str| line.starts_with("{:ok, %{events: ");
    match &lines[..] {
        ["{:ok, #Bank<sqlite:bank.db>}", first, ":ok", ":ok", "77", second, ":ok"] if whole(first) && whole(second) => {
            Ok(())
        }
        _ => Err(format!("the program says {lines:?} {}", String::from_utf8_lossy(&output.stderr))),
    }
}

//! `Bank.load`

use std::fmt::Display;
use std::str::FromStr;

use super::BankFunctions;
use super::error_groups::COMMAND;
use super::errors::{
    ACCOUNT_OVERDRAWN, INVALID_COLUMNS, INVALID_DATES, INVALID_DECIMAL, OTHER_CONTENT, UNKNOWN_ENCODING,
};
use super::replies::{WORDS, explained, failure, not_transferred};
use crate::bank::{CommandFailure, LoadError, LoadOptions, LoadStep, Loaded, NotBooked, Unavailable, WhyNotBooked};
use crate::shell::application_functions::integer;
use crate::shell::common_errors::{BEHIND, FILE_FAILED, NO_FILE_NAME};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Call, Function, NotDone, Outcome, Parameter, ParameterKind, Reply, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

const FILE: Parameter = Parameter::needed("file", ParameterKind::File);
const COLUMNS: Parameter = Parameter::by_name("columns", ParameterKind::Text);
const DECIMAL: Parameter = Parameter::by_name("decimal", ParameterKind::Text);
const DATES: Parameter = Parameter::by_name("dates", ParameterKind::Text);
const ENCODING: Parameter = Parameter::by_name("encoding", ParameterKind::Text);
const CREATE: Parameter = Parameter::by_name("create", ParameterKind::Boolean);
const DRY_RUN: Parameter = Parameter::by_name("dry_run", ParameterKind::Boolean);
const EFFECTS: Parameter = Parameter::by_name("effects", ParameterKind::Boolean);

const PARAMETERS: &[Parameter] = &[FILE, COLUMNS, DECIMAL, DATES, ENCODING, CREATE, DRY_RUN, EFFECTS];

pub(super) const ROW: Row<BankFunctions> = Row::new(
    Function::new("Bank", "load", PARAMETERS, "books the rows of a CSV file", "Bank.load \"transactions.csv\"")
        .group("Accounts")
        .details(
            "The first line names the columns: date, account and amount, which is negative for what goes out, or deposit\n\
            and withdrawal in its place; also to, for a transfer, memo, and id. What goes to another account goes out: its\n\
            amount is negative, or a withdrawal. Other columns are left alone and listed as unread, and\n\
            columns: \"Buchungstag=date, Betrag=amount\" says which these are; a name with a comma stands in quotes, as in\n\
            columns: \"\\\"Betrag, EUR\\\"=amount\". Commas, semicolons or tabs separate them; quotes may\n\
            enclose a whole field, and a quote within it is written twice.\n\
            decimal: \",\" reads 1.000,50, dates: \"%d.%m.%Y\" reads 17.01.2024, and encoding: \"latin1\" what is not UTF-8,\n\
            Windows-1252 too. With times and their zones, dates: \"%Y-%m-%dT%H:%M:%S%:z\", the day is that in UTC.\n\
            Rows are booked by date, whatever their order in the file, and need no PIN: loading is an act of the bank\n\
            itself. The lock of an account is one of its PIN, and stops no row; what goes out ends a series of wrong PINs,\n\
            as any payment does. A frozen account is one that the bank has stopped, and refuses what goes out.\n\
            Rows are booked once: a row has its account and id, or without an id all that it says, and how many equal\n\
            rows are before it in the file. A file may be loaded again, or one that overlaps it. Decisions are those of\n\
            the order of booking. What was declined stays declined, and is counted as declined_before; what was refused\n\
            is tried again, and a transfer that came back as soon as its payee can take it. Nothing is booked of a file\n\
            with a mistake.\n\
            create: true creates accounts that are missing; dry_run: true only says what would happen. Nobody is thanked,\n\
            and no bonus is paid, unless effects: true.\n\
            Replies {:ok, %{rows: 9, new: 4, known: 2, declined: 1, declined_before: 1, refused: 1, created: 0,\n\
            listed: […], unread: […]}} with the first 20 rows that were declined or refused, in the order of the file;\n\
            {:error, %{line: 7, column: \"Betrag\", problem: \"…\"}} with the first mistake. What is stored may be millions\n\
            of events: neither the trace nor --json shows them, Bank.events does.",
        )
        .errors(&[&[
            FILE_FAILED,
            INVALID_COLUMNS,
            INVALID_DECIMAL,
            INVALID_DATES,
            UNKNOWN_ENCODING,
            OTHER_CONTENT,
            NO_FILE_NAME,
        ]])
        .common_errors(COMMAND),
    |bank, call| Box::pin(load(bank, call)),
);

async fn load(functions: &mut BankFunctions, call: Call<'_>) -> Outcome {
    let bank = functions.bank()?;
    let options = options(&call)?;
    let file = Some(call.text(FILE)).filter(|name| !name.is_empty()).ok_or(Term::Error(NO_FILE_NAME))?;
    let line = ProgressLine::new();
    let show = |step, done, total| match step {
        LoadStep::Read => line.show_of("bytes", "read", done, total),
        LoadStep::Book => line.show_of("rows", "load", done, total),
    };
    let loaded = bank.load(file.as_ref(), options, show).await;
    drop(line);
    match loaded {
        Ok(loaded) => {
            let declined = loaded.declined + loaded.refused > 0;
            Ok(Reply { declined, ..Term::Ok(Box::new(counts(&loaded))).into() })
        }
        Err(error @ LoadError::File { .. }) => {
            Err(NotDone::failed(Term::Error(FILE_FAILED), error.to_string()).changing_nothing())
        }
        Err(LoadError::Mistake { path, mistake }) => {
            let message = format!("{}:{mistake}", path.display());
            let column = mistake.column.map(|column| ("column", Term::String(column)));
            let entries = [("line", integer(mistake.line))].into_iter().chain(column);
            let entries = entries.chain([("problem", Term::String(mistake.problem))]).collect();
            Err(NotDone::failed(Term::Problem(Box::new(Term::Map(entries))), message).changing_nothing())
        }
        Err(LoadError::Stopped { loaded, reason }) => {
            let rows = if loaded.rows == 1 { "row" } else { "rows" };
            let held = bank.seams().held().into_iter().find(|held| match &reason {
                Unavailable::Behind { lagging, .. } => lagging.contains(&held.name),
                _ => false,
            });
            let advice = match held {
                Some(held) => format!("{} is held, and Bank.release {:?} lets it go on first", held.name, held.name),
                None => "loading the file again goes on from there".to_owned(),
            };
            let message = format!("after {} {rows}: {}; {advice}", loaded.rows, explained(&bank, &reason));
            Err(match reason {
                // Nothing is wrong with the bank: another program has a transfer under way, and is slow.
                Unavailable::Behind { .. } => NotDone::noted(BEHIND, message),
                reason => NotDone::failed(WORDS.unavailable(&reason), message),
            })
        }
        Err(LoadError::Unavailable(unavailable)) => Err(WORDS.failed(&unavailable)),
    }
}

fn options(call: &Call<'_>) -> Result<LoadOptions, NotDone> {
    let is_set = |parameter| call.optional(parameter) == Some("true");
    Ok(LoadOptions {
        columns: parsed(call, COLUMNS, INVALID_COLUMNS)?.unwrap_or_default(),
        decimal: parsed(call, DECIMAL, INVALID_DECIMAL)?.unwrap_or_default(),
        dates: parsed(call, DATES, INVALID_DATES)?,
        encoding: parsed(call, ENCODING, UNKNOWN_ENCODING)?.unwrap_or_default(),
        effects: is_set(EFFECTS),
        create: is_set(CREATE),
        dry_run: is_set(DRY_RUN),
    })
}

/// An option that is text in a certain form.
fn parsed<T: FromStr<Err: Display>>(
    call: &Call<'_>,
    parameter: Parameter,
    reason: ErrorReason,
) -> Result<Option<T>, NotDone> {
    call.optional(parameter).map(str::parse).transpose().map_err(|why| NotDone::malformed(reason, why))
}

fn counts(loaded: &Loaded) -> Term {
    let Loaded { rows, new, known, declined, declined_before, refused, created, listed, unread } = loaded;
    Term::Map(vec![
        ("rows", integer(*rows)),
        ("new", integer(*new)),
        ("known", integer(*known)),
        ("declined", integer(*declined)),
        ("declined_before", integer(*declined_before)),
        ("refused", integer(*refused)),
        ("created", integer(*created)),
        ("listed", Term::List(listed.iter().map(not_booked).collect())),
        ("unread", Term::List(unread.iter().cloned().map(Term::String).collect())),
    ])
}

/// A row that was not booked, and why, in the words of other replies.
fn not_booked(row: &NotBooked) -> Term {
    let why = match &row.why {
        WhyNotBooked::Overdrawn { .. } => Term::Error(ACCOUNT_OVERDRAWN),
        WhyNotBooked::OtherContent => Term::Error(OTHER_CONTENT),
        WhyNotBooked::Refused(refusal) => failure(&CommandFailure::Refused(*refusal)),
        WhyNotBooked::NotTransferred(reason) => not_transferred(reason),
    };
    // Within the list, the reason alone.
    let why = match why {
        Term::Error(reason) => Term::Atom(reason.name()),
        other => other,
    };
    let account = Term::String(row.account.to_string());
    Term::Map(vec![("line", integer(row.line)), ("account", account), ("why", why)])
}

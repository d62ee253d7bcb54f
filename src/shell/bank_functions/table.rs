//! The bank's functions, as `help`, completion and the checks of a call see them.

use crate::shell::functions::{Function, Kind, Parameter};

const ACCOUNT: Parameter = Parameter { name: "account", kind: Kind::Named, optional: false, keyword: false };
const AMOUNT: Parameter = Parameter { name: "amount", kind: Kind::Integer, optional: false, keyword: false };

const FROM: Parameter = Parameter { name: "from", kind: Kind::Integer, optional: true, keyword: true };
const LIMIT: Parameter = Parameter { name: "limit", kind: Kind::Integer, optional: true, keyword: true };
const AT: Parameter = Parameter { name: "at", kind: Kind::Integer, optional: true, keyword: true };
const AS_OF: Parameter = Parameter { name: "as_of", kind: Kind::Text, optional: true, keyword: true };

pub(super) static FUNCTIONS: [Function; 9] = [
    Function {
        module: Some("Bank"),
        name: "open",
        group: "Bank",
        parameters: &[
            Parameter { name: "url", kind: Kind::Text, optional: true, keyword: false },
            Parameter { name: "email", kind: Kind::Text, optional: true, keyword: true },
        ],
        summary: "opens the bank",
        example: "Bank.open",
        details: "Without a URL it opens what --store names, or else a new bank in memory.\n\
            email: \"outbox/\" thanks the holder of an account for each deposit into it, if the account has an e-mail\n\
            address: it writes an .eml file into that directory. email: \"smtp://127.0.0.1:2525\" sends it to a mail\n\
            server, as do smtp://user:password@host?tls=required and smtps://user:password@host; ?from=a@example.org\n\
            says who it is from. Mail servers need a program that was built with the cargo feature smtp.\n\
            Replies {:ok, #Bank<memory>}, {:error, :already_open}, {:error, :unsupported_store},\n\
            {:error, :invalid_email_target}, {:error, :invalid_sender}, {:error, :unknown_email_option},\n\
            {:error, :credentials_need_tls} or {:error, :smtp_not_built_in}.",
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
        parameters: &[Parameter {
            name: "consistency",
            kind: Kind::Atom(&["strong", "eventual"]),
            optional: false,
            keyword: false,
        }],
        summary: "says whether replies wait for the whole trace",
        example: "Bank.consistency :eventual",
        details: "Under :strong, the default, a command replies when its events are stored and all event handlers\n\
            have seen them. Under :eventual it replies :ok as soon as it is sent: the rest of the trace follows\n\
            when it happens, and a refusal with it. A bank that is opened is :strong. Replies :ok.",
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
        parameters: &[ACCOUNT, AT, AS_OF],
        summary: "tells what an account holds",
        example: "Bank.check_balance \"Wolfman\"",
        details: "With at: 3 it tells what the account held after the event at position 3, with\n\
            as_of: \"2026-11-20T10:00:00Z\" what it held at that time.\n\
            Replies the balance, such as 50, or :no_account.",
    },
    Function {
        module: Some("Bank"),
        name: "statement",
        group: "History",
        parameters: &[ACCOUNT, FROM, LIMIT, AT, AS_OF],
        summary: "lists what happened to an account",
        example: "Bank.statement \"Wolfman\"",
        details: "Each event with its date, amount and the balance after it. from: 3 begins at position 3, at: and\n\
            as_of: end it at a moment as in Bank.check_balance, limit: 10 lists 10 lines at the most; 1_000 without.",
    },
    Function {
        module: Some("Bank"),
        name: "events",
        group: "History",
        parameters: &[Parameter { optional: true, ..ACCOUNT }, FROM, LIMIT],
        summary: "lists the log, or that of one account",
        example: "Bank.events from: 1, limit: 10",
        details: "Everything that is stored of each event. from: 3 begins at position 3, limit: 10 lists 10 events at\n\
            the most; 1_000 without.",
    },
];

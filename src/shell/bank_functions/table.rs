//! The bank's functions, as `help`, completion and the checks of a call see them.

use crate::shell::functions::{Function, Kind, Parameter};

const ACCOUNT: Parameter = Parameter { name: "account", kind: Kind::Named, optional: false };
const AMOUNT: Parameter = Parameter { name: "amount", kind: Kind::Integer, optional: false };

pub(super) static FUNCTIONS: [Function; 7] = [
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

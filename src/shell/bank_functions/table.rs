//! The bank's functions, as `help`, completion and the checks of a call see them.

use crate::shell::application_functions::table::application_functions;
use crate::shell::functions::{Function, Kind, Parameter};
use crate::shell::table::{AS_OF, AT, FROM, LIMIT, joined};

const ACCOUNT: Parameter = Parameter { name: "account", kind: Kind::Named, optional: false, keyword: false };
const AMOUNT: Parameter = Parameter { name: "amount", kind: Kind::Integer, optional: false, keyword: false };
const PIN: Parameter = Parameter { name: "pin", kind: Kind::Pin, optional: true, keyword: false };
const HOLDER: Parameter = Parameter { name: "holder", kind: Kind::Text, optional: true, keyword: false };
const EMAIL: Parameter = Parameter { name: "email", kind: Kind::Text, optional: true, keyword: true };

const CEO_BONUS: Parameter = Parameter { name: "ceo_bonus", kind: Kind::Named, optional: true, keyword: true };
const ACCEPT_LOSS: Parameter = Parameter { name: "accept_loss", kind: Kind::Boolean, optional: true, keyword: true };
const PAYER: Parameter = Parameter { name: "payer", ..ACCOUNT };
const PAYEE: Parameter = Parameter { name: "payee", ..ACCOUNT };

/// What every function of an open bank may reply.
macro_rules! asked {
    ($details:literal) => {
        concat!(
            $details,
            "\nReplies {:error, :bank_stopped} where the bank could not go on, or its file is gone: standard error says why. \
             Once\nthat is mended, Bank.close and Bank.open go on."
        )
    };
}

/// What every function that stores something may reply besides.
macro_rules! stored {
    ($details:literal) => {
        concat!(asked!($details), "\nReplies {:error, :outcome_unknown} where the bank has stopped in the midst of it: standard \
             error names the command, and\nif it was stored, Bank.events shows events of that command_id. Look before you say it again.")
    };
}

const OWN: [Function; 14] = [
    Function {
        module: Some("Bank"),
        name: "open",
        group: "Bank",
        parameters: &[
            Parameter { name: "url", kind: Kind::Text, optional: true, keyword: false },
            ACCEPT_LOSS,
            CEO_BONUS,
            EMAIL,
        ],
        aliases: &[],
        summary: "opens the bank",
        example: "Bank.open",
        may_be_busy: true,
        details: "Without a URL it opens what --store names, or else a new bank in memory. With ceo_bonus: \"CEO\", each\n\
            deposit into another account pays a hundredth into the account \"CEO\", until 100_000 has been paid.\n\
            email: \"outbox/\" thanks the holder of an account for each deposit into it, if the account has an e-mail\n\
            address: it writes an .eml file into that directory. email: \"smtp://127.0.0.1:2525\" sends it to a mail\n\
            server, as do smtp://user:password@host?tls=required and smtps://user:password@host; ?from=a@example.org\n\
            says who it is from. Mail servers need a program that was built with the cargo feature smtp.\n\
            Both begin when a bank is first opened with them. Deposits that come while it is open without them are\n\
            made up for when it is opened with them again. Of several programs, the one that was there first acts.\n\
            Replies {:ok, #Bank<memory>}, {:error, :already_open}, {:error, :unsupported_store},\n\
            {:error, :invalid_email_target}, {:error, :invalid_sender}, {:error, :unknown_email_option},\n\
            {:error, :credentials_need_tls} or {:error, :smtp_not_built_in}.\n\
            A file that cannot be opened stays as it is; standard error says what is wrong with it and where:\n\
            {:error, :no_directory}, {:error, :no_file}, {:error, :read_only}, {:error, :disk_full}: mend that first.\n\
            {:error, :not_ours}, {:error, :not_a_bank}: it is the file of something else; name another one.\n\
            {:error, :newer_version}, {:error, :unknown_event}: a newer program has written it; use that one.\n\
            {:error, :busy}: another program, which is named, has held it for more than 5 s; let it go on or end it,\n\
            and try again.\n\
            {:error, :lost_end}: acknowledged events are gone. Open a backup, or with accept_loss: true what is left.\n\
            {:error, :left_over}: the file is gone and its log is not. Put the file back, or remove what is left.\n\
            {:error, :half_imported}: an import has not ended. Import into a new file, or accept_loss: true.\n\
            {:error, :damaged}: it is not as it was written. Open a backup, or import what was exported;\n\
            where the message says so, accept_loss: true opens it as it is.\n\
            {:error, :reserved_name}: the name ends like that of a file beside a bank's. Choose another one.\n\
            {:error, :not_supported}: the file system lacks what a bank needs. Use a directory on another one.\n\
            {:error, :store_failed}: anything else that the system says.",
    },
    Function {
        module: Some("Bank"),
        name: "close",
        group: "Bank",
        parameters: &[],
        aliases: &[],
        summary: "closes the bank",
        example: "Bank.close",
        may_be_busy: false,
        details: "What was sent before is finished first. A bank in memory is gone then; one in a file that no other\n\
            program has open is that file alone, which may be copied, moved and sent.\n\
            Replies :ok, or {:error, :bank_stopped} where its file was moved, removed or replaced meanwhile.",
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
        aliases: &[],
        summary: "says whether replies wait for the whole trace",
        example: "Bank.consistency :eventual",
        may_be_busy: false,
        details: "Under :strong, the default, a command replies when its events are stored and all event handlers\n\
            have seen them, and a question knows all that was acknowledged before, to whatever program. Under\n\
            :eventual a command replies :ok as soon as it is sent: the rest of the trace follows when it happens, and\n\
            a refusal with it. A question is answered as of some position then, which for each list and sum never\n\
            goes back. A bank that is opened is :strong. Replies :ok.",
    },
    Function {
        module: Some("Bank"),
        name: "create",
        group: "Accounts",
        parameters: &[ACCOUNT, HOLDER, PIN, EMAIL],
        aliases: &["create_bank_account"],
        summary: "opens an account",
        example: "Bank.create \"Wolfman\"",
        may_be_busy: true,
        details: stored!(
            "Names have 1 to 64 characters. Bank.create 1, \"Josh\", 1234 says whose it is and sets a PIN of 4 to 12\n\
            digits, which is never shown; email: \"josh@example.org\" where to write to.\n\
            Replies :ok, {:error, :account_exists}, {:error, :invalid_name}, {:error, :invalid_email},\n\
            {:error, :malformed_pin} or {:error, :no_pin_secret}."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "deposit",
        group: "Accounts",
        parameters: &[ACCOUNT, AMOUNT],
        aliases: &["deposit_money_into_bank_account"],
        summary: "pays in",
        example: "Bank.deposit \"Wolfman\", 100",
        may_be_busy: true,
        details: stored!(
            "Amounts are whole numbers from 1 to 1_000_000_000_000_000, and so are balances at the most.\n\
            Replies :ok, {:error, :no_account}, {:error, :invalid_amount} or {:error, :balance_limit}."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "withdraw",
        group: "Accounts",
        parameters: &[ACCOUNT, AMOUNT, PIN],
        aliases: &["withdraw_money_from_bank_account"],
        summary: "pays out",
        example: "Bank.withdraw \"Wolfman\", 50",
        may_be_busy: true,
        details: stored!(
            "The trace shows the balance that the payment would leave. More than there is gets declined: the\n\
            reply is :ok, for the command was handled, and the decline is an event.\n\
            An account with a PIN asks for it: Bank.withdraw 1, 50, 1234. At the prompt, leave it out and you are\n\
            asked for it without showing it. A wrong PIN declines the payment too; three in a row lock the account.\n\
            Replies :ok, {:error, :no_account}, {:error, :invalid_amount}, {:error, :pin_required},\n\
            {:error, :malformed_pin}, {:error, :account_locked} or {:error, :no_pin_secret}."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "transfer",
        group: "Accounts",
        parameters: &[PAYER, PAYEE, AMOUNT, PIN],
        aliases: &[],
        summary: "moves money to another account",
        example: "Bank.transfer \"Wolfman\", \"Dracula\", 25",
        may_be_busy: true,
        details: stored!(
            "The amount is reserved at the payer, credited to the payee, and then settled; when the payee cannot take\n\
            it, it is released. Under :strong the reply comes when the transfer has ended. The payer's PIN is needed\n\
            where there is one.\n\
            Replies :ok, {:error, :no_account}, {:error, :no_payee}, {:error, :account_overdrawn},\n\
            {:error, :same_account}, {:error, :balance_limit}, {:error, :too_many_transfers} or {:error, :invalid_pin},\n\
            and what Bank.withdraw replies about PINs and amounts. {:ok, %{committed: 12, lagging: [\"transfer\"]}}: it is\n\
            stored up to position 12, but those named have not seen it within 5 s; it goes on, see Bank.transfers."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "unlock",
        group: "Accounts",
        parameters: &[ACCOUNT],
        aliases: &[],
        summary: "forgets the wrong PINs that locked an account",
        example: "Bank.unlock 1",
        may_be_busy: true,
        details: stored!("Replies :ok, {:error, :no_account} or {:error, :not_locked}."),
    },
    Function {
        module: Some("Bank"),
        name: "check_balance",
        group: "Accounts",
        parameters: &[ACCOUNT, AT, AS_OF],
        aliases: &[],
        summary: "tells what an account holds",
        example: "Bank.check_balance \"Wolfman\"",
        may_be_busy: true,
        details: asked!(
            "With at: 3 it tells what the account held after the event at position 3, with\n\
            as_of: \"2026-11-20T10:00:00Z\" what it held at that time. Times in a log never go back: where a clock\n\
            was ahead, the events after that have the time it had then until the clock has passed it, and only at:\n\
            tells them apart.\n\
            Replies the balance, such as 50, :no_account, {:error, %{position: 3, problem: \"…\"}} where the log ends\n\
            before at:, or {:error, :behind} where the balances have not come as far as they should within 5 s."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "get_account_list",
        group: "Accounts",
        parameters: &[AT, AS_OF],
        aliases: &[],
        summary: "lists the accounts and their holders",
        example: "Bank.get_account_list",
        may_be_busy: true,
        details: asked!(
            "In order of creation; at: and as_of: list those of a moment, as in Bank.check_balance.\n\
            Replies a list such as [%{id: \"1\", holder: \"Josh\"}]."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "get_total_deposits",
        group: "Accounts",
        parameters: &[AT, AS_OF],
        aliases: &[],
        summary: "tells what the bank holds: the sum of all balances",
        example: "Bank.get_total_deposits",
        may_be_busy: true,
        details: asked!("at: and as_of: tell it of a moment, as in Bank.check_balance. Replies the sum, such as 55."),
    },
    Function {
        module: Some("Bank"),
        name: "statement",
        group: "History",
        parameters: &[ACCOUNT, FROM, LIMIT, AT, AS_OF],
        aliases: &[],
        summary: "lists what happened to an account",
        example: "Bank.statement \"Wolfman\"",
        may_be_busy: true,
        details: asked!(
            "Each event with its date, amount and the balance after it. from: 3 begins at position 3, at: and\n\
            as_of: end it at a moment as in Bank.check_balance, limit: 10 lists 10 lines at the most; 1_000 without."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "transfers",
        group: "History",
        parameters: &[FROM, LIMIT, AT, AS_OF],
        aliases: &[],
        summary: "lists the transfers and how far they have come",
        example: "Bank.transfers",
        may_be_busy: true,
        details: asked!(
            "A transfer is reserved, credited, and then settled or released. from: 3 begins with those that were\n\
            reserved at position 3 or later, limit: 10 lists 10 at the most, 1_000 without; at: and as_of: show them\n\
            as they stood at a moment, as in Bank.check_balance."
        ),
    },
    Function {
        module: Some("Bank"),
        name: "why",
        group: "History",
        parameters: &[ACCOUNT, LIMIT, AT, AS_OF],
        aliases: &[],
        summary: "explains a balance",
        example: "Bank.why \"Wolfman\"",
        may_be_busy: true,
        details: asked!(
            "Every event that moved the balance, the command behind it, and what caused that. limit: 10 lists the\n\
            last 10 at the most, 1_000 without; at: and as_of: explain the balance of a moment, as in\n\
            Bank.check_balance.\n\
            Replies a table, or :no_account."
        ),
    },
];

pub(super) static FUNCTIONS: [Function; 26] = joined(
    &OWN,
    &application_functions! {
        module: "Bank",
        called: "bank",
        thing: "bank",
        stream: ACCOUNT,
        of: "one account",
        mended: "Once\nthat is mended, Bank.close and Bank.open go on.",
        holds: "whether balances and reservations add up to deposits minus withdrawals;",
        imported: "Nobody is thanked\nand no bonus is paid again; a transfer that had not ended goes on.",
        projections: "balances, accounts, deposits and transfers",
    },
);

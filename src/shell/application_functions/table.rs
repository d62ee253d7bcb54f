//! What every application can do, as `help`, completion and the checks of a call see it.

use crate::shell::functions::{Kind, Parameter};

/// The number that a parked event is known by.
pub const NUMBER: Parameter = Parameter::needed("number", Kind::Integer);
/// The path of a file.
pub const FILE: Parameter = Parameter::needed("file", Kind::Text);
/// Where a log ended, as it was noted.
pub const HEAD: Parameter = Parameter::by_name("head", Kind::Text);

/// The functions that every application has, in the words of a domain: a `[Function; 12]`.
///
/// `module` is what stands before the dot, `called` what the application is called in replies such as `bank_closed`, and
/// `thing` what it is the application of, in a sentence; `stream` is the parameter that names a stream, and `of` what it is
/// the stream of. `mended` says how to go on once what has stopped the application is mended, `holds` what
/// [`verify`](crate::engine::application::Application::verify) finds out besides, `imported` what becomes of what was
/// imported, and `projections` what is folded.
#[macro_export]
macro_rules! application_functions {
    (@asked $called:literal, $mended:literal, $details:expr) => {
        concat!(
            $details,
            "\nReplies {:error, :", $called, "_stopped} where the ", $called,
            " could not go on, or its file is gone: standard error says why. ", $mended
        )
    };
    (
        module: $module:literal, called: $called:literal, thing: $thing:literal, stream: $stream:expr, of: $of:literal,
        mended: $mended:literal, holds: $holds:literal, imported: $imported:literal,
        projections: $projections:literal $(,)?
    ) => {{
        use $crate::shell::application_functions::table::{FILE, HEAD, NUMBER};
        use $crate::shell::functions::{Function, Parameter};
        use $crate::shell::table::{FROM, LIMIT};
        [
            Function {
                module: Some($module),
                name: "events",
                group: "History",
                parameters: &[Parameter { optional: true, ..$stream }, FROM, LIMIT],
                aliases: &[],
                summary: concat!("lists the log, or that of ", $of),
                example: concat!($module, ".events from: 1, limit: 10"),
                may_be_busy: true,
                details: "Everything that is stored of each event. from: 3 begins at position 3, limit: 10 lists 10 events at\n\
                    the most; 1_000 without.",
            },
            Function {
                module: Some($module),
                name: "watch",
                group: "History",
                parameters: &[FROM, LIMIT],
                aliases: &[],
                summary: "shows events as they happen, until Ctrl-C",
                example: concat!($module, ".watch"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    "Each event on a line as it comes, also those of other processes that have the same file open; with\n\
                        --json as an object. from: 1 begins with position 1, limit: 10 ends after 10 events. Replies :ok."
                ),
            },
            Function {
                module: Some($module),
                name: "handlers",
                group: "Handlers",
                parameters: &[],
                aliases: &[],
                summary: "shows the event handlers and how they are doing",
                example: concat!($module, ".handlers"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    "For each its checkpoint (the last event it has acknowledged), how far it is behind the log, how often it\n\
                        has tried the next event and when it tries again, how many events it has parked, and its last error."
                ),
            },
            Function {
                module: Some($module),
                name: "parked",
                group: "Handlers",
                parameters: &[],
                aliases: &[],
                summary: "lists the events that handlers have set aside",
                example: concat!($module, ".parked"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    "An event that a handler kept failing on is parked, and the handler goes on with the next."
                ),
            },
            Function {
                module: Some($module),
                name: "retry",
                group: "Handlers",
                parameters: &[NUMBER],
                aliases: &[],
                summary: "calls the handler with a parked event again",
                example: concat!($module, ".retry 4"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    concat!("The number is the one in ", $module, ".parked. Replies :ok, {:error, :failed_again}, {:error, :not_parked} or\n\
                        {:error, :not_running}.")
                ),
            },
            Function {
                module: Some($module),
                name: "skip",
                group: "Handlers",
                parameters: &[NUMBER],
                aliases: &[],
                summary: "gives a parked event up",
                example: concat!($module, ".skip 4"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    "The handler is not called with it any more. Replies :ok, {:error, :not_parked} or\n\
                        {:error, :not_running}."
                ),
            },
            Function {
                module: Some($module),
                name: "head",
                group: "Upkeep",
                parameters: &[],
                aliases: &[],
                summary: "tells where the log ends, to be noted",
                example: concat!($module, ".head"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    concat!("The position of the last event, and the hash that covers it and all before it: in memory, in a file and\n\
                        after an import the same. Noted elsewhere, it is what ", $module, ".verify head: holds the log against.\n\
                        Replies a string such as \"12:5c5efdbdb48ba96a2c5f5b9c2b9b9a34\".")
                ),
            },
            Function {
                module: Some($module),
                name: "verify",
                group: "Upkeep",
                parameters: &[HEAD],
                aliases: &[],
                summary: "reads everything and says whether it fits together",
                example: concat!($module, ".verify"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    concat!("Whether versions have no gaps, positions increase and hashes fit; whether each event can have happened\n\
                        after those before it; ", $holds, " and\n\
                        whether snapshots and stored projections are what the events make of them. With head: \"12:5c5e…\", as\n\
                        ", $module, ".head told it, also whether the log still leads there: one that was rewritten as a whole, or is an\n\
                        older copy of itself, fits together and does not.\n\
                        Replies {:ok, %{events: 12, streams: 3, snapshots: 0}}, or {:error, %{position: 7, problem: \"…\"}} with the\n\
                        first position where something is wrong, nil where that is not in the log itself; {:error, :invalid_head}\n\
                        for what ", $module, ".head cannot have told.")
                ),
            },
            Function {
                module: Some($module),
                name: "backup",
                group: "Upkeep",
                parameters: &[FILE],
                aliases: &[],
                summary: concat!("copies the ", $thing, ", while it is in use, to a file"),
                example: concat!($module, ".backup \"monday.db\""),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    concat!("The copy is the ", $thing, " at one moment, verified and closed: one file that ", $module, ".open opens, and that may be\n\
                        moved and sent. It is new, and only its owner may read it. A ", $thing, " in memory gets a file too.\n\
                        Replies :ok, {:error, :file_exists}, {:error, :file_failed}, {:error, :damaged} where the ", $thing, " itself is,\n\
                        {:error, :reserved_name} for a name such as \"b.db-wal\", or {:error, :left_over} where a file that is gone has left its log beside that name.")
                ),
            },
            Function {
                module: Some($module),
                name: "export",
                group: "Upkeep",
                parameters: &[FILE],
                aliases: &[],
                summary: "writes the log to a file",
                example: concat!($module, ".export \"events.jsonl\""),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    "Each event is a JSON object on a line, with all that is stored of it. The file is new, and only its\n\
                        owner may read it.\n\
                        Replies {:ok, %{events: 12}}, {:error, :file_exists}, {:error, :file_failed}, or {:error, :reserved_name} for a\n\
                        name such as \"b.db-end\"."
                ),
            },
            Function {
                module: Some($module),
                name: "import",
                group: "Upkeep",
                parameters: &[FILE],
                aliases: &[],
                summary: concat!("takes the log of such a file into an empty ", $thing),
                example: concat!($module, ".import \"events.jsonl\""),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    concat!("Times and ids stay as they are. The whole file is checked before anything is stored. ", $imported, "\n\
                        Replies {:ok, %{events: 12}}, {:error, :not_empty}, {:error, :file_failed}, {:error, :open_elsewhere}\n\
                        where another process has opened the ", $thing, " before, or {:error, %{line: 7, problem: \"…\"}} with the first line\n\
                        where something is wrong: then nothing is stored.")
                ),
            },
            Function {
                module: Some($module),
                name: "rebuild",
                group: "Upkeep",
                parameters: &[],
                aliases: &[],
                summary: "folds the projections from the log anew",
                example: concat!($module, ".rebuild"),
                may_be_busy: true,
                details: $crate::shell::application_functions::table::application_functions!(
                    @asked $called, $mended,
                    concat!("What the ", $thing, " has stored of ", $projections, " is dropped and made anew. Until\n\
                        that is done, the ", $thing, " answers from the old ones. Replies {:ok, %{events: 12}}.")
                ),
            },
        ]
    }};
}

pub use application_functions;

//! The errors that functions of any domain may reply, each with its explanation.

use super::error_reason::ErrorReason;

/// Another program holds the file. Nothing was stored, and the call may be repeated.
pub const BUSY: ErrorReason = ErrorReason::new(
    "busy",
    "another program has held the file for more than 5 s, which a message names, or won every conflict: nothing was \
     stored. Try again; if the other program hangs, end it",
);

/// The cluster cannot be reached. Nothing was stored, and the call may be repeated.
pub const UNAVAILABLE: ErrorReason = ErrorReason::new(
    "unavailable",
    "the cluster could not be reached in time, or has no leader: nothing was stored. Try again; standard error says what \
     is missing",
);

/// What only a cluster has was asked of something else.
pub const NOT_ON_A_CLUSTER: ErrorReason = ErrorReason::new(
    "not_on_a_cluster",
    "its log is in memory, as that of a fork is, or in a file: only one on a cluster has servers",
);

/// The answer would be older than one that was given before.
pub const BEHIND: ErrorReason = ErrorReason::new(
    "behind",
    "a projection or handler does not catch up with the log within 5 s: try again; {module}.handlers shows how far it is",
);

/// The program itself is wrong.
pub const DEFECT: ErrorReason =
    ErrorReason::new("defect", "the program itself is wrong: standard error says what; please report it");

/// The store failed.
pub const STORE_FAILED: ErrorReason = ErrorReason::new(
    "store_failed",
    "the file could not be read or written: standard error says why. Repair that and open it again",
);

/// Nobody knows whether a command was stored.
pub const OUTCOME_UNKNOWN: ErrorReason = ErrorReason::new(
    "outcome_unknown",
    "it stopped while storing: standard error names the command, and if it was stored, {module}.events shows events \
     with its command_id. Check before you repeat it",
);

/// A command id was used for another command.
pub const COMMAND_ID_TAKEN: ErrorReason = ErrorReason::new(
    "command_id_taken",
    "another command has this id: send the command again, which gives it a new one",
);

/// A position is not one.
pub const INVALID_POSITION: ErrorReason = ErrorReason::new(
    "invalid_position",
    "a position is a whole number from 1, such as 3: {module}.events shows them. at: 0 is before the first event",
)
.about(&["position", "at", "from", "to"]);

/// A time is not one.
pub const INVALID_TIME: ErrorReason = ErrorReason::new(
    "invalid_time",
    "a time looks like \"2026-11-20T10:00:00Z\", and \"2026-11-20\" is the end of that day, in UTC",
)
.about(&["as_of"]);

/// There are two moments.
pub const TWO_MOMENTS: ErrorReason =
    ErrorReason::new("two_moments", "at: and as_of: both name a moment: give one of them").about(&["at", "as_of"]);

/// A limit is too small or too large.
pub const INVALID_LIMIT: ErrorReason =
    ErrorReason::new("invalid_limit", "a list has from 1 to 100_000 rows").about(&["limit"]);

/// The log ends earlier.
pub const NO_EVENT: ErrorReason =
    ErrorReason::new("no_event", "the log has no event at this position: {module}.events shows those there are")
        .about(&["position"]);

/// The file is there already.
pub const FILE_EXISTS: ErrorReason =
    ErrorReason::new("file_exists", "there is such a file, and it is not written over: choose another name")
        .about(&["file"]);

/// The file cannot be read or written.
pub const FILE_FAILED: ErrorReason =
    ErrorReason::new("file_failed", "the file cannot be read or written: standard error says why").about(&["file"]);

/// The name of a file is empty.
pub const NO_FILE_NAME: ErrorReason =
    ErrorReason::new("no_file_name", "this names no file: write its name between the quotes")
        .about(&["file", "lesson"]);

/// The name is that of a companion.
pub const RESERVED_NAME: ErrorReason = ErrorReason::new(
    "reserved_name",
    "names that end in -wal, -shm, -end and the like belong to the companions of a file: choose another name",
)
.about(&["file", "url"]);

/// Companions of a removed file are left.
pub const LEFT_OVER: ErrorReason = ErrorReason::new(
    "left_over",
    "the file is missing, but its write-ahead log is not: put the file back, or remove what standard error names",
)
.about(&["file", "url"]);

/// The file is not as it was written.
pub const DAMAGED: ErrorReason = ErrorReason::new(
    "damaged",
    "the file is not as it was written: open a backup, or import an exported log; if the message says so, accept_loss: \
     true opens it as it is",
)
.about(&["url"]);

/// Another program has the file open.
pub const OPEN_ELSEWHERE: ErrorReason =
    ErrorReason::new("open_elsewhere", "another program has it open: close it there, and try again");

/// Only an empty log can import events.
pub const IMPORT_INTO_EVENTS: ErrorReason = ErrorReason::new(
    "not_empty",
    "events are imported into an empty store only: open a new file, and import into that",
);

/// There is no such fork.
pub const NO_FORK: ErrorReason =
    ErrorReason::new("no_fork", "there is no fork of this name, and main is not a fork: {module}.forks lists them")
        .about(&["fork"]);

/// The name is taken.
pub const FORK_EXISTS: ErrorReason = ErrorReason::new(
    "fork_exists",
    "there is a fork of this name: choose another one, or drop that one with {module}.drop",
)
.about(&["name"]);

/// The name is not one.
pub const INVALID_FORK_NAME: ErrorReason = ErrorReason::new(
    "invalid_fork_name",
    "a fork has a name of 1 to 64 printable characters that looks like no other, and main is where it comes from",
)
.about(&["name"]);

/// There are too many forks.
pub const TOO_MANY_FORKS: ErrorReason =
    ErrorReason::new("too_many_forks", "there may be 64 forks at once: {module}.drop ends one");

/// The fork is current.
pub const FORK_IN_USE: ErrorReason =
    ErrorReason::new("fork_in_use", "statements go to this fork: {module}.switch \"main\" leaves it").about(&["fork"]);

/// There is nothing to compare with.
pub const WHICH_FORK: ErrorReason = ErrorReason::new(
    "which_fork",
    "two histories are compared, this one and another: name that, as {module}.forks shows it",
)
.about(&["fork"]);

/// No event is parked under the number.
pub const NOT_PARKED: ErrorReason =
    ErrorReason::new("not_parked", "no event is parked under this number: {module}.parked lists those that are")
        .about(&["number"]);

/// The handler failed again.
pub const FAILED_AGAIN: ErrorReason = ErrorReason::new(
    "failed_again",
    "the handler failed on the event again, and it stays parked: {module}.parked shows why",
)
.about(&["number"]);

/// The handlers run in another program, or have stopped.
pub const NOT_RUNNING: ErrorReason = ErrorReason::new(
    "not_running",
    "it does not run in this program: it has stopped, or another program on the same store runs it",
);

/// The handler was made to crash.
pub const CRASHED: ErrorReason = ErrorReason::new(
    "crashed",
    "it has crashed: {module}.mend lets it begin again, with the event that it has not acknowledged",
);

/// No handler has this name.
pub const NO_HANDLER: ErrorReason =
    ErrorReason::new("no_handler", "there is no handler of this name: {module}.handlers lists them")
        .about(&["handler", "place"]);

/// The handler is not held.
pub const NOT_HELD: ErrorReason =
    ErrorReason::new("not_held", "the handler is not held: {module}.hold holds it, and alone lists those that are")
        .about(&["handler"]);

/// There is no event to step to.
pub const NOTHING_LEFT: ErrorReason =
    ErrorReason::new("nothing_left", "the handler has had every event that it wants").about(&["handler"]);

/// The handler has not dealt with its event yet.
pub const STILL_BUSY: ErrorReason = ErrorReason::new(
    "still_busy",
    "the handler has not dealt with its event within 5 s, and goes on with it: {module}.handlers shows when it tries again",
)
.about(&["handler"]);

/// The number of events of a step is none.
pub const INVALID_STEP: ErrorReason =
    ErrorReason::new("invalid_step", "a step has from 1 to 100_000 events").about(&["events"]);

/// A fault does not fit a place.
pub const DOES_NOT_FIT: ErrorReason = ErrorReason::new(
    "does_not_fit",
    "this cannot go wrong there: a projection has :panic, :delay and :duplicate, any other handler :fail and :crash too, and \
     the \"event store\" :conflict, :disk_full and :delay",
)
.about(&["place", "fault"]);

/// An option belongs to another fault.
pub const OTHER_FAULT: ErrorReason = ErrorReason::new(
    "other_fault",
    "times: belongs to :fail, ms: to :delay and before: to :crash: leave it out, or break it like that",
)
.about(&["fault", "times", "ms", "before"]);

/// How often a handler is to fail.
pub const INVALID_TIMES: ErrorReason =
    ErrorReason::new("invalid_times", "an event fails from 1 to 1_000 times").about(&["times"]);

/// How long something is to take.
pub const INVALID_DELAY: ErrorReason =
    ErrorReason::new("invalid_delay", "a delay has from 1 to 60_000 ms").about(&["ms", "retry_delay"]);

/// A head is not one.
pub const INVALID_HEAD: ErrorReason =
    ErrorReason::new("invalid_head", "a head looks like \"12:5c5efdbd…\", as {module}.head showed it").about(&["head"]);

/// What `at:` and `as_of:` may lead to.
pub const OF_MOMENTS: [ErrorReason; 3] = [INVALID_POSITION, INVALID_TIME, TWO_MOMENTS];

/// What `from:` and `limit:` may lead to.
pub const OF_PAGES: [ErrorReason; 2] = [INVALID_POSITION, INVALID_LIMIT];

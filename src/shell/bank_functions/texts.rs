//! Help texts that many of the bank's functions share.

/// Details that end with the replies of every function of an open bank.
macro_rules! asked {
    ($details:literal) => {
        concat!(
            $details,
            "\nReplies {:error, :bank_stopped} if the bank has stopped, or its file is gone: standard error says why. \
             Once\nthat is repaired, Bank.close and Bank.open start it again."
        )
    };
}

/// The same for a function that stores events.
macro_rules! stored {
    ($details:literal) => {
        concat!(asked!($details), "\nReplies {:error, :outcome_unknown} if the bank stopped while storing: standard error names the \
             command, and\nif it was stored, Bank.events shows events with its command_id. Check before you repeat it.")
    };
}

pub(super) use {asked, stored};

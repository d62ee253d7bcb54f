//! What help says of many of the bank's functions.

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

pub(super) use {asked, stored};

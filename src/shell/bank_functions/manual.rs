//! What the shell says of the bank beside its functions.

use crate::shell::functions::Manual;
use crate::shell::help::shell_functions;

pub(super) static MANUAL: Manual = Manual {
    name: "bank",
    named: "Wolfman",
    function: "Bank.open",
    call: "Bank.deposit(\"Wolfman\", 100)",
    notes: "
  The integer 1 and the string \"1\" name the same account.

Replies
  Besides its own, every function replies {:error, :bank_not_open} where no bank is open, and one that takes
  an account {:error, :invalid_name} for what cannot be a name.",
    shell_functions: shell_functions("help Bank.deposit"),
};

//! The bank's manual: its name, its examples, and the notes at the end of `help`.

use crate::shell::functions::Manual;
use crate::shell::help::shell_functions;

pub(super) static MANUAL: Manual = Manual {
    name: "bank",
    named: "Wolfman",
    function: "Bank.open",
    call: "Bank.deposit(\"Wolfman\", 100)",
    notes: "
  The integer 1 and the string \"1\" name the same account, and so do the atom :wolfman and \"wolfman\".
  A malformed argument of the right kind is a reply as any other, such as {:error, :no_decimals}: a script goes
  on after it.",
    shell_functions: shell_functions("help Bank.deposit", "try Bank.deposit \"Wolfman\", 100"),
};

//! How a program describes itself to its user.

/// A program as its user sees it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// The placeholder after `--store` in the help text, and what the flag is for.
    pub store: (&'static str, &'static str),
    /// What the program runs, as the help text names it: `bank`.
    pub domain: &'static str,
    /// A refusal that its functions may reply, as an example for the help text.
    pub example_refusal: &'static str,
    /// The statement after which trace lines may follow a reply; `None` where they never do.
    pub late_trace_after: Option<&'static str>,
    /// Command lines to try, for the end of the help text: indented lines, each with what it does.
    pub examples: &'static str,
    /// The environment variables it reads, for the help text: lines that begin with a newline, or nothing.
    pub environment: &'static str,
    /// The name of its history file in the user's state directory.
    pub history: &'static str,
}

//! What a program says of itself.

/// A program as its user sees it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// How it is called.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// What follows `--store` on the command line, and what it is for.
    pub store: (&'static str, &'static str),
    /// What it is that is kept in the store.
    pub kept: &'static str,
    /// A refusal that its functions may reply.
    pub refusal: &'static str,
    /// When something may happen after its statement was answered; `None` where nothing ever does.
    pub late: Option<&'static str>,
    /// What else it looks for in its environment: lines that begin with a newline, or nothing.
    pub environment: &'static str,
    /// The file that statements are kept in for recall, in the user's state directory.
    pub history: &'static str,
}

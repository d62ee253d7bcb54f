//! Where the ids of a command come from: from here, and then it is a new one, or from whoever sends it.

use crate::engine::log::Metadata;

/// A conversation that begins here: its ids are new ones, and no command has been sent under them yet.
#[derive(Debug)]
pub struct Conversation {
    metadata: Metadata,
}

impl Conversation {
    pub(in crate::engine) fn begun_by(metadata: Metadata) -> Self {
        Self { metadata }
    }

    /// The ids under which the command and all it causes will be known.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// Where the ids of a command come from.
///
/// A [`Conversation`] begins with a new command, for which nothing is looked up. [`Metadata`] are from outside: their
/// command may have been sent before.
#[derive(Clone, Debug)]
pub enum Origin {
    /// They were made here, and nothing was sent under them.
    Here(Metadata),
    /// Whoever sends the command has chosen its id, and may have sent it before.
    Outside(Metadata),
}

impl Origin {
    /// The ids, wherever they are from.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Here(metadata) | Self::Outside(metadata) => metadata,
        }
    }
}

impl From<Conversation> for Origin {
    fn from(conversation: Conversation) -> Self {
        Self::Here(conversation.metadata)
    }
}

impl From<Metadata> for Origin {
    fn from(metadata: Metadata) -> Self {
        Self::Outside(metadata)
    }
}

//! The origin of a command's ids: this process, or the sender outside.

use crate::engine::log::Metadata;

/// A new conversation. Its ids are new, so its command cannot be a duplicate.
#[derive(Debug)]
pub struct Conversation {
    metadata: Metadata,
}

impl Conversation {
    pub(in crate::engine) fn begun_by(metadata: Metadata) -> Self {
        Self { metadata }
    }

    /// The ids for the command and everything it causes.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// The origin of a command's ids.
///
/// A [`Conversation`] has new ids, and its command needs no lookup. [`Metadata`] has ids from outside, and its command may be
/// a duplicate.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Made in this process, and used for no command yet.
    Here(Metadata),
    /// Chosen by the sender, who may have sent the command before.
    Outside(Metadata),
}

impl Origin {
    /// The ids.
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

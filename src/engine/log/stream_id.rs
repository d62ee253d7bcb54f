//! The name of a stream.

use std::fmt;

use arcstr::ArcStr;
use serde::{Serialize, Serializer};

/// The name of a stream: the ordered events of one aggregate, for instance `account-Wolfman`.
///
/// Cheap to clone; all events of a stream share one name. One word, because every event carries it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(ArcStr);

impl StreamId {
    /// The stream of the aggregate `id` in a category such as `account`.
    pub fn new(category: &str, id: &impl fmt::Display) -> Self {
        Self(format!("{category}-{id}").into())
    }

    /// A stream by its full name, as stored.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// Whether this is the stream of an aggregate: the same as [`StreamId::new`] makes, without making it.
    pub fn is_of(&self, category: &str, id: &str) -> bool {
        let rest = self.0.strip_prefix(category).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|rest| rest == id)
    }

    /// The full name, including the category.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_of_the_aggregate_that_it_is_named_after() {
        let stream = StreamId::new("order", &"a-b");
        assert!(stream.is_of("order", "a-b") && StreamId::new("order", &"").is_of("order", ""));
        for (category, id) in [("order", "b"), ("order-a", "b-"), ("order", "-a-b"), ("ord", "er-a-b"), ("", "")] {
            assert!(!stream.is_of(category, id), "{category} {id}");
        }
        assert!(stream.is_of("order-a", "b"), "a name alone does not tell where its category ends");
    }
}

//! What happens in a domain, and how older forms of it are read.

use std::fmt;

use serde_json::Value;

/// A fact of some domain, in the past tense. Never changed, never deleted.
///
/// One that derives `Serialize` and `Deserialize` [is stored](crate::engine::store::codec) without more.
pub trait DomainEvent: fmt::Debug + Clone + Send + Sync + 'static {
    /// What events of this type are about, in a word that takes an article: `bank`, for instance. A file that was made
    /// for one domain is not opened for another. It never changes.
    const DOMAIN: &'static str = "domain";

    /// The name the event is stored under. It outlives the Rust type, so it never changes.
    fn event_type(&self) -> &'static str;

    /// The event as people see it, for instance `Money Deposited`: its type, unless it says otherwise.
    fn title(&self) -> &'static str {
        self.event_type()
    }

    /// How data of an older form are brought to the next: what makes of those of `schema_version` those of the version
    /// after it. `None` for the form of today.
    ///
    /// This is the one place that knows of older forms. An event whose form changes gets one more step here, and all
    /// that was stored is read through the steps that follow its own form. No step ever changes again.
    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        let _ = (event_type, schema_version);
        None
    }
}

/// Makes data of one form those of the next. Pure and total: data that are broken stay broken.
pub type Upcast = fn(Value) -> Value;

/// The form of today of a type of events: one more than there are steps to it.
pub(crate) fn current_version<E: DomainEvent>(event_type: &str) -> u16 {
    (1..u16::MAX).find(|version| E::upcast(event_type, *version).is_none()).unwrap_or(u16::MAX)
}

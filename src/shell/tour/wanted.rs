//! A check as a file of lessons says it: one of several kinds, each with fields of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::checks::{Check, Condition, Open};
use super::evidence::CallEnd;
use super::found::EventCheck;
use super::position::NamedEvent;

/// A check in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    event: Option<String>,
    stream: Option<String>,
    count: Option<u32>,
    data: Option<BTreeMap<String, Value>>,
    conversation: Option<Conversation>,
    handler: Option<String>,
    is: Option<Condition>,
    broken: Option<String>,
    asks: Option<Spanned<String>>,
    reply: Option<String>,
    called: Option<Spanned<String>>,
    refused: Option<String>,
    forks: Option<u32>,
    #[serde(rename = "in")]
    history: Option<String>,
    open: Option<Open>,
    restarted: Option<bool>,
    crashed: Option<bool>,
}

/// What a field of an event's data is to say.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a string, a whole number, true or false")]
enum Value {
    Text(String),
    Number(i64),
    Truth(bool),
}

/// Which conversation an event is to be of.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Conversation {
    Same,
}

impl Wanted {
    /// The place of the statement or the function that it names.
    pub(super) fn place_of_call(&self) -> Option<Range<usize>> {
        self.asks.as_ref().or(self.called.as_ref()).map(Spanned::span)
    }

    /// The check that is meant, or why it cannot be told. `before` is the check before it.
    pub(super) fn into_check(mut self, before: Option<&Check>) -> Result<Check, String> {
        self.check_parts()?;
        let event = self.event_check(before)?;
        let handler = self.handler_check()?;
        let Self { broken, asks, reply, called, refused, forks, history, open, restarted, crashed, .. } = self;
        let only_true = |is_so: bool, name: &str, check: Check| match is_so {
            true => Ok(check),
            false => Err(format!("{name} can only be true")),
        };
        let mut found = [
            event.map(Ok),
            handler.map(Ok),
            broken.map(|place| Ok(Check::Broken(place))),
            asks.map(|to| {
                let to = to.into_inner();
                let is = reply.ok_or_else(|| format!("say what is replied to {to}: reply = \"50\""))?;
                Ok(Check::Reply { to, is })
            }),
            called.map(|function| Ok(Check::Call(CallEnd::Done(function.into_inner())))),
            refused.map(|reason| Ok(Check::Call(CallEnd::Refused(reason.trim_start_matches(':').to_owned())))),
            forks.map(|count| Ok(Check::Forks(count))),
            history.map(|name| Ok(Check::In(name))),
            open.map(|open| Ok(Check::Open(open))),
            restarted.map(|is_so| only_true(is_so, "restarted", Check::Restarted)),
            crashed.map(|is_so| only_true(is_so, "crashed", Check::Crashed)),
        ]
        .into_iter()
        .flatten();
        match (found.next(), found.next()) {
            (Some(check), None) => check,
            _ => Err("a check has one of event, handler, broken, asks, called, refused, forks, in, open, restarted and crashed"
                .to_owned()),
        }
    }

    /// Checks that no part is there without what it belongs to.
    fn check_parts(&self) -> Result<(), String> {
        let belongs = |is_given: bool, part: &str, to: &str| match is_given {
            true => Err(format!("{part} belongs to {to}, which is missing here")),
            false => Ok(()),
        };
        if self.event.is_none() {
            belongs(self.stream.is_some(), "stream", "event")?;
            belongs(self.count.is_some(), "count", "event")?;
            belongs(self.data.is_some(), "data", "event")?;
            belongs(self.conversation.is_some(), "conversation", "event")?;
        }
        belongs(self.is.is_some() && self.handler.is_none(), "is", "handler")?;
        belongs(self.reply.is_some() && self.asks.is_none(), "reply", "asks")
    }

    /// The check of events, with the parts that belong to it, if this is one.
    fn event_check(&mut self, before: Option<&Check>) -> Result<Option<Check>, String> {
        if self.handler.is_some() {
            return Ok(None);
        }
        let Some(event) = self.event.take() else { return Ok(None) };
        let is_of_the_same = self.conversation == Some(Conversation::Same);
        if is_of_the_same && !before.is_some_and(Check::finds_events) {
            return Err(
                "conversation = \"same\" is that of the check before, which is to be one of an event, or of a handler \
                        that is \"retrying\", \"parked\" or \"crashed\""
                    .to_owned(),
            );
        }
        let text = |value: Value| match value {
            Value::Text(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Truth(truth) => truth.to_string(),
        };
        let data = self.data.take().unwrap_or_default();
        Ok(Some(Check::Event(EventCheck {
            event: NamedEvent { event, stream: self.stream.take() },
            count: self.count.unwrap_or(1),
            data: data.into_iter().map(|(field, value)| (field, text(value))).collect(),
            is_of_the_same,
            history: self.history.take(),
        })))
    }

    /// The check of a handler, with the event that belongs to it, if this is one.
    fn handler_check(&mut self) -> Result<Option<Check>, String> {
        let Some(name) = self.handler.take() else { return Ok(None) };
        let is = self.is.ok_or_else(|| format!("say how the handler {name:?} is: is = \"held\""))?;
        let stream = self.stream.take();
        let at = self.event.take().map(|event| NamedEvent { event, stream });
        if at.is_some() && !is.may_name_event() {
            return Err("beside event, a handler is \"behind\", \"retrying\", \"parked\" or \"crashed\"".to_owned());
        }
        if self.count.is_some() || self.data.is_some() || self.conversation.is_some() {
            return Err("count, data and conversation belong to an event without a handler".to_owned());
        }
        Ok(Some(Check::Handler { name, is, at }))
    }
}

//! A check as a file of lessons says it: one of several kinds, each with fields of its own.

use serde::Deserialize;

use super::checks::{Check, Condition, Open};
use super::position::NamedEvent;

/// A check in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    event: Option<String>,
    stream: Option<String>,
    count: Option<u32>,
    handler: Option<String>,
    is: Option<Condition>,
    broken: Option<String>,
    asks: Option<String>,
    reply: Option<String>,
    forks: Option<u32>,
    #[serde(rename = "in")]
    history: Option<String>,
    open: Option<Open>,
    restarted: Option<bool>,
    crashed: Option<bool>,
}

impl Wanted {
    /// The check that is meant, or why it cannot be told.
    pub(super) fn into_check(self) -> Result<Check, String> {
        let Self { event, stream, count, handler, is, broken, asks, reply, forks, history, open, restarted, crashed } =
            self;
        let only_true = |is_so: bool, name: &str, check: Check| match is_so {
            true => Ok(check),
            false => Err(format!("{name} can only be true")),
        };
        let belongs = |is_given: bool, part: &str, to: &str| match is_given {
            true => Err(format!("{part} belongs to {to}, which is missing here")),
            false => Ok(()),
        };
        if event.is_none() {
            belongs(stream.is_some(), "stream", "event")?;
            belongs(count.is_some(), "count", "event")?;
        }
        belongs(is.is_some() && handler.is_none(), "is", "handler")?;
        belongs(reply.is_some() && asks.is_none(), "reply", "asks")?;
        let mut found = [
            event.map(|event| Ok(Check::Event { event: NamedEvent { event, stream }, count: count.unwrap_or(1) })),
            handler.map(|name| {
                let is = is.ok_or_else(|| format!("say how the handler {name:?} is: is = \"held\""))?;
                Ok(Check::Handler { name, is })
            }),
            broken.map(|place| Ok(Check::Broken(place))),
            asks.map(|to| {
                let is = reply.ok_or_else(|| format!("say what is replied to {to}: reply = \"50\""))?;
                Ok(Check::Reply { to, is })
            }),
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
            _ => {
                Err("a check has one of event, handler, broken, asks, forks, in, open, restarted and crashed"
                    .to_owned())
            }
        }
    }
}

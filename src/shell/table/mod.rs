//! Tables that fit the terminal: times and ids are shortened to what differs, texts are cut, numbers never.
//!
//! What has no room beside the rest goes below its row. In JSON, in a pipe and with `wide: true` a table is as wide as it
//! is.

mod data;
mod distinct;
mod layout;

#[cfg(test)]
pub(super) use self::layout::SHORT_HEADINGS;
pub(super) use self::layout::fitted;

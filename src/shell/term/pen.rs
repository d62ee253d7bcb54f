//! What trees and charts are drawn with.

/// The characters of lines and blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) struct Pen {
    /// Before the last node below another.
    pub(super) last: &'static str,
    /// Before any other.
    pub(super) other: &'static str,
    /// Beside what is below that.
    pub(super) beside: &'static str,
    pub(super) arrow: &'static str,
    /// Parts of a column, from the least to the whole.
    pub(super) blocks: &'static [&'static str],
    pub(super) axis: &'static str,
}

/// Of any terminal that has Unicode.
pub(in crate::shell) const UNICODE: Pen = Pen {
    last: "└ ",
    other: "├ ",
    beside: "│ ",
    arrow: "→",
    blocks: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    axis: "│",
};

/// Of any terminal.
pub(in crate::shell) const ASCII: Pen =
    Pen { last: "`-", other: "|-", beside: "| ", arrow: "->", blocks: &["#"], axis: "|" };

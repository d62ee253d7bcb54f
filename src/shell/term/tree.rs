//! Trees: what led to what, drawn with lines.

use std::fmt;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use unicode_width::UnicodeWidthStr as _;

use super::{Pen, Term, UNICODE};
use crate::shell::escape;
use crate::shell::wrapping::wrapped;

/// Nodes below each other, and what ends them.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The nodes that nothing led to.
    pub roots: Vec<TreeNode>,
    /// For what was only tried, the reply that it would have had.
    pub tried: Option<Box<Term>>,
}

/// A node, and what it led to.
#[derive(Clone, Debug)]
pub struct TreeNode {
    /// What is shown: a line, in which `→` is drawn as the terminal can.
    pub text: String,
    /// The same for programs, by name.
    pub fields: Vec<(&'static str, Term)>,
    /// What it led to, in order.
    pub led_to: Vec<TreeNode>,
}

/// However deep a tree is, its texts keep this much room.
const LEAST_ROOM: usize = 16;

impl Tree {
    /// The tree in lines, which are wrapped at a width.
    pub(in crate::shell) fn drawn(&self, pen: Pen, width: Option<usize>) -> String {
        let mut lines = Vec::new();
        for root in &self.roots {
            root.draw(pen, width, ["", ""], &mut lines);
        }
        if let Some(reply) = &self.tried {
            let line = format!("{reply}, and nothing was stored");
            lines.push(width.map_or_else(|| line.clone(), |width| wrapped(&line, width)));
        }
        lines.join("\n")
    }
}

impl TreeNode {
    /// Draws the node behind a prefix, and its further lines behind another.
    fn draw(&self, pen: Pen, width: Option<usize>, [first, further]: [&str; 2], lines: &mut Vec<String>) {
        let text = escape::line(&self.text).replace('→', pen.arrow);
        let text = match width {
            Some(width) => wrapped(&text, width.saturating_sub(first.width()).max(LEAST_ROOM)),
            None => text,
        };
        let beside = if self.led_to.is_empty() { "  " } else { pen.beside };
        for (number, line) in text.lines().enumerate() {
            lines.push(match number {
                0 => format!("{first}{line}"),
                _ => format!("{further}{beside}{line}"),
            });
        }
        for (index, node) in self.led_to.iter().enumerate() {
            let is_last = index + 1 == self.led_to.len();
            let (joint, below) = if is_last { (pen.last, "  ") } else { (pen.other, pen.beside) };
            node.draw(pen, width, [&format!("{further}{joint}"), &format!("{further}{below}")], lines);
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.drawn(UNICODE, None))
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.tried {
            None => serializer.collect_seq(&self.roots),
            Some(reply) => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("tried", &self.roots)?;
                map.serialize_entry("reply", reply)?;
                map.serialize_entry("stored", &false)?;
                map.end()
            }
        }
    }
}

impl Serialize for TreeNode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        if !self.led_to.is_empty() {
            map.serialize_entry("led_to", &self.led_to)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::term::ASCII;

    fn node(text: &str, led_to: Vec<TreeNode>) -> TreeNode {
        TreeNode { text: text.to_owned(), fields: vec![("text", Term::String(text.to_owned()))], led_to }
    }

    fn tree() -> Tree {
        let inner = node("b (1 → 2)", vec![node("c", Vec::new()), node("d", vec![node("e", Vec::new())])]);
        Tree { roots: vec![node("a", vec![inner, node("f", Vec::new())])], tried: Some(Box::new(Term::OK)) }
    }

    #[test]
    fn a_tree_is_drawn_as_the_terminal_can() {
        let lines = ["a", "├ b (1 → 2)", "│ ├ c", "│ └ d", "│   └ e", "└ f", ":ok, and nothing was stored"];
        assert_eq!(tree().to_string(), lines.join("\n"));
        let lines = ["a", "|-b (1 -> 2)", "| |-c", "| `-d", "|   `-e", "`-f", ":ok, and nothing was stored"];
        assert_eq!(tree().drawn(ASCII, None), lines.join("\n"));
    }

    #[test]
    fn what_is_too_long_goes_on_beside_what_follows() {
        let long = node("a word and another word", vec![node("b", Vec::new())]);
        let tree = Tree { roots: vec![node("x", vec![long, node("c", Vec::new())])], tried: None };
        assert_eq!(tree.drawn(UNICODE, Some(20)), "x\n├ a word and another\n│ │ word\n│ └ b\n└ c");
    }

    #[test]
    fn programs_get_names_and_values() {
        let json = serde_json::to_string(&tree()).unwrap();
        assert!(
            json.starts_with(r#"{"tried":[{"text":"a","led_to":[{"text":"b (1 → 2)","led_to":[{"text":"c"},"#),
            "{json}"
        );
        assert!(json.ends_with(r#""reply":"ok","stored":false}"#), "{json}");
    }
}

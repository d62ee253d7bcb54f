//! Charts: a value over time, in columns.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use unicode_width::UnicodeWidthStr as _;

use super::{Pen, Term};

/// A value over time.
#[derive(Clone, Debug)]
pub struct Chart {
    /// In the order of their times. Not empty.
    pub points: Vec<ChartPoint>,
    /// What the value is called: `balance`.
    pub what: &'static str,
    /// Zero, as values are shown.
    pub zero: Term,
}

/// The value from a time on.
#[derive(Clone, Debug)]
pub struct ChartPoint {
    /// The position of the event that led to it.
    pub position: u64,
    /// Its time, in microseconds since 1970.
    pub micros: i64,
    /// The same as text.
    pub time: String,
    /// The value.
    pub value: i64,
    /// The same as it is shown.
    pub shown: Term,
}

/// Lines of a chart.
const HEIGHT: usize = 8;
/// Columns of a chart where there is room.
const WIDEST: usize = 60;
/// No chart has fewer.
const NARROWEST: usize = 8;

impl Chart {
    /// The chart in lines no wider than this.
    pub(in crate::shell) fn drawn(&self, pen: Pen, width: Option<usize>) -> String {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return String::new() };
        let (low, high) = self.extremes();
        let full = (HEIGHT * pen.blocks.len()) as i128;
        let span = i128::from(high) - i128::from(low);
        // The lowest value is a line too.
        let level = |value: i64| ((i128::from(value) - i128::from(low)) * full).checked_div(span).unwrap_or(1).max(1);
        let labels = self.labels(low, high, level(0), full);
        let margin = labels.iter().map(|label| label.width()).max().unwrap_or(0);
        let room = width.map_or(WIDEST, |width| width.saturating_sub(margin + 1 + pen.axis.width()));
        let columns = self.columns(room.clamp(NARROWEST, WIDEST));
        let (blocks, steps) = (pen.blocks, pen.blocks.len() as i128);
        let mut lines = Vec::new();
        for (line, label) in labels.iter().enumerate() {
            let below = (labels.len() - 1 - line) as i128 * steps;
            let cells = columns.iter().map(|value| {
                let Some(value) = value else { return " " };
                match level(*value) - below {
                    ..=0 => " ",
                    part => blocks[usize::try_from(part.min(steps) - 1).unwrap_or(0)],
                }
            });
            let cells: String = cells.collect();
            let padding = " ".repeat(margin - label.width());
            lines.push(format!("{padding}{label} {}{cells}", pen.axis).trim_end().to_owned());
        }
        let times = [first, last].map(|point| point.time.as_str());
        let indent = " ".repeat(margin + 1 + pen.axis.width());
        let between = columns.len().saturating_sub(times[0].width() + times[1].width());
        match width.is_none_or(|width| indent.len() + times[0].width() + between.max(1) + times[1].width() <= width) {
            true => lines.push(format!("{indent}{}{}{}", times[0], " ".repeat(between.max(1)), times[1])),
            false => lines.extend(times.map(str::to_owned)),
        }
        lines.join("\n")
    }

    /// What stands before each line: the greatest value, the least, and zero where it lies between them. Where there is
    /// nothing but zero, one line is enough.
    fn labels(&self, low: i64, high: i64, zero: i128, full: i128) -> Vec<String> {
        if low == high {
            return vec![self.shown(high)];
        }
        let mut labels = vec![String::new(); HEIGHT];
        labels[0] = self.shown(high);
        labels[HEIGHT - 1] = self.shown(low);
        let line = usize::try_from((full - zero) * HEIGHT as i128 / full).unwrap_or(0).min(HEIGHT - 1);
        if labels[line].is_empty() {
            labels[line] = self.shown(0);
        }
        labels
    }

    /// The least and the greatest value, zero included.
    fn extremes(&self) -> (i64, i64) {
        self.points.iter().fold((0, 0), |(low, high), point| (low.min(point.value), high.max(point.value)))
    }

    fn shown(&self, value: i64) -> String {
        let point = self.points.iter().find(|point| point.value == value);
        point.map_or(&self.zero, |point| &point.shown).to_string()
    }

    /// The value at the end of each column.
    fn columns(&self, count: usize) -> Vec<Option<i64>> {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return Vec::new() };
        let span = i128::from(last.micros) - i128::from(first.micros);
        let place = |index: usize, point: &ChartPoint| {
            let (part, whole) = match span {
                0 => (index as i128, (self.points.len() - 1) as i128),
                span => (i128::from(point.micros) - i128::from(first.micros), span),
            };
            let place = (part * (count as i128 - 1)).checked_div(whole).unwrap_or(0);
            usize::try_from(place).unwrap_or(0).min(count - 1)
        };
        let mut columns = vec![None; count];
        for (index, point) in self.points.iter().enumerate() {
            columns[place(index, point)] = Some(point.value);
        }
        let mut last = None;
        for column in &mut columns {
            last = column.or(last);
            *column = last;
        }
        columns
    }
}

impl Serialize for Chart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Point<'a>(&'static str, &'a ChartPoint);
        impl Serialize for Point<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let Self(what, point) = self;
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("position", &point.position)?;
                map.serialize_entry("time", &point.time)?;
                map.serialize_entry(what, &point.shown)?;
                map.end()
            }
        }
        serializer.collect_seq(self.points.iter().map(|point| Point(self.what, point)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::term::ASCII;

    fn chart(values: &[(i64, i64)]) -> Chart {
        let point = |(index, (micros, value)): (usize, &(i64, i64))| ChartPoint {
            position: index as u64 + 1,
            micros: *micros,
            time: format!("t{micros}"),
            value: *value,
            shown: Term::Integer((*value).into()),
        };
        Chart { points: values.iter().enumerate().map(point).collect(), what: "balance", zero: Term::Integer(0) }
    }

    #[test]
    fn a_value_is_drawn_over_its_time() {
        let chart = chart(&[(0, 0), (10, 80), (20, 40), (30, 60)]);
        let lines = [
            "80 |   ####",
            "   |   ####",
            "   |   ####    #",
            "   |   ####    #",
            "   |   #########",
            "   |   #########",
            "   |   #########",
            " 0 |############",
            "    t0       t30",
        ];
        assert_eq!(chart.drawn(ASCII, Some(16)), lines.join("\n"));
    }

    #[test]
    fn one_value_and_values_below_zero_are_drawn_too() {
        assert_eq!(chart(&[(5, 0)]).drawn(ASCII, Some(12)), "0 |#########\n   t5     t5");
        let lines = [
            " 60 |        #",
            "    |        #",
            "    |        #",
            "    |        #",
            "    |        #",
            "    |        #",
            "  0 |#       #",
            "-20 |#########",
            "     t0     t9",
        ];
        assert_eq!(chart(&[(0, 0), (2, -20), (9, 60)]).drawn(ASCII, Some(14)), lines.join("\n"));
    }

    #[test]
    fn programs_get_the_points() {
        let json = serde_json::to_string(&chart(&[(0, 5)])).unwrap();
        assert_eq!(json, r#"[{"position":1,"time":"t0","balance":5}]"#);
    }
}

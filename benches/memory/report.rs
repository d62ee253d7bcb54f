//! Numbers as people read them: aligned tables, and for each bar whether it was met.

use std::time::Duration;

/// The time of one command, in nanoseconds.
pub(crate) fn nanoseconds_each(elapsed: Duration, commands: usize) -> f64 {
    elapsed.as_nanos() as f64 / commands as f64
}

/// How many there are in a second.
pub(crate) fn per_second(nanoseconds_each: f64) -> f64 {
    1e9 / nanoseconds_each
}

/// A whole number with separators: `1,234,567`.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Prints rows under their titles. The first column is aligned to the left, the others, numbers, to the right.
pub(crate) fn print_table<const COLUMNS: usize>(titles: [&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    let titles = titles.map(str::to_owned);
    let lines = || std::iter::once(&titles).chain(rows);
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|column| lines().map(|line| line[column].chars().count()).max().unwrap_or(0));
    for line in lines() {
        let cells = line.iter().zip(widths).enumerate();
        let text: Vec<String> = cells
            .map(
                |(column, (cell, width))| {
                    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        println!("  {}", text.join("   ").trim_end());
    }
    println!();
}

/// A promise about speed or size, and what became of it.
pub(crate) struct Bar {
    subject: String,
    wanted: String,
    measured: String,
    verdict: &'static str,
}

/// How a bar's numbers are written.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// As a ratio: `3.9x`.
    Times,
    /// As a rate of whole things.
    PerSecond,
    /// As a size.
    Bytes,
}

impl Unit {
    fn format(self, number: f64) -> String {
        match self {
            Self::Times if number < 100.0 => format!("{number:.2}x"),
            Self::Times => format!("{}x", grouped(number)),
            Self::PerSecond => format!("{}/s", grouped(number)),
            Self::Bytes => format!("{} bytes", grouped(number)),
        }
    }
}

impl Bar {
    /// The measured number must not be more than the limit.
    pub(crate) fn at_most(subject: impl Into<String>, limit: f64, measured: f64, unit: Unit) -> Self {
        let wanted = format!("at most {}", unit.format(limit));
        Self::judged(subject, wanted, unit.format(measured), measured <= limit)
    }

    /// The measured number must not be less than the limit.
    pub(crate) fn at_least(subject: impl Into<String>, limit: f64, measured: f64, unit: Unit) -> Self {
        let wanted = format!("at least {}", unit.format(limit));
        Self::judged(subject, wanted, unit.format(measured), measured >= limit)
    }

    /// There is no number, which is not good enough either.
    pub(crate) fn not_measured(subject: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self::judged(subject, wanted, "nothing", false)
    }

    fn judged(
        subject: impl Into<String>,
        wanted: impl Into<String>,
        measured: impl Into<String>,
        is_met: bool,
    ) -> Self {
        let verdict = if is_met { "met" } else { "missed" };
        Self { subject: subject.into(), wanted: wanted.into(), measured: measured.into(), verdict }
    }
}

/// Prints what became of each promise.
pub(crate) fn print_bars(bars: Vec<Bar>) {
    let rows: Vec<_> =
        bars.into_iter().map(|bar| [bar.subject, bar.wanted, bar.measured, bar.verdict.to_owned()]).collect();
    print_table(["bar", "wanted", "measured", ""], &rows);
}

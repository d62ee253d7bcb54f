//! How fast the durable store is, against a bare file with one sync per batch and plain SQLite on the same disk.
//!
//! `cargo bench --bench durable` runs everything and ends with the bars that were set; `cargo bench --bench
//! durable -- append replay` runs some parts only: `append`, `latency`, `processes`, `replay`,
//! `reopen`, `script`, `load`. `LOAD_ROWS=100000` lets the last one load fewer rows.
//!
//! All figures that are compared come from one run, the contenders taking turns. Absolute figures move from
//! machine to machine, and the ratios much less.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints, and stops where it cannot measure"
)]

mod append;
mod bare_file;
mod latency;
mod load;
mod moved;
mod plain_sqlite;
mod processes;
mod reopen;
mod replay;
#[path = "../memory/report.rs"]
#[expect(dead_code, reason = "the other benchmark prints more")]
mod report;
mod script;
mod store;
mod whole_bank;

use std::process::ExitCode;

use tempfile::TempDir;

const PARTS: [&str; 7] = ["append", "latency", "processes", "replay", "reopen", "script", "load"];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    // `cargo bench` says so, `cargo test` does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured here; `cargo bench --bench durable` does");
        return ExitCode::SUCCESS;
    }
    let mut parts: Vec<_> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--bench").collect();
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        eprintln!("there is no part {unknown:?}; the parts are {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    if parts.is_empty() {
        parts.extend(PARTS);
    }
    let mut bars = Vec::new();
    for part in parts {
        bars.extend(match part {
            "append" => append::run(),
            "latency" => latency::run(),
            "processes" => processes::run(),
            "replay" => replay::run(),
            "reopen" => reopen::run(),
            "script" => script::run(),
            _ => load::run(),
        });
    }
    report::print_bars(bars);
    ExitCode::SUCCESS
}

/// A directory on the disk that is measured.
fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

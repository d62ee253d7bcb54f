//! Appends, at several numbers of them in flight.

use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::{bare_file, directory, plain_sqlite, store, whole_bank};

/// Each contender runs so often, in turn with the others, and its median counts: the disk has its moods.
const ROUNDS: usize = 5;

struct Load {
    in_flight: usize,
    events: usize,
    /// The store's part of the bare file's rate that it must reach, and its own rate, if one is promised.
    of_bare_file: f64,
    per_second: Option<f64>,
    /// The same for the whole bank.
    bank_of_bare_file: Option<f64>,
    bank_per_second: Option<f64>,
}

const LOADS: [Load; 4] = [
    Load { in_flight: 1, events: 5_000, ..Load::of_bare_file(0.8, 0.7) },
    Load { in_flight: 16, events: 16 * 4_000, ..Load::of_bare_file(0.8, 0.6) },
    Load {
        in_flight: 256,
        events: 256 * 1_600,
        of_bare_file: 0.4,
        per_second: Some(250_000.0),
        bank_of_bare_file: None,
        bank_per_second: Some(150_000.0),
    },
    Load {
        in_flight: 4_096,
        events: 4_096 * 200,
        of_bare_file: 0.35,
        per_second: Some(450_000.0),
        bank_of_bare_file: None,
        bank_per_second: Some(300_000.0),
    },
];

const PLAIN_SQLITE_EVENTS: usize = 5_000;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    LOADS.iter().flat_map(Load::measure).collect()
}

impl Load {
    const fn of_bare_file(store: f64, bank: f64) -> Self {
        Self {
            in_flight: 0,
            events: 0,
            of_bare_file: store,
            per_second: None,
            bank_of_bare_file: Some(bank),
            bank_per_second: None,
        }
    }

    fn measure(&self) -> Vec<Bar> {
        let Self { in_flight, events, .. } = *self;
        let rounds: Vec<[f64; 4]> = (0..ROUNDS)
            .map(|_| {
                let directory = directory();
                let path = directory.path();
                [
                    per_second(nanoseconds_each(bare_file::run(path, in_flight, events), events)),
                    per_second(nanoseconds_each(store::run(path, in_flight, events), events)),
                    per_second(nanoseconds_each(whole_bank::run(path, in_flight, events), events)),
                    per_second(nanoseconds_each(plain_sqlite::run(path, PLAIN_SQLITE_EVENTS), PLAIN_SQLITE_EVENTS)),
                ]
            })
            .collect();
        let [bare, store, bank, plain] = [0, 1, 2, 3].map(|contender| {
            let mut rates: Vec<_> = rounds.iter().map(|round| round[contender]).collect();
            rates.sort_unstable_by(f64::total_cmp);
            rates[ROUNDS / 2]
        });
        let row = |name: &str, rate: f64| [name.to_owned(), grouped(rate), format!("{:.2}", rate / bare)];
        print_table(
            [&format!("{} in flight", grouped(in_flight as f64)), "events/s", "of the bare file"],
            &[
                row("bare file, one fdatasync per batch", bare),
                row("store, append", store),
                row("whole bank, commands in and projections seen", bank),
                row("plain SQLite, one commit each", plain),
            ],
        );
        let subject = |what: &str| format!("{what}, {} in flight", grouped(in_flight as f64));
        let mut bars =
            vec![Bar::at_least(subject("store against the bare file"), self.of_bare_file, store / bare, Unit::Times)];
        bars.extend(self.per_second.map(|wanted| Bar::at_least(subject("store"), wanted, store, Unit::PerSecond)));
        let of_bare_file =
            |wanted| Bar::at_least(subject("whole bank against the bare file"), wanted, bank / bare, Unit::Times);
        bars.extend(self.bank_of_bare_file.map(of_bare_file));
        let per_second = |wanted| Bar::at_least(subject("whole bank"), wanted, bank, Unit::PerSecond);
        bars.extend(self.bank_per_second.map(per_second));
        bars
    }
}

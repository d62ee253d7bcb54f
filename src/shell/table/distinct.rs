//! Times and ids, shortened to what tells those of one table apart.

use std::collections::BTreeSet;

/// Fewer digits of an id would be hard to find again.
const MIN_ID: usize = 4;

/// How the times of a table are written.
#[derive(Debug)]
pub(super) struct ShortTimes {
    /// The bytes that all have in common and that are left out: the date, the year, or nothing.
    common: String,
    /// The digits after the second.
    decimals: usize,
}

impl ShortTimes {
    /// For these times, in the format of RFC 3339 in UTC.
    pub(super) fn of<'a>(times: impl Iterator<Item = &'a str> + Clone) -> Self {
        let common = ["2026-01-01T".len(), "2026-".len()].into_iter().find_map(|length| {
            let first = times.clone().next()?.get(..length)?;
            times.clone().all(|time| time.get(..length) == Some(first)).then(|| first.to_owned())
        });
        let count = |decimals| times.clone().map(|time| to_decimals(time, decimals)).collect::<BTreeSet<_>>().len();
        let all = count(usize::MAX);
        let decimals = [0, 3, 6].into_iter().find(|decimals| count(*decimals) == all).unwrap_or(usize::MAX);
        Self { common: common.unwrap_or_default(), decimals }
    }

    /// A time of the table.
    pub(super) fn short(&self, time: &str) -> String {
        let short = time.strip_prefix(&self.common).unwrap_or(time);
        to_decimals(short, self.decimals).replace('T', " ")
    }

    /// The date or the year that is left out.
    pub(super) fn common(&self) -> Option<&str> {
        (!self.common.is_empty()).then(|| self.common.trim_end_matches(['T', '-']))
    }
}

/// A time with at most so many digits after the second, without its `Z`.
fn to_decimals(time: &str, decimals: usize) -> String {
    let time = time.trim_end_matches('Z');
    match time.split_once('.') {
        None => time.to_owned(),
        Some((seconds, _)) if decimals == 0 => seconds.to_owned(),
        Some((seconds, fraction)) => format!("{seconds}.{}", fraction.get(..decimals).unwrap_or(fraction)),
    }
}

/// How many digits at the end of these ids tell them apart.
pub(super) fn distinct_digits<'a>(ids: impl Iterator<Item = &'a str>) -> usize {
    let ids: BTreeSet<String> = ids.map(digits).collect();
    let longest = ids.iter().map(String::len).max().unwrap_or(0);
    let differ = |length: &usize| ids.iter().map(|id| end(id, *length)).collect::<BTreeSet<_>>().len() == ids.len();
    (MIN_ID..longest).find(differ).unwrap_or(longest)
}

/// The last digits of an id.
pub(super) fn short_id(id: &str, length: usize) -> String {
    end(&digits(id), length).to_owned()
}

fn digits(id: &str) -> String {
    id.replace('-', "")
}

fn end(id: &str, length: usize) -> &str {
    id.get(id.len().saturating_sub(length)..).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(times: &[&str]) -> Vec<String> {
        let shortened = ShortTimes::of(times.iter().copied());
        times.iter().map(|time| shortened.short(time)).collect()
    }

    #[test]
    fn times_are_shortened_to_what_differs() {
        assert_eq!(short(&["2026-01-01T00:00:07.002000Z", "2026-01-01T00:00:08.004000Z"]), ["00:00:07", "00:00:08"]);
        assert_eq!(
            short(&["2026-01-01T10:00:07.002Z", "2026-01-02T10:00:07.004Z"]),
            ["01-01 10:00:07", "01-02 10:00:07"]
        );
        let same_second = ["2025-01-01T10:00:07.002100Z", "2025-01-01T10:00:07.004100Z"];
        assert_eq!(short(&same_second), ["10:00:07.002", "10:00:07.004"]);
        assert_eq!(
            short(&["2025-12-31T10:00:07Z", "2026-01-01T10:00:07Z"]),
            ["2025-12-31 10:00:07", "2026-01-01 10:00:07"]
        );
        assert!(short(&[]).is_empty());
    }

    #[test]
    fn ids_are_shortened_to_what_tells_them_apart() {
        let ids = ["019b76da-c359-7001-9384-54127b096493", "019b76da-c35b-7001-9384-54127b196493"];
        assert_eq!(distinct_digits(ids.into_iter()), 6);
        assert_eq!(short_id(ids[1], 6), "196493");
        assert_eq!(distinct_digits([ids[0], ids[0]].into_iter()), 4);
    }
}
